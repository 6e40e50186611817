"""What kfp's runner and our wrapping add to a step.

The component as the local run of the DAG starts it, beside the same step called in a fresh process, in turn.

Usage: python benchmarks/pipeline_overhead.py [--repeats N]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

STEP = """
import sys
from pathlib import Path
from archmend.steps.prepare import PrepareRequest, prepare
prepare(PrepareRequest("digits", Path(sys.argv[1])))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    warnings.simplefilter("ignore")
    from components.prepare_data.component import prepare_data
    from kfp import local

    with tempfile.TemporaryDirectory() as scratch:
        local.init(local.SubprocessRunner(use_venv=False), pipeline_root=f"{scratch}/kfp")

        def wrapped(_: int) -> None:
            prepare_data(
                data="digits", fingerprint="", target="", split_seed=0, validation=0.15, test=0.15, impute=""
            )

        def bare(number: int) -> None:
            subprocess.run([sys.executable, "-c", STEP, str(Path(scratch) / str(number))], check=True)

        pairs = [(_timed(lambda n=n: wrapped(n)), _timed(lambda n=n: bare(n))) for n in range(repeats)]
    added = [kfp - alone for kfp, alone in pairs]
    for name, values in (
        ("component", [p[0] for p in pairs]),
        ("step alone", [p[1] for p in pairs]),
        ("added", added),
    ):
        print(f"{name}: median {statistics.median(values):.3f} s ({min(values):.3f} to {max(values):.3f})")


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
