"""The remedy that a small network expects most of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np

from archmend.repair.remedy import Remedy
from archmend.repair.strategies.features import features
from archmend.repair.strategies.gain_model import GainModel
from archmend.repair.strategies.rules import Rules, rule
from archmend.repair.strategy import RepairContext, RepairStrategy

SHIPPED = Path(__file__).with_name("learned.npz")
SURE = 1.0
"""Standard deviations by which the best remedy's expected gain must exceed none to follow the network."""


class Learned(RepairStrategy):
    """Reads the training's statistics, predicts each remedy's gain, and ranks by it.

    The network was trained on short trials of all remedies on generated faulty networks; how, on what, and
    how far it can be trusted says docs/repair-learned.md. Where it is not sure that its best remedy helps,
    and for symptoms and remedies that it does not know, the rules rank.
    """

    name: ClassVar[str] = "learned"

    def __init__(self) -> None:
        """Read the network that is shipped."""
        self._model = _shipped()
        self._rules = Rules()

    def rank(self, context: RepairContext) -> Sequence[Remedy]:
        """Return the remedies by what the network expects of them, or the rules' order."""
        expected = expectations(self._model, context)
        if not expected or not expected[0][2]:
            return self._rules.rank(context)
        known = [remedy for remedy, gain, _ in expected if gain > 0]
        order = rule(context) or ()
        left = [r for r in context.remedies if r not in known and r.name in order]
        return [*known, *sorted(left, key=lambda remedy: order.index(remedy.name))]


def expectations(model: GainModel, context: RepairContext) -> list[tuple[Remedy, float, bool]]:
    """Return (remedy, expected gain, whether it is sure to be above none), best first.

    Remedies are left out that the network does not know, and all of them for a symptom that it does not know.
    """
    told = features(context.symptom, context.statistics)
    if tuple(told) != model.features or f"symptom_{context.symptom.name}" not in told:
        return []
    gains, spread = model.predict(np.array(list(told.values())))
    place = {name: number for number, name in enumerate(model.remedies)}
    found = []
    for remedy in context.remedies:
        number = place.get(remedy.name)
        if number is not None and np.isfinite(model.error[number]):
            doubt = float(np.hypot(spread[number], model.error[number]))
            found.append((remedy, float(gains[number]), float(gains[number]) > SURE * doubt))
    return sorted(found, key=lambda one: -one[1])


@cache
def _shipped() -> GainModel:
    return GainModel.load(SHIPPED)
