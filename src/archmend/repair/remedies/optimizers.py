"""What remedies ask of an optimiser."""

from __future__ import annotations

from typing import Any

import keras

from archmend.repair.cloning import copy_optimizer

USUAL_RATE = {"SGD": 1e-2, "Adagrad": 1e-2, "Adadelta": 1.0}
"""Learning rates to start from (Keras' defaults; Adagrad's as in its paper); 1e-3 for all others."""


def usual_rate(optimizer: Any) -> float:
    """Return the learning rate that this kind of optimiser is usually started with."""
    return USUAL_RATE.get(type(inner(optimizer)).__name__, 1e-3)


def inner(optimizer: Any) -> Any:
    """Return the optimiser inside a wrapper that scales the loss, or itself."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def scheduled(optimizer: Any) -> bool:
    """Whether a schedule of the user's sets the learning rate, so that no one else may."""
    return not isinstance(inner(optimizer).get_config().get("learning_rate"), int | float)


def reset_moments(model: Any) -> None:
    """Bring the optimiser's moments (and its count of steps) back to their start; the rate stays."""
    optimizer = model.optimizer
    fresh = copy_optimizer(optimizer)
    fresh.build(model.trainable_variables)
    kept = {id(inner(optimizer).iterations)} if scheduled(optimizer) else set()
    for here, start in zip(optimizer.variables, fresh.variables, strict=True):
        if id(here) not in kept:
            here.assign(start)


def matching_initializer(activation: str, seed: int) -> Any:
    """Return the initialiser that keeps the signal's variance under an activation.

    He et al. 2015 for rectifiers, LeCun for SELU (Klambauer et al. 2017), Glorot and Bengio 2010 else.
    """
    if activation in ("selu", "lecun_tanh"):
        return keras.initializers.LecunNormal(seed=seed)
    if activation in ("relu", "relu6", "elu", "leaky_relu", "prelu", "gelu", "silu", "swish", "mish"):
        return keras.initializers.HeNormal(seed=seed)
    return keras.initializers.GlorotUniform(seed=seed)
