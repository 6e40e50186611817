"""What the probes of a repair saw of each layer, kept for whoever looks at it afterwards."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from archmend.repair.candidates import Candidates
from archmend.repair.run import Run
from archmend.repair.values import LayerStatistics

MOST = 400
"""Moments that are kept; beyond them every second one is let go, so that a long run is told as evenly."""


@dataclass(frozen=True)
class ProbeRecord:
    """One layer at one moment; a line of probes.jsonl. None stands for what was not measured or not finite.

    Attributes:
        candidate: name of the one under way. epoch: since the start, with its fraction. layer: its name.
        gradient_norm: of its kernel. entropy: of its outputs in nats. dormant: share of its units.
    """

    candidate: str
    epoch: float
    layer: str
    gradient_norm: float | None
    entropy: float | None
    dormant: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


class ProbeLog:
    """Takes down what is probed on the path; trials are not of it."""

    def __init__(self, candidates: Candidates) -> None:
        """Ask these which candidate is under way."""
        self._candidates = candidates
        self._moments: list[tuple[ProbeRecord, ...]] = []

    def take(self, run: Run, layers: tuple[LayerStatistics, ...]) -> None:
        """Take down one probe."""
        place = run.place
        epoch = round(place.epoch + place.batch / run.batches_per_epoch, 4)
        name = self._candidates.listed()[self._candidates.current].name
        self._moments.append(
            tuple(ProbeRecord(name, epoch, layer.name, *map(_finite, _measured(layer))) for layer in layers)
        )
        if len(self._moments) > MOST:
            self._moments = self._moments[::2]

    def records(self) -> tuple[ProbeRecord, ...]:
        """Return all that is kept, oldest first."""
        return tuple(record for moment in self._moments for record in moment)

    def state_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"moments": [[record.as_dict() for record in moment] for moment in self._moments]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self._moments = [tuple(ProbeRecord(**one) for one in moment) for moment in state["moments"]]


def _measured(layer: LayerStatistics) -> tuple[float, float, float]:
    return layer.gradient_norm, layer.entropy, layer.dormant


def _finite(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
