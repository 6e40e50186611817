"""The learning rate found by a short range test."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, islice, repeat
from typing import Any, ClassVar, Literal

import keras
import numpy as np
import tensorflow as tf

from archmend.repair.cloning import rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.optimizers import (
    USUAL_RATE,
    changed,
    inner,
    peak_rate,
    reset_moments,
    scheduled,
    usual_rate,
    with_rate,
)
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

LOWEST, HIGHEST = 1e-6, 10.0
STEPS = 70
"""Ten steps a decade: far shorter than Smith's, as the loss is always measured on the same rows."""
HOPELESS = 4.0
"""The test ends where the loss is so many times its smallest (as in fast.ai's)."""
NEAR = 1.5
"""A rate that is off by less is left as it is: the test is no finer."""
MARGIN = 3.0
"""How far below the rate of the steepest fall the chosen one lies, as that one soon overshoots. Of 1, 3, 10
and 30 the one that trained best over 8 networks (SGD, Adam, RMSprop; 2 to 6 layers)."""
BAND = 3.0
"""How far from the optimiser's usual rate the chosen one may lie, where steps do not scale with the gradient
(Adam and its kind). Of 70 networks of 8 to 16 narrow layers the test chose 0.0001 to 0.08 by the luck of the
draw, and above 0.01 they collapse later; 0.001 and 0.003 trained all."""
_ROWS = 32


class SetLearningRate(Remedy):
    """Raise the rate step by step, and take a third of the one at which the loss fell fastest.

    After Smith (WACV 2017). The steps start from the model's weights and are taken back.
    """

    name: ClassVar[str] = "set_learning_rate"
    kind: ClassVar[Literal["parameters", "structure"]] = "parameters"
    keeps_function = True

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """No schedule of the user's sets the rate, there are weights to train, and rates to choose from."""
        offered = constraints.learning_rates
        free = offered is None or len(offered) > 1
        return free and not scheduled(model.optimizer) and bool(model.trainable_variables)

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Set the rate in place; None where the one that is set is as good."""
        found = None if bench.y is None else best_rate(model, bench)
        if found is None:
            return None
        rate, now = bench.constraints.nearest_rate(_in_band(model, found)), peak_rate(model.optimizer)
        return None if now > 0 and max(rate / now, now / rate) < NEAR else with_rate(model, rate)


def usual(model: Any) -> bool:
    """Whether the rate lies in the band of those that the optimiser is usually run with."""
    now = peak_rate(model.optimizer)
    return _scale_free(model) and math.isclose(_in_band(model, now), now, rel_tol=1e-3)


def _in_band(model: Any, rate: float) -> float:
    if not _scale_free(model):
        return rate
    middle = usual_rate(model.optimizer)
    return min(max(rate, middle / BAND), middle * BAND)


def _scale_free(model: Any) -> bool:
    return type(inner(model.optimizer)).__name__ not in USUAL_RATE


def best_rate(model: Any, bench: Bench) -> float | None:
    """Return a rate below that of the fastest fall; None where the loss never falls by more than rounding."""
    rates = np.geomspace(LOWEST, HIGHEST, STEPS)
    losses = (bench.ramp or partial(_on_a_copy, model, bench))(rates.tolist(), _diverged)
    return _fastest(np.array(losses[:-1] if _diverged(losses) else losses), rates)


def _diverged(losses: Sequence[float]) -> bool:
    return not np.isfinite(losses[-1]) or losses[-1] > HOPELESS * max(min(losses), 1e-6)


def _on_a_copy(
    model: Any, bench: Bench, rates: Sequence[float], ends: Callable[[Sequence[float]], bool]
) -> list[float]:
    """Return the losses that `Bench.ramp` does, of a copy of the model, which is compiled for it."""
    copy = rebuild(model, optimizer=changed(model.optimizer, learning_rate=LOWEST))
    reset_moments(copy)
    step = tf.function(partial(_step, copy), reduce_retracing=True)
    measure = tf.function(partial(_loss, copy, training=False))
    x, y = keras.tree.map_structure(tf.convert_to_tensor, (bench.x, bench.y))
    losses = [float(measure(x, y))]
    for rate, (some_x, some_y) in zip(rates, _endless(bench), strict=False):
        copy.optimizer.learning_rate = rate
        step(*keras.tree.map_structure(tf.convert_to_tensor, (some_x, some_y)))
        losses.append(float(measure(x, y)))
        if ends(losses):
            break
    return losses


def _fastest(losses: np.ndarray, rates: np.ndarray) -> float | None:
    """Return a rate below that of the steepest fall, by differences over a third of a decade."""
    if len(losses) < 4 or not np.isfinite(losses).all():
        return None
    falls = losses[:-3] - losses[3:]
    # What comes after the lowest loss is past its best, however steep it falls back from a rise.
    falls = falls[: max(1, int(losses.argmin()) - 2)]
    best = int(falls.argmax())
    return float(rates[best + 1]) / MARGIN if falls[best] > 1e-4 * abs(losses[0]) else None


def _loss(model: Any, x: Any, y: Any, *, training: bool) -> Any:
    return model.compute_loss(x=x, y=y, y_pred=model(x, training=training), training=training)


def _step(model: Any, x: Any, y: Any) -> None:
    with tf.GradientTape() as tape:
        loss = model.optimizer.scale_loss(_loss(model, x, y, training=True))
    gradients = tape.gradient(loss, model.trainable_weights)
    model.optimizer.apply(gradients, model.trainable_weights)


def _endless(bench: Bench) -> Iterator[Any]:
    """Yield training batches again and again; parts of the bench's rows where there are no others."""
    if bench.batches is not None:
        return chain.from_iterable(bench.batches() for _ in repeat(None))
    count = -(-len(bench.y) // _ROWS)

    def part(number: int) -> Any:
        rows = slice(number * _ROWS, (number + 1) * _ROWS)
        return keras.tree.map_structure(lambda values: values[rows], (bench.x, bench.y))

    return chain.from_iterable(map(part, range(count)) for _ in islice(repeat(None), STEPS))
