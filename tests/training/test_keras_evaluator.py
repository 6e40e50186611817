"""A user's own model code, in this process."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from archmend.errors import BadInput
from archmend.search import Budget, Suggestion, create_strategy, run
from archmend.spaces import Architecture, Choice, Space
from archmend.training import KerasEvaluator, trial_seed

SPACE = Space([Choice("width", (2, 4, 8)), Choice("rate", (1e-2, 1e-1))], name="mine")


def _rows(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.arange(count) % 3
    return (rng.normal(size=(count, 4)) + 2 * y[:, None]).astype(np.float32), y


TRAIN, VALIDATION = _rows(0, 96), _rows(1, 33)


def _build(a: Architecture, *, outputs: int = 3, loss: str = "sparse_categorical_crossentropy") -> Any:
    activation = "softmax" if outputs > 1 else "sigmoid"
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(int(a["width"]), "relu"),
            keras.layers.Dense(outputs, activation),
        ]
    )
    model.compile(keras.optimizers.Adam(float(a["rate"])), loss)
    return model


def _first(evaluator: KerasEvaluator) -> Any:
    (result,) = evaluator([Suggestion(0, SPACE.parse("8-0.1"))])
    return result


def test_a_search_with_a_build_function_is_repeatable() -> None:
    def searched() -> Any:
        evaluator = KerasEvaluator(_build, TRAIN, VALIDATION, epochs=2)
        return run(SPACE, evaluator, create_strategy("random", SPACE, 3), Budget(trials=3), seed=3)

    first, again = searched(), searched()
    assert [(r.architecture, r.value, r.metrics, r.seed) for r in first.trials] == [
        (r.architecture, r.value, r.metrics, r.seed) for r in again.trials
    ]
    assert [r.seed for r in first.trials] == [trial_seed(3, number) for number in range(3)]
    best = first.best
    assert best is not None
    width = int(best.architecture["width"])
    assert best.params == 4 * width + width + width * 3 + 3
    assert best.epochs == 2


@pytest.mark.parametrize("form", ["one-hot", "binary"])
def test_other_forms_of_labels(form: str) -> None:
    (x, y), (x_val, y_val) = TRAIN, VALIDATION
    if form == "one-hot":
        train, validation = (x, np.eye(3)[y]), (x_val, np.eye(3)[y_val])
        found = KerasEvaluator(
            lambda a: _build(a, loss="categorical_crossentropy"), train, validation, epochs=10
        )
    else:
        train, validation = (x, (y > 0)[:, None]), (x_val, (y_val > 0)[:, None])
        found = KerasEvaluator(
            lambda a: _build(a, outputs=1, loss="binary_crossentropy"), train, validation, epochs=10
        )
    result = _first(found)
    assert result.status == "succeeded"
    assert result.metrics["accuracy"] > 0.5


def test_what_the_users_code_raises_is_a_failed_trial() -> None:
    def broken(_: Architecture) -> Any:
        raise RuntimeError("no such layer\nsecond line")

    result = _first(KerasEvaluator(broken, TRAIN, VALIDATION, epochs=1))
    assert (result.status, result.value, result.reason) == ("failed", None, "RuntimeError: no such layer")

    def uncompiled(_: Architecture) -> Any:
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])

    result = _first(KerasEvaluator(uncompiled, TRAIN, VALIDATION, epochs=1))
    assert result.status == "failed"
    assert "not compiled; compile it" in result.reason


def test_a_loss_that_is_not_finite_is_a_failed_trial() -> None:
    def diverging(a: Architecture) -> Any:
        model = _build(a)
        model.compile(keras.optimizers.SGD(1e38), "sparse_categorical_crossentropy")
        return model

    result = _first(KerasEvaluator(diverging, TRAIN, VALIDATION, epochs=3))
    assert (result.status, result.reason) == ("failed", "the loss was not finite in epoch 1")


def test_a_trial_at_the_limit_is_stopped_and_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    # A clock that goes on by a second whenever it is looked at, which is once a batch.
    seconds = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: float(next(seconds)))
    monkeypatch.setattr("archmend.training.keras_evaluator.time", clock)
    evaluator = KerasEvaluator(_build, TRAIN, VALIDATION, epochs=100_000)
    evaluator.deadline = 100.0
    result = _first(evaluator)
    assert (result.status, result.reason) == ("stopped", "the time was over")
    assert result.value == result.metrics["accuracy"]
    assert 0 < result.epochs < 100


def test_the_users_callbacks_and_several_objectives() -> None:
    seen: list[int] = []
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    evaluator = KerasEvaluator(
        _build,
        TRAIN,
        VALIDATION,
        epochs=2,
        callbacks=[callback],
        objectives=("loss", "params", "latency_ms"),
    )
    result = _first(evaluator)
    assert seen == [0, 1]
    assert result.value == (-result.metrics["loss"], -result.params, -result.latency_ms)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"batch_size": -1}, "batch_size must be at least 1, got -1"),
        ({"objectives": ("acuracy",)}, "unknown objective 'acuracy': did you mean 'accuracy'"),
    ],
)
def test_wrong_settings(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        KerasEvaluator(_build, TRAIN, VALIDATION, **{"epochs": 1, **wrong})
