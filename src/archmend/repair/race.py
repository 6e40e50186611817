"""Successive halving over remedies: short stretches for many of them, longer ones for those that lead.

Jamieson and Talwalkar, "Non-stochastic Best Arm Identification", AISTATS 2016.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from archmend.repair.judge import Judgement, Verdict, surely_lower, unfit
from archmend.repair.trial import Lap, Trials

Drop = Callable[[Lap, Judgement], None]


def race(trials: Trials, laps: Sequence[Lap], drop: Drop) -> Lap | None:
    """Train the laps side by side, of each round the better half, until one is left.

    Args:
        trials: train them.
        laps: standing at their start.
        drop: told of each that is given up, with the reason.

    Returns:
        The lap that is left, after at least one round; None where all of them were unfit.
    """
    left = list(laps)
    while True:
        for lap in left:
            trials.lengthen(lap)
        fit = []
        for lap in left:
            found = unfit(lap.now, mended=not lap.faulty)
            if found is None:
                fit.append(lap)
            else:
                drop(lap, found)
        left = sorted(fit, key=lambda lap: lap.now.row_loss)
        half = math.ceil(len(left) / 2)
        for lap in left[half:]:
            drop(lap, behind(lap, left[0]))
        left = left[:half]
        if len(left) <= 1:
            return left[0] if left else None


def behind(lap: Lap, first: Lap) -> Judgement:
    """Return why a lap is given up for another one that was trained on as many rows."""
    sure = "behind" if surely_lower(lap.now, first.now) else "not ahead"
    return Judgement(
        Verdict.DROP,
        f"{sure} of {first.name} after as many batches: "
        f"validation loss of a row {first.now.row_loss:.4g} with that, {lap.now.row_loss:.4g} with this",
    )
