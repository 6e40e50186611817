"""What the machine can do: the rate of a large matrix product at so many threads."""

from __future__ import annotations

import os
import subprocess
import sys

SIZE = 2048
_PROGRAM = f"""
import time, numpy as np
a, b = (np.random.default_rng(i).random(({SIZE}, {SIZE}), dtype=np.float32) for i in range(2))
best = float("inf")
for _ in range(6):
    begun = time.perf_counter(); a @ b; best = min(best, time.perf_counter() - begun)
print(2 * {SIZE}**3 / best)
"""


def peak(threads: int) -> float:
    """Return floating-point operations a second."""
    env = {**os.environ, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    said = subprocess.run(
        [sys.executable, "-c", _PROGRAM], env=env, check=True, capture_output=True, text=True
    )
    return float(said.stdout)
