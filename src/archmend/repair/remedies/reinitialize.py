"""New weights for the whole network."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from archmend.repair.constraints import Constraints
from archmend.repair.remedies.initializing import initialize, renewable
from archmend.repair.remedies.optimizers import reset_moments
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom


class Reinitialize(Remedy):
    """Start all layers again, kernels with the initialisation that matches each one's activation."""

    name: ClassVar[str] = "reinitialize"
    kind: ClassVar[Literal["parameters", "structure"]] = "parameters"

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """There is a layer to start again."""
        return renewable(model, constraints.frozen_in(model))

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Assign new weights in place."""
        initialize(model, bench)
        reset_moments(model)
        return model
