"""Whether a remedy helped by more than noise: a pure decision on two validations of the same rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np

from archmend.repair.run import Validation

SURE = 3.0
"""Standard errors of the mean of the rows' paired differences. One-sided p = 0.0013, so that even a dozen
remedies tried on one run keep a useless one by chance in less than 2 % of the runs."""
GAIN = 0.02
"""Relative fall of the mean row loss that is worth a change; what reseeding alone does to a short stretch
of training is of this size, and the paired rows do not show it."""


LIKELY = 1.0
"""Standard errors that do where a fault of structure is gone with the remedy and stands without it: then
the question is no longer whether something is wrong, only whether this mends it."""


class Verdict(Enum):
    """What becomes of a trial."""

    KEEP = "keep"
    DROP = "drop"
    LONGER = "longer"


@dataclass(frozen=True)
class Judgement:
    """A verdict and one sentence that says why.

    Attributes:
        verdict, reason: these. sure: whether something was learned; what is kept without that may be
            exchanged for what learns more.
    """

    verdict: Verdict
    reason: str
    sure: bool = True


def unfit(now: Validation, *, mended: bool) -> Judgement | None:
    """Return why a trial cannot be kept whatever else it does; None where it can."""
    if not math.isfinite(now.row_loss) or not math.isfinite(now.loss):
        return Judgement(Verdict.DROP, "validation is not finite with it")
    if not mended:
        return Judgement(Verdict.DROP, "the fault still shows with it")
    return None


def judge(
    control: Validation | None,
    start: Validation,
    now: Validation,
    *,
    mended: bool,
    structural: bool,
    last: bool,
    known: float | None = None,
) -> Judgement:
    """Compare a remedy's trial with the untouched run after as many batches from the same checkpoint.

    Args:
        control: the untouched run's validation; None where that cannot learn, or is no longer finite.
        start: the candidate right after the edit.
        now: the candidate at the end of the trial so far.
        mended: whether no detector sees the fault in the candidate, nor one that was not there before.
        structural: whether the symptom is one that shows in a probe, and still shows in the untouched run.
        last: whether the trial cannot go on for longer.
        known: the loss of a row of knowing nothing, where there is one: what falls to it has learned nothing.
    """
    found = unfit(now, mended=mended)
    if found is not None:
        return found
    if control is None or not math.isfinite(control.row_loss):
        learned = f"validation loss of a row {start.row_loss:.4g} at its start, {now.row_loss:.4g} now"
        if surely_lower(start, now) and (known is None or now.row_loss < (1 - GAIN) * known):
            return Judgement(Verdict.KEEP, f"the fault is gone and it learns: {learned}")
        if last:
            return Judgement(
                Verdict.KEEP, f"the fault is gone, though it learns slowly: {learned}", sure=False
            )
        return Judgement(Verdict.LONGER, "the fault is gone, but nothing is learned yet")
    compared = f"validation loss of a row {control.row_loss:.4g} without, {now.row_loss:.4g} with it"
    if surely_lower(control, now):
        return Judgement(Verdict.KEEP, f"better by more than noise: {compared}")
    if not last:
        return Judgement(Verdict.LONGER, f"not decided yet: {compared}")
    if structural and surely_lower(control, now, errors=LIKELY):
        return Judgement(Verdict.KEEP, f"the fault is gone and the loss is likely better: {compared}")
    return Judgement(Verdict.DROP, f"not better by more than noise: {compared}")


def surely_lower(before: Validation, after: Validation, *, errors: float = SURE) -> bool:
    """Whether the rows' losses fell by so many standard errors of their paired differences, and by `GAIN`."""
    with np.errstate(all="ignore"):
        differences = before.row_losses - after.row_losses
    mean = float(differences.mean())
    if not math.isfinite(mean):
        return not math.isfinite(before.row_loss) and math.isfinite(after.row_loss)
    error = float(differences.std(ddof=1)) / math.sqrt(len(differences)) if len(differences) > 1 else math.inf
    return mean >= max(errors * error, GAIN * abs(before.row_loss)) and mean > 0
