"""A process that measures networks: `python -m archmend.networks.calibrating`, started by `calibration`.

It prints one JSON list: of each network its shape, by `shape_of`, and the milliseconds of a row. It runs as
the workers of a search do, in a process of its own with one thread.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator

import numpy as np

from archmend.networks.backend import pin_threads, take_gpus
from archmend.networks.build import build
from archmend.networks.latency import time_forward
from archmend.networks.latency_model import fit_latency, shape_of
from archmend.spaces import Architecture, Space, create_space
from archmend.spaces.layers import describe

DESIGN = (
    ("fc", (16,), 6),
    ("fc", (784,), 8),
    ("fc", (3072,), 5),
    ("conv", (8, 8, 1), 4),
    ("conv", (28, 28, 1), 7),
    ("conv", (32, 32, 3), 5),
    ("conv-open", (28, 28, 1), 5),
)
"""Space, shape of a row, and how many networks of it are drawn."""
_UNHINDERED = 5
"""Percentile of the passes that counts: what else the machine does slows one, and nothing speeds it up."""
_ROUNDS = 4
_HINDERED = 1.25
"""A network this much slower than the fit of all is measured again, for others may have had the processor."""


def measured() -> list[tuple[dict[str, float], float]]:
    """Return shapes and milliseconds of the networks of the design."""
    rng = np.random.default_rng(0)
    drawn = [(space, space.sample(rng)) for space, count in _spaces() for _ in range(count)]
    # In no order that the parts to leave out in turn could follow.
    drawn = [drawn[place] for place in rng.permutation(len(drawn))]
    shapes = [_shape(space, architecture) for space, architecture in drawn]
    taken = [_milliseconds(space, architecture) for space, architecture in drawn]
    for _ in range(_ROUNDS - 1):
        model = fit_latency(list(zip(shapes, taken, strict=True)), "")
        for place, shape in enumerate(shapes):
            if taken[place] > _HINDERED * model.predicted(shape):
                taken[place] = min(taken[place], _milliseconds(*drawn[place]))
    return list(zip(shapes, taken, strict=True))


def _spaces() -> Iterator[tuple[Space, int]]:
    for name, shape, count in DESIGN:
        yield create_space(name, input_shape=shape, classes=10), count


def _shape(space: Space, architecture: Architecture) -> dict[str, float]:
    network = describe(space, architecture)
    assert network is not None
    return shape_of(network)


def _milliseconds(space: Space, architecture: Architecture) -> float:
    import keras

    assert space.input_shape is not None
    row = np.zeros((1, *space.input_shape), dtype=np.float32)
    passes = time_forward(build(space, architecture), row)
    keras.backend.clear_session()
    return float(np.percentile(passes, _UNHINDERED))


def main() -> None:
    """Measure and print."""
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    pin_threads(1)
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    take_gpus()
    print(json.dumps(measured()), flush=True)
    os._exit(0)  # the thread that waits for the parent cannot be asked to end


def _end_with_the_parent() -> None:
    """Exit when stdin ends: the system closes its other end however the parent dies."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main()
