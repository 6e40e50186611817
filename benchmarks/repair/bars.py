"""The bars that a strategy has to pass, and whether it does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.repair.published_data import IMAGES

MEAN_ACCURACY = {"circle": 0.83, "blob": 0.81}
IMAGE_MARGIN = 0.01
REPAIRED, RECOVERED = 0.97, 0.85
POOLED_EPOCHS, CIRCLE_RATIO = 40, 1.1
EPOCHS_RATIO, SECONDS_RATIO = 1.1, 1.5
HARM, UNTOUCHED = 0.01, 0.9
P_VALUE = 0.01
NAMED, LAYER = 0.9, 0.8


@dataclass(frozen=True)
class Bar:
    """One bar: what is measured, where it has to be, and where it is; NaN where nothing was measured."""

    name: str
    value: float
    bound: float
    at_least: bool

    @property
    def passed(self) -> bool | None:
        """Whether it is passed; None where nothing was measured."""
        if math.isnan(self.value):
            return None
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def bars(figures: Mapping[str, Any]) -> Sequence[Bar]:
    """Return the bars of one method from its figures (as `report.figures_of` returns them)."""
    made = []
    for data, found in figures["accuracy"].items():
        if data in MEAN_ACCURACY:
            made.append(Bar(f"{data}: mean accuracy", found["accuracy"], MEAN_ACCURACY[data], True))
        elif data in IMAGES:
            below = found["reference"] - found["accuracy"]
            made.append(Bar(f"{data}: mean below R", below, IMAGE_MARGIN, False))
    repaired, epochs, cost = figures["repaired"], figures["epochs_to"], figures["cost"]
    harm, named = figures["harm"], figures["named"]
    made += [
        Bar("faulty runs repaired", repaired["repaired_share"], REPAIRED, True),
        Bar("mean recovered share", repaired["recovered_share"], RECOVERED, True),
        Bar("median epochs to 0.8, circle and blob", epochs["pooled"], POOLED_EPOCHS, False),
        Bar("circle: the same over a healthy network's", epochs["circle_ratio"], CIRCLE_RATIO, False),
        Bar("epochs over plain training's, median", cost["epochs_ratio"], EPOCHS_RATIO, False),
        Bar("seconds over Keras fit's, median", cost["seconds_ratio"], SECONDS_RATIO, False),
        Bar("harm: mean below plain", -harm["mean_difference"], HARM, False),
        Bar("harm: seeds harmed", harm["harmed_seeds"] if harm["runs"] else math.nan, 0, False),
        Bar("harm: left untouched", harm["untouched_share"], UNTOUCHED, True),
        Bar("structural faults named in the first epoch", named["named_share"], NAMED, True),
        Bar("of these, in the right layer", named["layer_share"], LAYER, True),
    ]
    if "against_random" in figures:
        made.append(Bar("p against random", figures["against_random"]["p"], P_VALUE, False))
    return made
