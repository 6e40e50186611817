"""A cohort while it is trained: how far each of its networks is, and whose end was told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from archmend.search import CurvePoint
from archmend.training.fused.initial import Layers
from archmend.training.fused.population import Member, Population
from archmend.training.task import Report, Task

Tell = Callable[[Report], None]


@dataclass
class Entry:
    """A network of a population on its way.

    Attributes:
        task: what was asked for. member: as it was when its cohort was laid out.
        report: what is known of it so far, and what it was worth where it was measured last.
        curve: a point for each whole epoch.
        over: whether its end was told.
    """

    task: Task
    member: Member
    report: Report
    curve: list[CurvePoint] = field(default_factory=list)
    over: bool = False

    def end(self, report: Report, tell: Tell) -> None:
        """Tell what became of it."""
        self.over = True
        self.tell(report, tell)

    def tell(self, report: Report, tell: Tell) -> None:
        """Tell how far it is."""
        tell(replace(report, curve=tuple(self.curve)))


class Underway:
    """A cohort's program and its networks.

    Attributes:
        entries: in the population's order. step: seconds that a step takes, about.
        cut: whether the deadline has ended its training.
    """

    def __init__(self, entries: Sequence[Entry], population: Population, step: float) -> None:
        """Take a population of these networks, which is as far as they are."""
        self.entries, self.step = tuple(entries), step
        self._population = population
        self.cut = False
        self._begun = entries[0].task.begun

    @property
    def left(self) -> list[Entry]:
        """Those whose end was not told."""
        return [entry for entry in self.entries if not entry.over]

    @property
    def epochs(self) -> float:
        """Epochs behind it, with the share of one that was cut and those that its tasks began with."""
        return self._population.epochs

    def train(self, epochs: int, until: float | None, tell: Tell) -> bool:
        """Train up to so many epochs while a network is left; return False if the deadline cut it.

        Args:
            epochs: to train to.
            until: a moment of `time.monotonic`.
            tell: takes the reports between epochs, and those of losses that are not finite.
        """
        while self.epochs < epochs and self.left and not self.cut:
            whole = self._population.epoch(until)
            trained = self.epochs - self._begun
            for place, entry in enumerate(self.entries):
                broken = int(self._population.broken[place])
                if entry.over:
                    continue
                if broken:
                    reason = f"the loss was not finite in epoch {broken}"
                    before = float(broken - 1 - self._begun)
                    entry.end(replace(entry.report, status="failed", reason=reason, epochs=before), tell)
                elif whole:
                    entry.curve.append(
                        CurvePoint(round(self.epochs), float(self._population.losses[-1][place]))
                    )
                    entry.tell(replace(entry.report, status="running", epochs=trained), tell)
            self.cut = not whole
        return not self.cut

    def layers(self) -> list[tuple[Entry, Layers]]:
        """Return those that are left, with their weights as they are now."""
        both = zip(self.entries, self._population.layers(), strict=True)
        return [(entry, layers) for entry, layers in both if not entry.over]

    def moments(self) -> dict[int, tuple[Layers, ...]]:
        """Return the optimiser's moments of each network by its task's id."""
        both = zip(self.entries, self._population.moments(), strict=True)
        return {entry.task.id: moments for entry, moments in both}

    def anew(self) -> list[Entry]:
        """Return those that are left as another cohort can take them: with weights and moments of now."""
        moments = self.moments()
        return [
            replace(
                entry,
                member=replace(entry.member, layers=layers, moments=moments[entry.task.id]),
            )
            for entry, layers in self.layers()
        ]
