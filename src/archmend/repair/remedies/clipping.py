"""Clipped gradients."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from archmend.repair.cloning import rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.optimizers import changed, inner
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

CLIP_NORM = 1.0
"""Limit of all gradients' common norm (Pascanu et al. 2013; Keras' and AUTOTRAINER's usual value)."""


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
        """Compile a copy with the clipped optimiser, which keeps its moments."""
        return rebuild(model, optimizer=changed(model.optimizer, global_clipnorm=CLIP_NORM))
