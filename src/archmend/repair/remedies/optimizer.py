"""Another optimiser, or the same one with clipped gradients."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import keras

from archmend.repair.cloning import compile_like, copy_optimizer, rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.optimizers import inner
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

CLIP_NORM = 1.0
"""Limit of all gradients' common norm (Pascanu et al. 2013; Keras' and AUTOTRAINER's usual value)."""
ADAM_RATE = 1e-3


class ClipGradients(Remedy):
    """Scale the gradients down to a common norm of at most 1."""

    name: ClassVar[str] = "clip_gradients"
    kind: ClassVar[Literal["parameters", "structure"]] = "parameters"
    keeps_function = True

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """Nothing clips the gradients yet."""
        held = inner(model.optimizer)
        return not (held.clipnorm or held.global_clipnorm or held.clipvalue)

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Compile a copy with the clipped optimiser."""
        copy = rebuild(model)
        clipped = copy_optimizer(inner(model.optimizer), global_clipnorm=CLIP_NORM)
        compile_like(copy, model, clipped)
        return copy


class OptimizerAdam(Remedy):
    """Exchange the optimiser for Adam (Kingma and Ba 2015) at its usual rate, or the space's nearest one."""

    name: ClassVar[str] = "optimizer_adam"
    kind: ClassVar[Literal["parameters", "structure"]] = "parameters"
    keeps_function = True

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """The optimiser is another one."""
        return not isinstance(inner(model.optimizer), keras.optimizers.Adam)

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Compile a copy with Adam."""
        offered = bench.constraints.learning_rates or (ADAM_RATE,)
        copy = rebuild(model)
        rate = min(offered, key=lambda offer: abs(offer - ADAM_RATE))
        compile_like(copy, model, keras.optimizers.Adam(learning_rate=rate))
        return copy
