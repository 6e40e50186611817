"""The seam for what is seen: a detector is a pure function of statistics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from archmend.repair.values import Symptom, TrainingStatistics


class Detector(ABC):
    """Names one symptom. It holds no state: what it may remember is in the statistics' history.

    Attributes:
        name: of the detector, and of the symptom it finds.
    """

    name: ClassVar[str]

    @abstractmethod
    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the symptom that the statistics show, or None.

        It is asked before the first batch, after every batch and after every epoch. `layers` is filled
        only at the moments that were probed (before the first batch, ever more rarely after it, and
        at every change), so a detector that reads layers returns None while they are empty.
        """
