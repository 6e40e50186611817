"""The moments at which a network is treated, and what each remedy alone is worth there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, ClassVar

import numpy as np
from benchmarks.repair.parts import Parts
from benchmarks.repair.scoring import accuracy, classes

from archmend.repair.candidates import Candidates
from archmend.repair.detectors import DETECTORS
from archmend.repair.limits import UNTIMED, Limits
from archmend.repair.remedy import Remedy
from archmend.repair.run import Checkpoint, Run
from archmend.repair.severity import hopeless
from archmend.repair.strategies.max_entropy import smallest_entropy
from archmend.repair.strategies.rules import Rules, rule
from archmend.repair.strategy import RepairContext, RepairStrategy
from archmend.repair.treatment import Treatment
from archmend.repair.values import Symptom, TrainingStatistics
from archmend.repair.watch import ACT, Watch, symptoms
from archmend.repair.workbench import Workbench

MARKS = (100, 300)
"""Steps from the checkpoint after which all are measured: as many rows for all, whatever their batches."""
MOMENTS = 2
"""Of one network: two faults make two, and some have another later."""
TRIED = 10
"""Remedies tried at a moment: all that the rules name, and others drawn by lot. One more network teaches more
than the rest of the remedies do on one that is known already."""


class EnoughError(Exception):
    """All moments of a network have been looked at."""


class Only(RepairStrategy):
    """Ranks one remedy and no other."""

    name: ClassVar[str] = "only"

    def __init__(self, remedy: Remedy) -> None:
        """Take the remedy's name; whether it still applies the context says."""
        self._remedy = remedy.name

    def rank(self, context: RepairContext) -> Sequence[Remedy]:
        """Return that remedy."""
        return [remedy for remedy in context.remedies if remedy.name == self._remedy]


