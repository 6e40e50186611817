"""Asks the detectors, and decides when the layers are probed for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from archmend.repair.detector import Detector
from archmend.repair.pace import PACES
from archmend.repair.probes import ProbeLog
from archmend.repair.rates import range_test
from archmend.repair.run import Run
from archmend.repair.severity import CAUSES, hopeless
from archmend.repair.values import LayerStatistics, RateTest, Symptom, TrainingStatistics

ACT = 0.5
"""Confidence from which a symptom is acted on; what is less sure is told by a diagnosis alone."""

USUAL_BATCH = 32
"""Rows a step of a range test where the owner of the data makes the batches."""


class Watch:
    """Looks at a run before its first batch, after every batch and after every epoch.

    Symptoms that were given up (every remedy failed) are not reported again.

    Attributes:
        seen: all symptoms at the last look, the one that counts first; those below `ACT` too.
    """

    def __init__(
        self,
        detectors: Sequence[Detector],
        care: str = "full",
        log: ProbeLog | None = None,
        *,
        thorough: bool = False,
    ) -> None:
        """Ask these detectors; of equally sure symptoms, the first in their order counts.

        Args:
            detectors: from cause to effect.
            care: name of a pace.
            log: told of each probe on the path.
            thorough: test the learning rate also of a network that cannot learn at any.
        """
        self._detectors = detectors
        self._log, self._thorough = log, thorough
        self._pace = PACES[care]
        self._given_up: set[str] = set()
        self._next_probe = 0
        self._first: tuple[LayerStatistics, ...] = ()
        self.seen: tuple[Symptom, ...] = ()

    def look(self, run: Run, *, epoch_end: bool = False) -> Symptom | None:
        """Return the symptom that counts most now: the surest, then the furthest up; None below `ACT`.

        Before the first batch a fault of data or settings comes before others, which it may have made.
        """
        steps = run.place.steps
        probed = steps >= self._next_probe
        layers: tuple[LayerStatistics, ...] = ()
        if probed:
            # A network that is broken from the start is looked at once; compiling would take longer.
            layers = run.look(once=steps == 0)
            if self._log is not None:
                self._log.take(run, layers)
            wait = max(1, min(self._pace.longest, int(steps * (self._pace.growth - 1))))
            self._next_probe = steps + wait
            if steps == 0 or not self._first:
                self._first = layers
        found = self._found(run, layers, (), epoch_end)
        if probed and steps == 0 and self._worth_testing(layers, found):
            rates = range_test(run.engine, run.probe_rows(), run.batch_size or USUAL_BATCH)
            found = self._found(run, layers, rates, epoch_end) if rates else found
        if steps == 0 and sum(map(self._counts, found)) > 1:
            found = sorted(found, key=lambda symptom: symptom.name not in CAUSES)
        self.seen = tuple(found)
        return next((symptom for symptom in found if self._counts(symptom)), None)

    def alone(self, symptom: Symptom) -> bool:
        """Whether nothing else that counts was seen at the last look."""
        return not any(self._counts(other) for other in self.seen if other.name != symptom.name)

    def until_look(self, run: Run) -> int:
        """Return how many batches may be trained before the next look; at least 1."""
        every = self._pace.every
        return max(1, min(self._next_probe - run.place.steps, every - run.place.batch % every))

    def shown(self, run: Run) -> frozenset[str]:
        """Probe now, and return the names of all symptoms to act on that show without an epoch's end."""
        found = self._found(run, run.look(once=True), (), False)
        return frozenset(s.name for s in found if s.fatal or s.confidence >= ACT)

    def restart(self) -> None:
        """Probe at the next look: the network has changed or went back."""
        self._next_probe = 0
        self._first = ()

    def give_up(self, symptom: Symptom) -> None:
        """Do not report symptoms of this name again."""
        self._given_up.add(symptom.name)

    def state_dict(self) -> dict[str, Any]:
        """Return what the next look depends on besides the run."""
        return {
            "given_up": sorted(self._given_up),
            "next_probe": self._next_probe,
            "first": [asdict(layer) for layer in self._first],
            "log": None if self._log is None else self._log.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self._given_up = set(state["given_up"])
        self._next_probe = int(state["next_probe"])
        self._first = tuple(LayerStatistics(**layer) for layer in state["first"])
        if self._log is not None:
            self._log.load_state_dict(state["log"])

    def _worth_testing(self, layers: tuple[LayerStatistics, ...], found: Sequence[Symptom]) -> bool:
        """Whether a learning rate may be the fault: nothing else keeps the network from learning at any."""
        broken = any(hopeless(symptom) and self._counts(symptom) for symptom in found)
        return all(layer.finite for layer in layers) and (self._thorough or not broken)

    def _counts(self, symptom: Symptom) -> bool:
        return symptom.fatal or (symptom.confidence >= ACT and symptom.name not in self._given_up)

    def _found(
        self, run: Run, layers: tuple[LayerStatistics, ...], rates: tuple[RateTest, ...], epoch_end: bool
    ) -> list[Symptom]:
        statistics = run.statistics(layers, epoch_end=epoch_end)
        if layers or epoch_end:
            statistics = replace(
                statistics, rates=rates, first=self._first, bad_layer=_bad_layer(run, layers)
            )
        return symptoms(self._detectors, statistics)


def symptoms(detectors: Sequence[Detector], statistics: TrainingStatistics) -> list[Symptom]:
    """Return all that the detectors see, the surest first, equally sure ones in the detectors' order."""
    now = {"always"}
    now |= {"probe"} if statistics.layers else set()
    now |= {"epoch"} if statistics.epoch_end else set()
    found = [s for d in detectors if d.when in now and (s := d.look(statistics)) is not None]
    # Confidences are no measurements: what differs by less than a tenth is equally sure.
    return sorted(found, key=lambda symptom: -round(symptom.confidence, 1))


def _bad_layer(run: Run, layers: tuple[LayerStatistics, ...]) -> str | None:
    return None if all(layer.finite for layer in layers) else run.engine.first_bad(*run.probe_rows())
