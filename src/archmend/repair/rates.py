"""Tests of learning rates: steps at several of them from one state, which is brought back exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import numpy as np

from archmend.repair.data import Batch
from archmend.repair.engine import Engine
from archmend.repair.measures import RateTest
from archmend.repair.remedies.optimizers import reset_moments

FACTORS = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
"""Of the network's own rate, that are tried."""
STEPS = 8
"""Steps at each: one alone shows a direction, not what a rate builds up to."""


def range_test(
    engine: Engine, batch: Batch, size: int, factors: Sequence[float] = FACTORS
) -> tuple[RateTest, ...]:
    """Return what a few steps at each rate do to the loss of the same rows; leaves no trace.

    Args:
        engine: of the model. A rate that follows a schedule cannot be set, and gives no tests.
        batch: rows to step through, in order, and to measure the loss of.
        size: rows a step.
        factors: rates as multiples of the optimiser's own.
    """
    optimizer = engine.model.optimizer
    if isinstance(
        getattr(optimizer, "_learning_rate", None), keras.optimizers.schedules.LearningRateSchedule
    ):
        return ()
    own, held = float(optimizer.learning_rate), engine.snapshot()
    start, before = engine.weights(), engine.validate(*batch)[0]
    steps = list(_parts(batch, size))
    found = []
    for factor in factors:
        optimizer.learning_rate = own * factor
        for x, y in steps:
            engine.train(x, y)
        after, end = engine.validate(*batch)[0], engine.weights()
        engine.restore(held)
        test = RateTest(own * factor, factor, before, after, len(steps), _travel(start, end))
        found.append(test)
    return tuple(found)


def ramp(
    engine: Engine,
    held_out: Batch,
    batches: Iterable[Batch],
    rates: Sequence[float],
    ends: Callable[[Sequence[float]], bool],
) -> list[float]:
    """Return a loss before and after each of some steps, one at each rate; leaves no trace.

    Args:
        engine: of the model, whose rate follows no schedule. Its moments begin at nothing.
        held_out: rows that the loss is of.
        batches: to step through.
        rates: of the steps.
        ends: asked after each step with all losses so far.
    """
    optimizer, held = engine.model.optimizer, engine.snapshot()
    reset_moments(engine.model)
    losses = [engine.validate(*held_out)[0]]
    for rate, (x, y) in zip(rates, batches, strict=False):
        optimizer.learning_rate = rate
        engine.train(x, y)
        losses.append(engine.validate(*held_out)[0])
        if ends(losses):
            break
    engine.restore(held)
    return losses


def _parts(batch: Batch, size: int) -> list[Batch]:
    x, y = keras.tree.map_structure(np.asarray, batch)
    rows = len(y)
    found = []
    for number in range(STEPS):
        chosen = (np.arange(size) + number * size) % rows
        found.append(keras.tree.map_structure(lambda a, c=chosen: a[c], (x, y)))
    return found


def _travel(start: list[Any], end: list[Any]) -> float:
    """Return how far all weights together went, over their norm."""
    with np.errstate(all="ignore"):
        gone = sum(float(np.square(b.astype("float64") - a).sum()) for a, b in zip(start, end, strict=True))
        norm = sum(float(np.square(a.astype("float64")).sum()) for a in start)
    return float(np.sqrt(gone / norm)) if norm > 0 else float("inf") if gone else 0.0
