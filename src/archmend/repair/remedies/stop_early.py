"""The end of the training, with the best weights."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from archmend.repair.constraints import Constraints
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

SYMPTOMS = ("overfitting", "plateau")
"""Where going on has no more to give."""


class StopEarly(Remedy):
    """End the training with the best state so far (Prechelt 1998). It costs nothing and needs no trial."""

    name: ClassVar[str] = "stop_early"
    kind: ClassVar[Literal["parameters", "structure"]] = "parameters"
    keeps_function = True
    stops = True

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """The symptom says that more epochs help no more."""
        return symptom.name in SYMPTOMS

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Leave the model as it is; the loop holds the best state."""
        return model
