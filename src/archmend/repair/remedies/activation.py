"""The hidden layers' activation exchanged, with the initialisation that belongs to the new one."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import keras

from archmend.repair.blocks import Block, blocks_of
from archmend.repair.cloning import clone_of, rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.optimizers import reset_moments
from archmend.repair.remedies.reinitialize import initialize
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom


class _ExchangeActivation(Remedy):
    kind: ClassVar[Literal["parameters", "structure"]] = "structure"
    activation: ClassVar[str]

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """A hidden layer has another nonlinear activation."""
        return bool(self._changed(model))

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Exchange them all and start all kernels again."""
        replace = {}
        for block in self._changed(model):
            layer = model.get_layer(block.end)
            if block.end == block.name:
                replace[block.end] = clone_of(layer, activation=self.activation)
            else:
                replace[block.end] = keras.layers.Activation(self.activation, name=block.end)
        edited = rebuild(model, replace=replace)
        initialize(edited, bench)
        reset_moments(edited)
        return edited

    def _changed(self, model: Any) -> list[Block]:
        return [
            b for b in blocks_of(model) if not b.output and b.activation not in ("linear", self.activation)
        ]


class ActivationSelu(_ExchangeActivation):
    """SELU with LeCun initialisation (Klambauer et al. 2017): signals keep mean 0 and variance 1."""

    name: ClassVar[str] = "activation_selu"
    activation: ClassVar[str] = "selu"


class ActivationElu(_ExchangeActivation):
    """ELU with He initialisation (Clevert et al. 2016): no flat half, so no unit is dead for good."""

    name: ClassVar[str] = "activation_elu"
    activation: ClassVar[str] = "elu"
