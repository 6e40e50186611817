"""What the peer does about a symptom: AUTOTRAINER's remedies as changes of a case, in its order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from benchmarks.repair.case import Case
from benchmarks.repair.edits import hidden, with_arguments, with_optimizer

LECUN = {
    "class_name": "VarianceScaling",
    "config": {"scale": 1.0, "mode": "fan_in", "distribution": "uniform"},
}
HE = {"class_name": "VarianceScaling", "config": {"scale": 2.0, "mode": "fan_in", "distribution": "uniform"}}
Remedy = Callable[[Case], Case]


def selu(case: Case) -> Case:
    """SELU in all hidden layers, with LeCun's initialisation."""
    last = _last_activation(case)
    layers = []
    for place, layer in enumerate(case.layers):
        hidden_one = place < last and layer.get("activation") not in (None, "linear")
        layers.append({**layer, "activation": "selu"} if hidden_one else layer)
    return with_arguments(replace(case, layers=tuple(layers)), hidden(case), kernel_initializer=LECUN)


def batch_normalization(case: Case) -> Case:
    """Batch normalisation behind every hidden layer and its activation."""
    places = set(hidden(case))
    layers, waiting = [], False
    for place, layer in enumerate(case.layers):
        if waiting and layer["type"] != "Activation":
            layers.append({"type": "BatchNormalization"})
            waiting = False
        layers.append(layer)
        waiting = waiting or place in places
    return replace(case, layers=tuple(layers))


def clipping(case: Case) -> Case:
    """Gradients clipped to 1."""
    return replace(
        case, optimizer={**case.optimizer, "kwargs": {**case.optimizer["kwargs"], "clipvalue": 1.0}}
    )


def initializer(case: Case) -> Case:
    """He's initialisation in all hidden layers."""
    return with_arguments(case, hidden(case), kernel_initializer=HE)


def rate_up(case: Case) -> Case:
    """Ten times the learning rate."""
    return _times(case, 10)


def rate_down(case: Case) -> Case:
    """A tenth of the learning rate."""
    return _times(case, 0.1)


def optimizer(case: Case) -> Case:
    """Adam, or SGD with momentum in its place."""
    if case.optimizer["name"] == "Adam":
        return with_optimizer(case, "SGD", learning_rate=0.01, momentum=0.9)
    return with_optimizer(case, "Adam", learning_rate=1e-3)


def batch_size(case: Case) -> Case:
    """Four times the rows a step, 32 at least."""
    return replace(case, batch_size=max(32, 4 * case.batch_size))


REMEDIES: Mapping[str, tuple[Remedy, ...]] = {
    "vanishing": (selu, batch_normalization, clipping),
    "exploding": (clipping, selu, batch_normalization),
    "dying": (selu, batch_normalization, initializer, rate_down),
    "slow": (rate_up, optimizer, initializer),
    "oscillating": (optimizer, rate_down, batch_size, initializer),
}
"""A symptom's remedies, in the order in which they are tried."""


def _times(case: Case, factor: float) -> Case:
    kwargs = dict(case.optimizer["kwargs"])
    default = {"SGD": 0.01}.get(case.optimizer["name"], 0.001)
    rate = kwargs.pop("lr", kwargs.pop("learning_rate", default))
    return replace(case, optimizer={**case.optimizer, "kwargs": {**kwargs, "learning_rate": rate * factor}})


def _last_activation(case: Case) -> int:
    """Return the place of the last layer that has an activation: the output's."""
    return max(n for n, layer in enumerate(case.layers) if layer.get("activation") is not None)
