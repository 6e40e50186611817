"""Softmax in hidden layers exchanged for ReLU."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from archmend.repair.cloning import rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.initializing import initialize
from archmend.repair.remedies.optimizers import reset_moments
from archmend.repair.remedies.places import hidden_activations, with_activation
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom


class HiddenSoftmaxToRelu(Remedy):
    """Exchange softmax before the output for ReLU; attention weights, which gate another signal, stay.

    The units of a softmax share a sum of 1, so the more there are, the less each of them passes on.
    """

    name: ClassVar[str] = "hidden_softmax_to_relu"
    kind: ClassVar[Literal["parameters", "structure"]] = "structure"

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """A hidden layer that is no gate has a softmax."""
        return bool(_places(model, constraints))

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Exchange them all and start all kernels again: those behind a softmax know its scale alone."""
        names = _places(model, bench.constraints)
        edited = rebuild(
            model, replace={name: with_activation(model.get_layer(name), "relu") for name in names}
        )
        initialize(edited, bench)
        reset_moments(edited)
        return edited


def _places(model: Any, constraints: Constraints) -> list[str]:
    return [one.name for one in hidden_activations(model, constraints) if one.activation == "softmax"]
