"""The methods that are compared: each takes a case, its rows and a seed and returns a row."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from benchmarks.repair.case import Case
from benchmarks.repair.network import build
from benchmarks.repair.parts import Parts
from benchmarks.repair.peer import autotrainer
from benchmarks.repair.references import plane_network
from benchmarks.repair.row import REACHED, Row, decision_fields
from benchmarks.repair.scoring import accuracy
from benchmarks.repair.training import first_at, train

from archmend.errors import ArchmendError
from archmend.repair import diagnose, fit

OURS = "archmend:"
KERAS_EPOCHS, KERAS_STEPS = 12, 250
"""Epochs of Keras's own `fit`, or steps where that is less, from which the seconds of all are reckoned."""
DIAGNOSIS_BATCHES = 100
"""Batches of the first epoch that a diagnosis may train, where it has more."""


def run(method: str, case: Case, parts: Parts, seed: int) -> Row:
    """Run a method; a refusal or a failure becomes a row with its sentence."""
    blank = Row(case.id, case.data, case.label, case.symptom, seed, method, case.epochs)
    began, cpu = time.perf_counter(), time.process_time()
    try:
        if method.startswith(OURS):
            row = _archmend(method.removeprefix(OURS), case, parts, seed, blank)
        else:
            row = METHODS[method](case, parts, seed, blank)
    except ArchmendError as error:
        row = replace(blank, error=str(error))
    if row.seconds:
        return row
    return replace(row, seconds=time.perf_counter() - began, cpu_seconds=time.process_time() - cpu)


def _plain(case: Case, parts: Parts, seed: int, blank: Row) -> Row:
    """One training, as the user had it."""
    done = train(build(case, seed), parts, epochs=case.epochs, batch_size=case.batch_size, seed=seed)
    return replace(
        blank,
        accuracy=done.accuracy,
        best_accuracy=done.best_accuracy,
        val_accuracy=[round(epoch.val_accuracy, 4) for epoch in done.history],
        epochs_to=first_at(done.history, REACHED),
        epochs=len(done.history),
    )


def _keras(case: Case, parts: Parts, seed: int, blank: Row) -> Row:
    """What Keras's `fit` takes: its first epoch, and the mean of the next ones times the rest."""
    model = build(case, seed)
    told = {"batch_size": case.batch_size, "validation_data": parts.validation, "verbose": 0}
    batches = -(-len(parts.train[0]) // case.batch_size)
    some = min(case.epochs - 1, KERAS_EPOCHS, max(2, KERAS_STEPS // batches))
    clocks = (time.perf_counter, time.process_time)
    start = [clock() for clock in clocks]
    model.fit(*parts.train, epochs=1, **told)
    first = [clock() for clock in clocks]
    model.fit(*parts.train, epochs=some, **told)
    end = [clock() for clock in clocks]
    share = (case.epochs - 1) / max(some, 1)
    whole = [f - s + share * (e - f) for s, f, e in zip(start, first, end, strict=True)]
    return replace(blank, epochs=case.epochs, seconds=whole[0], cpu_seconds=whole[1])


def _healthy(case: Case, parts: Parts, seed: int, blank: Row) -> Row:
    """How soon a healthy network of the case's optimiser and batches gets there."""
    return replace(_plain(plane_network(case), parts, seed, blank), method="healthy")


def _peer(case: Case, parts: Parts, seed: int, blank: Row) -> Row:
    """AUTOTRAINER's rules."""
    found = autotrainer(case, parts, seed)
    return replace(
        blank,
        accuracy=found.accuracy,
        best_accuracy=found.best_accuracy,
        cut_accuracy=found.cut_accuracy,
        val_accuracy=[round(epoch.val_accuracy, 4) for epoch in found.history],
        epochs_to=first_at(found.history, REACHED),
        epochs=len(found.history),
        decisions=found.decisions,
        kept=found.applied,
        chosen="no symptom left" if found.repaired else "a symptom is left",
    )


def _diagnose(case: Case, parts: Parts, seed: int, blank: Row) -> Row:
    """What `archmend.repair.diagnose` finds before the end of the first epoch; nothing is repaired."""
    batches = -(-len(parts.train[0]) // case.batch_size)
    found = diagnose(
        build(case, seed),
        parts.train,
        parts.validation,
        epochs=case.epochs,
        batch_size=case.batch_size,
        seed=seed,
        batches=min(batches, DIAGNOSIS_BATCHES),
    )
    kept = ("symptom", "layer", "confidence", "sure", "batch", "evidence")
    findings = [finding.model_dump(mode="json", include=set(kept)) for finding in found.findings]
    return replace(blank, epochs=found.batches / batches, findings=findings)


def _archmend(strategy: str, case: Case, parts: Parts, seed: int, blank: Row) -> Row:
    """`archmend.repair.fit` with a strategy."""
    spent = _Spent()
    result = fit(
        build(case, seed),
        parts.train,
        parts.validation,
        epochs=case.epochs,
        batch_size=case.batch_size,
        strategy=strategy,
        seed=seed,
        on_epoch=spent.epoch,
        on_decision=spent.decision,
    )
    return replace(
        blank,
        accuracy=accuracy(result.model, *parts.fresh),
        val_accuracy=spent.accuracies,
        epochs_to=spent.reached,
        epochs=result.epochs,
        decisions=[decision_fields(decision) for decision in result.decisions],
        kept=[decision.remedy for decision in result.decisions if decision.kept],
        chosen=result.candidates[result.best].name,
    )


METHODS: dict[str, Callable[[Case, Parts, int, Row], Row]] = {
    "plain": _plain,
    "keras": _keras,
    "healthy": _healthy,
    "diagnose": _diagnose,
    "autotrainer": _peer,
}


class _Spent:
    """Counts epochs as they are told: those of the path, and those of trials beside it.

    A trial that is kept is part of the path; of its decision only what the untouched run was trained for the
    comparison comes on top, which is as much.
    """

    def __init__(self) -> None:
        self.accuracies: list[float] = []
        self.trials = 0.0
        self.reached: float | None = None

    @property
    def total(self) -> float:
        return len(self.accuracies) + self.trials

    def epoch(self, record: Any) -> None:
        self.accuracies.append(round(record.val_accuracy, 4))
        if self.reached is None and record.val_accuracy >= REACHED:
            self.reached = self.total

    def decision(self, decision: Any) -> None:
        compared = 0.5 if decision.before is not None else 0.0
        self.trials += decision.epochs * (compared if decision.kept else 1.0)
