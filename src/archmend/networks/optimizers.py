"""Optimisers by name."""

from __future__ import annotations

from typing import Any

from archmend.errors import unknown_name

_CLASSES = {
    "adam": "Adam",
    "adamw": "AdamW",
    "nadam": "Nadam",
    "rmsprop": "RMSprop",
    "sgd": "SGD",
    "momentum": "SGD",
    "adagrad": "Adagrad",
}

MOMENTUM = 0.9
"""Of `momentum`, which is gradient descent with it."""


def optimizer_names() -> tuple[str, ...]:
    """Return the names that `build` takes."""
    return tuple(_CLASSES)


def check_optimizer(name: str) -> None:
    """Refuse an unknown name.

    Raises:
        BadInput: with the nearest known one.
    """
    if name not in _CLASSES:
        raise unknown_name("optimizer", name, _CLASSES)


def create_optimizer(name: str, learning_rate: float | None) -> Any:
    """Return a Keras optimiser; its own default learning rate for None.

    Raises:
        BadInput: an unknown name.
    """
    check_optimizer(name)
    import keras

    given: dict[str, float] = {"momentum": MOMENTUM} if name == "momentum" else {}
    if learning_rate is not None:
        given["learning_rate"] = learning_rate
    return getattr(keras.optimizers, _CLASSES[name])(**given)
