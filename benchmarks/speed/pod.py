"""What the pod of a Katib trial takes until its network is measured, with and without compiled modules.

Usage: python -m benchmarks.speed.pod [--runs 3] [--out FILE.json]

Each line is a process of its own on the digits: the interpreter, archmend's trial without TensorFlow,
TensorFlow, and a whole trial of one small network and one epoch. Our images hold Python's compiled modules;
without them, as where packages are installed with --no-compile, each pod compiles them anew. What starting a
container and pulling its image take is the cluster's, and comes on top.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from archmend.datasets import open_data, write_prepared

STAGES = {
    "the interpreter": ["-c", "pass"],
    "and archmend's trial": ["-c", "import archmend.steps.trial"],
    "TensorFlow": ["-c", "import tensorflow"],
    "a whole trial": [
        "-m",
        "archmend",
        "trial",
        "--space",
        "seed-fc",
        "--architecture",
        "1-4",
        "--epochs",
        "1",
    ],
}


def main() -> None:
    """Print medians of wall and processor seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    table = Table(title=f"seconds, medians of {given.runs}")
    for head in ("", "compiled: wall", "processor", "not compiled: wall", "processor"):
        table.add_column(head, justify="right")
    found: dict[str, dict[str, list[tuple[float, float]]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        data = write_prepared(open_data("digits"), Path(scratch) / "data")
        kept = {"PYTHONPYCACHEPREFIX": f"{scratch}/kept", "PYTHONDONTWRITEBYTECODE": ""}
        none = {"PYTHONPYCACHEPREFIX": f"{scratch}/none", "PYTHONDONTWRITEBYTECODE": "1"}
        for name, command in STAGES.items():
            whole = [*command, "--data", str(data)] if name == "a whole trial" else command
            took(whole, kept)  # writes what it compiles
            found[name] = {
                "compiled": [took(whole, kept) for _ in range(given.runs)],
                "not compiled": [took(whole, none) for _ in range(given.runs)],
            }
            cells = [f"{value:.2f}" for each in found[name].values() for value in np.median(each, axis=0)]
            table.add_row(name, *cells)
    Console(width=110).print(table)
    if given.out is not None:
        given.out.write_text(json.dumps(found, indent=2) + "\n")


def took(arguments: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Return the wall and processor seconds of a Python process."""
    known = {**os.environ, "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, env=known, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - begun, spent


if __name__ == "__main__":
    main()
