"""The limit of latency of a search: predicted, so that what is clearly too slow is never built."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from archmend.networks.calibration import LONGEST, latency_model
from archmend.networks.latency_model import LatencyModel, errors_on, knows_latency
from archmend.search import TrialResult
from archmend.spaces import Space
from archmend.steps.search_request import SearchRequest

_SHARE = 0.1
"""Of the time that a search has, what measuring the machine may take."""
_LEAST = 30.0
"""Seconds below which it is not begun, for it would hardly come to its end."""


class PredictedLatency(BaseModel):
    """What a search knows of latency before it builds a network.

    Attributes:
        model: of the machine, with its error on networks that it was not fitted on.
        trials: that were measured in this search. trials_error_median, trials_error_p95: of
            |predicted / measured - 1| on them; null before the end, and without any.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: LatencyModel
    trials: int = 0
    trials_error_median: float | None = None
    trials_error_p95: float | None = None

    def checked_on(self, space: Space, results: Iterable[TrialResult]) -> PredictedLatency:
        """Return it with its error on the trials that were measured."""
        measured = [(r.architecture, r.latency_ms) for r in results if r.latency_ms]
        errors = errors_on(self.model, space, measured)
        if errors is None:
            return self
        median, high = errors
        return self.model_copy(
            update={
                "trials": len(measured),
                "trials_error_median": median,
                "trials_error_p95": high,
            }
        )


def predicted_latency(request: SearchRequest, space: Space) -> PredictedLatency | None:
    """Return what is known of this machine's latency; None where nothing is limited, or nothing can be known.

    Measuring the machine is part of the search's time, and takes no more than a tenth of it.

    Args:
        request: of the search. Pods of a cluster are other machines, so that nothing is predicted for them.
        space: that is searched.
    """
    if request.max_latency_ms is None or request.engine != "local" or not knows_latency(space):
        return None
    seconds = LONGEST if request.max_seconds is None else _SHARE * request.max_seconds
    model = latency_model(seconds=seconds if seconds >= _LEAST else 0)
    return None if model is None else PredictedLatency(model=model)