class Moments(Treatment):
    """Treats each symptom with every tried remedy alone, and goes on with the best.

    Attributes:
        found: a record of each moment.
    """

    def __init__(self, run: Run, workbench: Workbench, watch: Watch, parts: Parts, seed: int) -> None:
        """Hold the parts; `seed` is that of the lot."""
        super().__init__(run, workbench, Rules(), Candidates(), _unbound(), watch, None)
        self._bench, self._rows, self._seed = workbench, parts.validation, seed
        self._detectors = DETECTORS.create_all()
        self.found: list[dict[str, Any]] = []

    def treat(self, symptom: Symptom, base: Checkpoint, now: Checkpoint) -> bool:
        """Record what each remedy is worth from `base`; the run then stands where the best was kept.

        Raises:
            EnoughError: this was the last moment.
        """
        run = self._run
        run.restore(base)
        context = self._context(symptom)
        told = {
            "symptom": asdict(symptom),
            "statistics": asdict(context.statistics),
            "hopeless": hopeless(symptom),
            "rules": [name for name in rule(context) or () if name in {r.name for r in context.remedies}],
            "offered": [remedy.name for remedy in context.remedies],
            "guess": guess(self._rows[1]),
        }
        told["without"] = self._measured(self._goal())
        there, tried = self._shown(context.statistics), {}
        standing: dict[str, Checkpoint] = {}
        for remedy in self._drawn(context, told["rules"]):
            run.restore(base)
            tried[remedy.name] = one = self._at_once(remedy, symptom, there)
            run.restore(base)
            if one["reason"] is not None:
                continue
            goal = self._goal()
            alone = Treatment(run, self._bench, Only(remedy), Candidates(), _unbound(), self._watch, None)
            one["kept"] = alone.treat(symptom, base, now)
            if not alone.decisions:
                one["reason"] = "it was not tried"
                continue
            # What is set together with a remedy that is kept is told behind it.
            decided = alone.decisions[0]
            one |= {"before": decided.before, "after": decided.after, "reason": decided.reason}
            if one["kept"]:
                standing[remedy.name] = run.checkpoint()
                one["marks"] = self._measured(goal)
        self.found.append({**told, "trials": tried})
        if len(self.found) == MOMENTS:
            raise EnoughError
        if not standing:
            run.restore(now)
            return False
        run.restore(standing[max(standing, key=lambda name: tried[name]["marks"][-1][1])])
        return True

    def _at_once(self, remedy: Remedy, symptom: Symptom, there: frozenset[str]) -> dict[str, Any]:
        """Apply a remedy; return the smallest entropy after it, and why it is dropped if it is so at once."""
        run, told = self._run, {"kept": False, "entropy": None, "before": None, "after": None}
        model = self._bench.applied(remedy, symptom, 0)
        if model is None:
            return {**told, "reason": "it finds nothing to change"}
        run.adopt(model, self._bench.batch_size(remedy))
        statistics = run.statistics(run.look(once=True))
        shown = self._shown(statistics)
        left = symptom.name in shown or bool(shown - there)
        reason = "the fault still shows with it" if left else None
        return {**told, "entropy": smallest_entropy(statistics), "reason": reason}

    def _shown(self, statistics: TrainingStatistics) -> frozenset[str]:
        found = symptoms(self._detectors, statistics)
        return frozenset(one.name for one in found if one.fatal or one.confidence >= ACT)

    def _context(self, symptom: Symptom) -> RepairContext:
        run, bench = self._run, self._bench
        return RepairContext(
            symptom=symptom,
            statistics=run.statistics(run.look(once=True)),
            remedies=[remedy for remedy in bench.offered(symptom, 0) if not remedy.stops],
            decisions=(),
            look_ahead=lambda remedy: bench.look_ahead(remedy, symptom, 0),
            rng=bench.rng("rank", 0),
        )

    def _drawn(self, context: RepairContext, rules: Sequence[str]) -> list[Remedy]:
        named = [remedy for remedy in context.remedies if remedy.name in rules]
        others = [remedy for remedy in context.remedies if remedy.name not in rules]
        lot = np.random.default_rng((self._seed, 4, len(self.found))).permutation(len(others))
        return [*named, *(others[i] for i in lot[: max(0, TRIED - len(named))])]

    def _goal(self) -> list[int]:
        """Return the rows at which to measure, counted from the first of the run, from where it stands."""
        here, size = _rows(self._run), self._run.batch_size or 1
        return [here + mark * size for mark in MARKS]

    def _measured(self, goals: Sequence[int]) -> list[list[float | None]]:
        """Train until each number of rows, or the run's end; return loss and accuracy there."""
        run, found = self._run, []
        for goal in goals:
            _train_to(run, goal)
            seen = run.validate(once=True)
            # A loss that is none of classes has no accuracy either, and its numbers cannot be compared.
            loss = None if math.isnan(seen.accuracy) else seen.row_loss
            found.append([loss, accuracy(run.model, *self._rows)])
        return found


def guess(labels: np.ndarray) -> list[float]:
    """Return loss and accuracy of saying the classes' frequencies whatever is asked."""
    shares = np.bincount(classes(labels)) / len(labels)
    shares = shares[shares > 0]
    return [float(-(shares * np.log(shares)).sum()), float(shares.max())]


def _train_to(run: Run, rows: int) -> None:
    while _rows(run) < rows and run.place.epoch < run.epochs:
        run.advance(min(UNTIMED, -(-(rows - _rows(run)) // (run.batch_size or 1))))
        if run.at_epoch_end:
            # Nobody asks for the epoch's validation here.
            here = run.place
            run.place = replace(
                here, epoch=here.epoch + 1, batch=0, loss=0.0, correct=0.0, rows=0, seconds=0.0
            )


def _rows(run: Run) -> int:
    return run.place.epoch * (run.rows or 0) + run.place.batch * (run.batch_size or 0)


def _unbound() -> Limits:
    return Limits(deadline=None, repairs=None, extra_steps=10**9)
