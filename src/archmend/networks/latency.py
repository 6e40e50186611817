"""How long one forward pass takes on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from archmend.networks.backend import require_tensorflow

if TYPE_CHECKING:
    import keras

WARM_UP = 10
RUNS = 200
SECONDS = 2.0


@dataclass(frozen=True)
class Latency:
    """Wall time of a forward pass in milliseconds: median and 95th percentile."""

    median_ms: float
    p95_ms: float


def measure_latency(model: keras.Model, rows: Any) -> Latency:
    """Time the compiled forward pass on these rows, after warming up.

    Args:
        model: built.
        rows: tensors as the model takes them, usually one row.
    """
    return _summary(time_forward(model, rows))


def time_forward(model: keras.Model, rows: Any) -> list[float]:
    """Return the milliseconds of one compiled forward pass after the other, after warming up."""
    require_tensorflow()
    import tensorflow as tf

    forward = tf.function(lambda batch: model(batch, training=False))
    rows = tf.nest.map_structure(tf.convert_to_tensor, rows)
    # On an accelerator a call returns before it is done; reading the values waits for it.
    return _times(lambda: np.asarray(forward(rows)))


def timed(call: Callable[[], object]) -> Latency:
    """Time a call, after warming up, as forward passes are timed."""
    return _summary(_times(call))


def _times(call: Callable[[], object]) -> list[float]:
    for _ in range(WARM_UP):
        call()
    taken: list[float] = []
    started = time.perf_counter()
    while len(taken) < RUNS and (len(taken) < WARM_UP or time.perf_counter() - started < SECONDS):
        begin = time.perf_counter_ns()
        call()
        taken.append((time.perf_counter_ns() - begin) / 1e6)
    return taken


def _summary(taken: list[float]) -> Latency:
    return Latency(float(np.median(taken)), float(np.percentile(taken, 95)))
