"""`python -m pipelines.compile [FILE]`: write the compiled YAML."""

import sys
from pathlib import Path

from kfp import compiler
from pipelines.dag import archmend

GOLDEN = Path(__file__).with_name("archmend.yaml")


def compile_to(path: Path) -> None:
    """Compile the pipeline to a file."""
    compiler.Compiler().compile(archmend, str(path))


if __name__ == "__main__":
    compile_to(Path(sys.argv[1]) if len(sys.argv) > 1 else GOLDEN)
