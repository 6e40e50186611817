"""The peer: AUTOTRAINER's loop. It waits, names a symptom, changes the network and trains from nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from benchmarks.repair import autotrainer_remedies as remedies
from benchmarks.repair import autotrainer_rules as rules
from benchmarks.repair.case import Case
from benchmarks.repair.network import build
from benchmarks.repair.parts import Parts
from benchmarks.repair.training import Best, Epoch, Training

TRAININGS = 8
"""Trainings at most, the first included; the last one stands if a symptom is left."""
BUDGET = 1.5
"""Epochs, as a multiple of those asked for, after which the best state is noted for an equal comparison."""


@dataclass
class Found:
    """What the peer came to.

    Attributes:
        accuracy: on the fresh rows at the end of the last training. best_accuracy: of the best epoch of all.
        cut_accuracy: of the best epoch within the budget. history: all epochs of all trainings.
        decisions: symptoms and remedies. applied: what the last training's network had been through.
        repaired: whether the last training showed no symptom.
    """

    accuracy: float = 0.0
    best_accuracy: float = 0.0
    cut_accuracy: float | None = None
    history: list[Epoch] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    repaired: bool = False


def autotrainer(case: Case, parts: Parts, seed: int) -> Found:
    """Train, and after each symptom train again with the next remedy for it.

    A remedy after which its symptom shows again is taken back; one after which another shows stays, and the
    other one's remedies come on top.
    """
    found, best = Found(), Best()
    applied: list[remedies.Remedy] = []
    tried: dict[str, int] = {}
    treated: str | None = None
    for _ in range(TRAININGS):
        changed = case
        for remedy in applied:
            changed = remedy(changed)
        named, training = _train(changed, parts, seed, found, best, round(BUDGET * case.epochs))
        if named is None:
            found.repaired = True
            break
        if named == treated and applied:
            applied.pop()
        place = tried.get(named, 0)
        if place == len(remedies.REMEDIES[named]):
            break
        tried[named], treated = place + 1, named
        applied.append(remedies.REMEDIES[named][place])
        epochs = len(training.history)
        found.decisions.append(
            {"epoch": epochs, "batch": 0, "symptom": named, "layer": None, "remedy": applied[-1].__name__}
        )
    found.applied = [remedy.__name__ for remedy in applied]
    found.accuracy, found.best_accuracy = training.score(), best.score(parts)
    if found.cut_accuracy is None:
        found.cut_accuracy = found.best_accuracy
    return found


def _train(
    case: Case, parts: Parts, seed: int, found: Found, best: Best, budget: int
) -> tuple[str | None, Training]:
    training = Training(build(case, seed), parts, case.batch_size, seed)
    named = None
    for number in range(case.epochs):
        epoch = training.epoch()
        found.history.append(epoch)
        best.offer(training.model, epoch)
        if len(found.history) == budget:
            found.cut_accuracy = best.score(parts)
        if number % rules.EVERY and number + 1 < case.epochs:
            continue
        gradients = training.gradients()
        weights = [np.asarray(weight) for weight in training.model.get_weights()]
        if rules.at_once(epoch, gradients, weights):
            named = "exploding"
        elif number + 1 >= rules.PATIENCE * case.epochs:
            named = rules.symptom(training.history, gradients)
        if named is not None:
            break
    return named, training
