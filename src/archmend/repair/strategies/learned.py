"""The remedy that a small network expects most of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np

from archmend.repair.remedy import Remedy
from archmend.repair.strategies.features import features, names
from archmend.repair.strategies.gain_model import GainModel
from archmend.repair.strategies.rules import Rules, rule
from archmend.repair.strategy import RepairContext, RepairStrategy

SHIPPED = Path(__file__).with_name("learned.npz")
SURE = 1.0
"""Deviations of the members' opinions by which a remedy must be ahead of the rules' first, or of doing none
where they name none, to be tried before it."""


class Learned(RepairStrategy):
    """Reads the training's statistics, predicts each remedy's gain, and ranks by it.

    The network was trained on trials of remedies on generated faulty networks; how, on what, and how far it
    can be trusted says docs/repair-learned.md. Where it is not sure that another remedy gains more than the
    rules' first, and for symptoms that it does not know, the rules rank.
    """

    name: ClassVar[str] = "learned"

    def __init__(self) -> None:
        """Read the network that is shipped."""
        self._model = shipped()
        self._rules = Rules()

    def rank(self, context: RepairContext) -> Sequence[Remedy]:
        """Return the remedies by what the network expects of them, or the rules' order."""
        order = self.order(context)
        if order is None:
            return self._rules.rank(context)
        named = {remedy.name: remedy for remedy in context.remedies}
        return [named[name] for name in order]

    def order(self, context: RepairContext) -> list[str] | None:
        """Return the names of the remedies, best first; None where the network is not sure."""
        offered = [remedy.name for remedy in context.remedies]
        told = features(context.symptom, context.statistics)
        if f"symptom_{context.symptom.name}" not in told:
            return None
        rules = [name for name in rule(context) or () if name in offered]
        return by_gain(self._model, told, rules, offered)


def by_gain(
    model: GainModel, told: Mapping[str, float], rules: Sequence[str], offered: Sequence[str]
) -> list[str] | None:
    """Return the remedies that are expected to gain and then the rules' others; None where it is not sure.

    Args:
        model: that expects.
        told: features by name.
        rules: names of remedies that apply, in the rules' order for the symptom.
        offered: names of all that apply. Those that the model does not know are not ranked.
    """
    place = {name: number for number, name in enumerate(model.remedies)}
    known = [name for name in offered if name in place]
    first = rules[0] if rules else None
    if not known or (first is not None and first not in place):
        return None
    found = model.predict(np.array(list(told.values())), rules)
    order = sorted(known, key=lambda name: -found.gains[place[name]])
    ahead = found.ahead(place[order[0]], None if first is None else place[first])
    if order[0] != first and ahead < SURE:
        return None
    gaining = [name for name in order if found.gains[place[name]] > 0]
    return [*gaining, *(name for name in rules if name not in gaining)]


@cache
def shipped() -> GainModel:
    """Return the network that the package brings.

    Raises:
        BadInput: it does not fit this version, in one sentence.
    """
    model = GainModel.load(SHIPPED)
    model.check(names(), SHIPPED)
    return model
