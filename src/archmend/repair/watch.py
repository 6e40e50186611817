"""Asks the detectors, and decides when the layers are probed for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archmend.repair.detector import Detector
from archmend.repair.run import Run
from archmend.repair.values import LayerStatistics, Symptom

GROWTH = 2.0
"""Each probe comes after this times as many steps as the one before: a fault of structure shows at once."""
LONGEST = 500
"""Steps between two probes, at most; a probe costs about as much as eight steps of 32 rows."""


class Watch:
    """Looks at a run before its first batch, after every batch and after every epoch.

    Symptoms that were given up (every remedy failed) are not reported again.
    """

    def __init__(self, detectors: Sequence[Detector]) -> None:
        """Ask these detectors in their order; the first symptom counts."""
        self._detectors = detectors
        self._given_up: set[str] = set()
        self._next_probe = 0

    def look(self, run: Run, *, epoch_end: bool = False) -> Symptom | None:
        """Return the first symptom that a detector sees in the run now."""
        layers: tuple[LayerStatistics, ...] = ()
        if run.place.steps >= self._next_probe:
            layers = run.look()
            self._next_probe = run.place.steps + max(1, min(LONGEST, int(run.place.steps * (GROWTH - 1))))
        return self._first(run, layers, epoch_end)

    def shown(self, run: Run) -> frozenset[str]:
        """Probe now, and return the names of all symptoms that show without an epoch's end."""
        statistics = run.statistics(run.look())
        found = (detector.look(statistics) for detector in self._detectors)
        return frozenset(symptom.name for symptom in found if symptom is not None)

    def restart(self) -> None:
        """Probe at the next look: the network has changed or went back."""
        self._next_probe = 0

    def give_up(self, symptom: Symptom) -> None:
        """Do not report symptoms of this name again."""
        self._given_up.add(symptom.name)

    def state_dict(self) -> dict[str, Any]:
        """Return what the next look depends on besides the run."""
        return {"given_up": sorted(self._given_up), "next_probe": self._next_probe}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self._given_up = set(state["given_up"])
        self._next_probe = int(state["next_probe"])

    def _first(self, run: Run, layers: tuple[LayerStatistics, ...], epoch_end: bool) -> Symptom | None:
        statistics = run.statistics(layers, epoch_end=epoch_end)
        for detector in self._detectors:
            symptom = detector.look(statistics)
            if symptom is not None and (symptom.fatal or symptom.name not in self._given_up):
                return symptom
        return None
