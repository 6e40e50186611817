"""The hidden layers' activation exchanged, with the initialisation that belongs to the new one."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from archmend.repair.cloning import rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.initializing import initialize
from archmend.repair.remedies.optimizers import reset_moments
from archmend.repair.remedies.places import Activated, hidden_activations, with_activation
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom


class _ExchangeActivation(Remedy):
    kind: ClassVar[Literal["parameters", "structure"]] = "structure"
    activation: ClassVar[str]

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """A hidden layer has another nonlinear activation; gates keep theirs."""
        return bool(self._changed(model, constraints))

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Exchange them all and start all kernels again."""
        edited = rebuild(
            model,
            replace={
                one.name: with_activation(model.get_layer(one.name), self.activation)
                for one in self._changed(model, bench.constraints)
            },
        )
        initialize(edited, bench)
        reset_moments(edited)
        return edited

    def _changed(self, model: Any, constraints: Constraints) -> list[Activated]:
        return [one for one in hidden_activations(model, constraints) if one.activation != self.activation]


class ActivationRelu(_ExchangeActivation):
    """ReLU with He initialisation (Nair and Hinton 2010, He et al. 2015): nothing saturates upwards."""

    name: ClassVar[str] = "activation_relu"
    activation: ClassVar[str] = "relu"


class ActivationSelu(_ExchangeActivation):
    """SELU with LeCun initialisation (Klambauer et al. 2017): signals keep mean 0 and variance 1."""

    name: ClassVar[str] = "activation_selu"
    activation: ClassVar[str] = "selu"


class ActivationElu(_ExchangeActivation):
    """ELU, with weights that keep its variance (Clevert et al. 2016): without a flat half no unit dies."""

    name: ClassVar[str] = "activation_elu"
    activation: ClassVar[str] = "elu"
