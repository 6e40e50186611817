"""More or fewer rows a step."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from archmend.repair.constraints import Constraints
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

FACTOR = 4
LEAST_STEPS = 4
"""Steps that an epoch keeps with larger batches."""
LEAST_ROWS = 8
"""Rows that a smaller batch keeps; fewer cost more time than they gain."""
USUAL_ROWS = 32
"""Rows a step that train well nearly anywhere."""


class _ChangeBatches(Remedy):
    kind: ClassVar[Literal["parameters", "structure"]] = "parameters"
    keeps_function = True
    changes_batches = True

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """Whether there is another size to go to, the run's rows tell: see `batch_size`."""
        return True

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Leave the model as it is; whoever batches the data asks for the size."""
        return model


class LargerBatches(_ChangeBatches):
    """Four times the rows a step: half the noise of the gradient at the same rate (Smith et al. 2018)."""

    name: ClassVar[str] = "larger_batches"

    def batch_size(self, now: int, rows: int) -> int:
        """Return four times the size, as long as an epoch keeps its least steps."""
        return max(now, min(FACTOR * now, rows // LEAST_STEPS))


class SmallerBatches(_ChangeBatches):
    """A quarter of the rows a step: four times the updates an epoch, and more noise (Keskar et al. 2017)."""

    name: ClassVar[str] = "smaller_batches"

    def batch_size(self, now: int, rows: int) -> int:
        """Return a quarter of the size, but for the least rows that make sense."""
        return min(now, max(now // FACTOR, LEAST_ROWS))


class UsualBatches(_ChangeBatches):
    """32 rows a step: more did no better on any of the networks of Masters and Luschi (2018)."""

    name: ClassVar[str] = "usual_batches"

    def batch_size(self, now: int, rows: int) -> int:
        """Return the usual size, as long as there are so many rows."""
        return min(USUAL_ROWS, rows)
