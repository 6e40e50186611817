"""`archmend run` on the digits over five splits, beside a logistic regression on the same rows.

Usage: python benchmarks/digits.py [--splits N] [archmend run's flags ...]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--splits", type=int, default=5, help="split seeds 0 to N-1 (default: 5)")
    known, flags = parser.parse_known_args()
    found = [_run(seed, flags) for seed in range(known.splits)]
    for name in ("accuracy", "logistic", "majority", "seconds"):
        values = [row[name] for row in found]
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        print(f"{name}: mean {statistics.mean(values):.4f}, deviation {spread:.4f}, least {min(values):.4f}")
    ratio = statistics.mean(1 - row["logistic"] for row in found) / max(
        statistics.mean(1 - row["accuracy"] for row in found), 1e-9
    )
    print(f"the logistic regression makes {ratio:.2f} times as many errors")


def _run(split_seed: int, flags: list[str]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "run"
        command = [sys.executable, "-m", "archmend", "run", "--data", "digits", "--quiet", "--out", str(out)]
        command += ["--registry", str(Path(scratch) / "registry"), "--split-seed", str(split_seed), *flags]
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - started
        evaluation = json.loads((out / "evaluation.json").read_text())
        best = json.loads((out / "best.json").read_text())
    row = {
        "accuracy": evaluation["accuracy"],
        "logistic": evaluation["baselines"]["logistic_regression"],
        "majority": evaluation["baselines"]["majority"],
        "seconds": seconds,
    }
    print(f"split seed {split_seed}: {row} architecture {best['architecture']}", flush=True)
    return row


if __name__ == "__main__":
    main()
