"""What remedies ask of an optimiser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from archmend.repair.cloning import copy_optimizer, rebuild

USUAL_RATE = {"SGD": 1e-2, "Adagrad": 1e-2, "Adadelta": 1.0}
"""Learning rates to start from (Keras' defaults; Adagrad's as in its paper); 1e-3 for all others."""
ELU_GAIN = 1.55
"""Inverse of the second moment of ELU's output on a standard normal input: He et al.'s 2 for ReLU."""
OWN = "archmend_"
"""How the names of schedules begin that a remedy has set, so that another one may change them."""
_KEPT = ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "gradient_accumulation_steps")
"""Settings that say what the user wants of any optimiser."""


def usual_rate(optimizer: Any) -> float:
    """Return the learning rate that this kind of optimiser is usually started with."""
    return USUAL_RATE.get(type(inner(optimizer)).__name__, 1e-3)


def inner(optimizer: Any) -> Any:
    """Return the optimiser inside a wrapper that scales the loss, or itself."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def changed(optimizer: Any, **changes: Any) -> Any:
    """Return a new optimiser with other settings, in the wrapper that scales the loss if there is one."""
    return exchanged(optimizer, copy_optimizer(inner(optimizer), **changes))


def exchanged(optimizer: Any, new: Any) -> Any:
    """Return `new` in a wrapper that scales the loss if `optimizer` has one."""
    if inner(optimizer) is optimizer:
        return new
    config = {
        k: v for k, v in optimizer.get_config().items() if k in ("initial_scale", "dynamic_growth_steps")
    }
    return type(optimizer)(new, **config)


def kept_settings(optimizer: Any) -> dict[str, Any]:
    """Return the settings that go along into an optimiser of another kind."""
    return {name: getattr(inner(optimizer), name, None) for name in _KEPT}


def schedule_of(optimizer: Any) -> Any:
    """Return the schedule that sets the learning rate; None where nothing does."""
    held = inner(optimizer)._learning_rate
    return None if isinstance(held, keras.Variable) else held


def scheduled(optimizer: Any) -> bool:
    """Whether a schedule of the user's sets the learning rate, so that no one else may."""
    held = schedule_of(optimizer)
    return held is not None and not str(getattr(held, "name", "")).startswith(OWN)


def peak_rate(optimizer: Any) -> float:
    """Return the learning rate, of a schedule that a remedy has set the highest one."""
    held = schedule_of(optimizer)
    if held is None or scheduled(optimizer):
        return float(optimizer.learning_rate)
    return float(held.initial_learning_rate if held.warmup_target is None else held.warmup_target)


def with_rate(model: Any, rate: float) -> Any:
    """Return the model at another learning rate: the same one, or a copy where a schedule is to be scaled."""
    held = schedule_of(model.optimizer)
    if held is None:
        model.optimizer.learning_rate = rate
        return model
    config, ratio = held.get_config(), rate / peak_rate(model.optimizer)
    for name in ("initial_learning_rate", "warmup_target"):
        config[name] = None if config[name] is None else config[name] * ratio
    return rebuild(model, optimizer=changed(model.optimizer, learning_rate=type(held).from_config(config)))


def reset_moments(model: Any) -> None:
    """Bring the optimiser's moments (and its count of steps) back to their start; the rate stays."""
    optimizer = model.optimizer
    if not optimizer.built:
        return
    fresh = copy_optimizer(optimizer)
    fresh.build(model.trainable_variables)
    # A schedule of the user's goes on from the step where it is.
    kept = {id(inner(optimizer).iterations)} if scheduled(optimizer) else set()
    for here, start in zip(optimizer.variables, fresh.variables, strict=True):
        if id(here) not in kept:
            here.assign(start)


def forget(model: Any, where: Mapping[int, Any]) -> None:
    """Set the moments of some weights to zero; of an optimiser that holds other moments, set all back.

    Args:
        model: compiled, with a built optimiser.
        where: id of a trainable variable -> a mask of its weights, or True for all of them.
    """
    if not inner(model.optimizer).built:
        return
    slots = _slots(model)
    if slots is None:
        reset_moments(model)
        return
    for slot in slots:
        for variable, moments in zip(model.trainable_variables, slot, strict=True):
            if id(variable) in where:
                moments.assign(np.where(where[id(variable)], 0.0, moments.numpy()))


def matching_initializer(activation: str, seed: int) -> Any:
    """Return the initialiser that keeps the signal's variance under an activation.

    He et al. 2015 for rectifiers, LeCun for SELU (Klambauer et al. 2017), He's reckoned for ELU, Glorot and
    Bengio 2010 else.
    """
    if activation == "elu":
        return keras.initializers.VarianceScaling(ELU_GAIN, seed=seed)
    if activation in ("selu", "lecun_tanh"):
        return keras.initializers.LecunNormal(seed=seed)
    if activation in ("relu", "relu6", "leaky_relu", "prelu", "gelu", "silu", "swish", "mish"):
        return keras.initializers.HeNormal(seed=seed)
    return keras.initializers.GlorotUniform(seed=seed)


def _slots(model: Any) -> list[list[Any]] | None:
    """Return the optimiser's lists of moments, each as long as the trainable weights; None if they differ."""
    optimizer, weights = inner(model.optimizer), model.trainable_variables
    shapes, own = [tuple(w.shape) for w in weights], {id(w) for w in weights}
    slots: list[list[Any]] = []
    found = 0
    for held in vars(optimizer).values():
        fits = isinstance(held, list) and len(held) == len(weights) and len(held) > 0
        if not fits or not all(isinstance(v, keras.Variable) and id(v) not in own for v in held):
            continue
        if [tuple(v.shape) for v in held] == shapes and not any(held is slot for slot in slots):
            slots.append(held)
            found += len(held)
    settings = [optimizer.iterations, optimizer._learning_rate]
    moments = [v for v in optimizer.variables if not any(v is one for one in settings)]
    return slots if found == len(moments) else None
