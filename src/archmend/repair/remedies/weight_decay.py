"""Less weight decay, or more."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

import keras

from archmend.repair.cloning import clone_of, rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.optimizers import changed, inner, peak_rate
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

FACTOR = 10.0
NEGLIGIBLE = 1e-7
"""A decay below this ends."""
FIRST_PENALTY = 1e-3
"""Of a kernel that gets its first L2 penalty where the run's length is not known to derive a decay from."""
MOST_DECAY = 1.0
_REGULARIZERS = ("kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "activity_regularizer")
_OURS = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)


class LowerWeightDecay(Remedy):
    """Divide all penalties on weights, and the optimiser's decoupled decay, by ten or by what a symptom asks.

    Both kinds are after Krogh and Hertz 1992 and Loshchilov and Hutter 2019. A user's own regulariser stays.
    """

    name: ClassVar[str] = "lower_weight_decay"
    kind: ClassVar[Literal["parameters", "structure"]] = "parameters"
    keeps_function = True

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """Something decays the weights."""
        return bool(inner(model.optimizer).weight_decay or _penalties(model, constraints))

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Compile a copy with lower ones."""
        decay, share = inner(model.optimizer).weight_decay, 1 / _divisor(symptom)
        lower = changed(model.optimizer, weight_decay=_scaled(decay, share)) if decay else None
        return rebuild(model, replace=_replaced(model, bench.constraints, share), optimizer=lower)


class RaiseWeightDecay(Remedy):
    """Multiply the weights' decay by ten; where there is none, begin with the optimiser's decoupled one.

    Its first size lets the weights forget over the length of the run: rate x decay x steps = 1 (Wang and
    Aitchison 2024), the steps being those that are left.
    """

    name: ClassVar[str] = "raise_weight_decay"
    kind: ClassVar[Literal["parameters", "structure"]] = "parameters"
    keeps_function = True

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """What decays the weights is not yet at its most."""
        decay = inner(model.optimizer).weight_decay or 0.0
        held = [size for found in _penalties(model, constraints) for size in _sizes(*found).values()]
        return max([decay, *held]) < MOST_DECAY

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Compile a copy with higher ones."""
        penalties = _replaced(model, bench.constraints, FACTOR)
        decay = inner(model.optimizer).weight_decay or 0.0
        if penalties and not decay:
            return rebuild(model, replace=penalties)
        rate = peak_rate(model.optimizer)
        first = 1.0 / (rate * bench.steps_left) if bench.steps_left and rate > 0 else FIRST_PENALTY
        raised = min(MOST_DECAY, max(FACTOR * decay, first if not decay else 0.0))
        return rebuild(model, replace=penalties, optimizer=changed(model.optimizer, weight_decay=raised))


def _divisor(symptom: Symptom) -> float:
    """Return the power of ten that takes what a symptom names to a tenth of its limit; ten without one."""
    size = max(symptom.evidence.get("factor", 0.0), symptom.evidence.get("decay", 0.0))
    limit = symptom.evidence.get("limit", 0.0)
    if symptom.name != "weight_decay" or limit <= 0 or size <= limit:
        return FACTOR
    return float(10 ** math.ceil(math.log10(size / limit) + 1 - 1e-9))


def _penalties(model: Any, constraints: Constraints) -> list[tuple[Any, str]]:
    """Return the layers with a penalty of Keras' own that is not zero, and the attribute that holds it."""
    frozen = constraints.frozen_in(model)
    return [
        (layer, name)
        for layer in model.layers
        if layer.name not in frozen
        for name in _REGULARIZERS
        if name in layer.get_config() and type(getattr(layer, name, None)) in _OURS and _sizes(layer, name)
    ]


def _sizes(layer: Any, name: str) -> dict[str, float]:
    config = getattr(layer, name).get_config()
    return {key: float(value) for key, value in config.items() if float(value) > 0}


def _replaced(model: Any, constraints: Constraints, factor: float) -> dict[str, Any]:
    changes: dict[str, dict[str, Any]] = {}
    for layer, name in _penalties(model, constraints):
        sizes = {key: _scaled(value, factor) for key, value in _sizes(layer, name).items()}
        kind = type(getattr(layer, name))
        config = {**getattr(layer, name).get_config(), **sizes}
        changes.setdefault(layer.name, {})[name] = kind(**config) if any(sizes.values()) else None
    return {name: clone_of(model.get_layer(name), **change) for name, change in changes.items()}


def _scaled(value: float, factor: float) -> float:
    scaled = value * factor
    return scaled if scaled >= NEGLIGIBLE else 0.0
