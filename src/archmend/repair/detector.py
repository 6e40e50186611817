"""The seam for what is seen: a detector is a pure function of statistics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

from archmend.repair.values import Symptom, TrainingStatistics


class Detector(ABC):
    """Names one symptom. It holds no state: what it may remember is in the statistics' history.

    Attributes:
        name: of the detector, and of the symptom it finds.
        when: at which moments it is asked: `always` before the first batch, after every batch and after every
            epoch; `probe` where the layers were probed; `epoch` after every epoch. The rarer, the cheaper.
    """

    name: ClassVar[str]
    when: ClassVar[Literal["always", "probe", "epoch"]] = "always"

    @abstractmethod
    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the symptom that the statistics show, or None.

        `layers` is filled only at the moments that were probed (before the first batch, ever more rarely
        after it, and at every change), so a detector that reads layers and is asked at other moments
        returns None while they are empty. A symptom of a confidence below `archmend.repair.watch.ACT` is
        told by a diagnosis, but nothing is done about it.
        """
