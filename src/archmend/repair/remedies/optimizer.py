"""Another optimiser."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import keras

from archmend.repair.cloning import rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.optimizers import exchanged, inner, kept_settings
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

ADAM_RATE = 1e-3
SGD_RATE = 1e-2
"""Keras' defaults; with momentum 0.9 the latter comes to steps of 0.1 of the gradient."""
MOMENTUM = 0.9


class _ExchangeOptimizer(Remedy):
    kind: ClassVar[Literal["parameters", "structure"]] = "parameters"
    keeps_function = True

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Compile a copy with the other one; clipping and weight decay stay as they were set."""
        made = self._made(bench.constraints, kept_settings(model.optimizer))
        return rebuild(model, optimizer=exchanged(model.optimizer, made))

    def _made(self, constraints: Constraints, settings: dict[str, Any]) -> Any:
        raise NotImplementedError


class OptimizerAdam(_ExchangeOptimizer):
    """Exchange the optimiser for Adam (Kingma and Ba 2015) at its usual rate, or the space's nearest one."""

    name: ClassVar[str] = "optimizer_adam"

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """The optimiser is another one."""
        return not isinstance(inner(model.optimizer), keras.optimizers.Adam)

    def _made(self, constraints: Constraints, settings: dict[str, Any]) -> Any:
        return keras.optimizers.Adam(constraints.nearest_rate(ADAM_RATE), **settings)


class OptimizerSgd(_ExchangeOptimizer):
    """Exchange the optimiser for SGD with Nesterov momentum (Keskar and Socher 2017)."""

    name: ClassVar[str] = "optimizer_sgd"

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """The optimiser is another one, or SGD without momentum."""
        held = inner(model.optimizer)
        return not (isinstance(held, keras.optimizers.SGD) and held.momentum > 0)

    def _made(self, constraints: Constraints, settings: dict[str, Any]) -> Any:
        rate = constraints.nearest_rate(SGD_RATE)
        return keras.optimizers.SGD(rate, momentum=MOMENTUM, nesterov=True, **settings)
