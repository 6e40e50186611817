"""Results as numbers that a model can be fitted to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archmend.search.objectives import first_of
from archmend.search.ranking import best_first
from archmend.search.types import TrialResult


def normal_scores(results: Sequence[TrialResult]) -> np.ndarray:
    """Return the results' ranks as quantiles of a normal distribution, larger is better, shape (n,).

    So neither the scale of a metric nor one disaster among the trials matters (the normal scores of
    van der Waerden). Equal values share a score. What failed lies below all that was measured. Several
    objectives are ranked as `best_first` orders them.
    """
    measured = [r for r in results if r.value is not None]
    if any(isinstance(r.value, tuple) for r in measured):
        order = {r.id: -float(place) for place, r in enumerate(best_first(measured))}
        values = [order.get(r.id, -np.inf) for r in results]
    else:
        values = [-np.inf if r.value is None else first_of(r.value) for r in results]
    return normal_scores_of(values)


def normal_scores_of(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the ranks of values, shape (n,), as quantiles of a normal distribution."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    return np.asarray(ndtri((rankdata(values) - 0.5) / len(values)))


def rank_correlation(a: Sequence[float] | np.ndarray, b: Sequence[float] | np.ndarray) -> float | None:
    """Return Spearman's rank correlation, ties sharing their ranks; None where one side is constant."""
    from scipy.stats import spearmanr

    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(spearmanr(a, b).statistic)
