"""The seam for what is tried: a strategy ranks the remedies that apply to a symptom."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from archmend.repair.decision import Decision
from archmend.repair.remedy import Remedy
from archmend.repair.values import Symptom, TrainingStatistics


@dataclass(frozen=True)
class RepairContext:
    """What a strategy may know when it ranks.

    Attributes:
        symptom: what was seen. statistics: at the state from which the remedies will be tried, probed.
        remedies: those that apply here and were not tried before for this symptom and layer.
        decisions: everything tried so far, oldest first.
        look_ahead: statistics of the network right after a remedy, before any training: one forward and
            backward pass on the probe rows. None if the remedy cannot be applied after all.
        rng: for draws; the same seed and the same decisions give the same ranking.
    """

    symptom: Symptom
    statistics: TrainingStatistics
    remedies: Sequence[Remedy]
    decisions: Sequence[Decision]
    look_ahead: Callable[[Remedy], TrainingStatistics | None]
    rng: np.random.Generator


class RepairStrategy(ABC):
    """Ranks remedies. The loop tries them in this order until one is kept or its limits are reached."""

    name: ClassVar[str]

    @abstractmethod
    def rank(self, context: RepairContext) -> Sequence[Remedy]:
        """Return the remedies to try, best first, out of `context.remedies`; none to leave the run alone."""

    def state_dict(self) -> dict[str, Any]:
        """Return what the next ranking depends on besides the context; plain JSON values."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:  # noqa: B027  (most hold no state)
        """Take over what `state_dict` returned."""
