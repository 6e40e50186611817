"""How the networks of a request are trained, whoever trains them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from archmend.training import TrainingSettings

if TYPE_CHECKING:
    from archmend.steps.search_request import SearchRequest
    from archmend.steps.trial_request import TrialRequest


def training_settings(
    request: SearchRequest | TrialRequest, data: Path, weights: Path | None, memory: int | None = None
) -> TrainingSettings:
    """Return the settings of a search's workers, or of a pod.

    Args:
        request: of a search or of its trial.
        data: a prepared directory.
        weights: folder for the trained weights; None keeps none.
        memory: bytes for the arrays of networks that are trained together; None is no limit.
    """
    return TrainingSettings(
        data,
        request.space_source,
        request.epochs,
        request.batch_size,
        request.optimizer,
        request.learning_rate,
        latency="latency_ms" in request.objectives or request.max_latency_ms is not None,
        latency_limit=request.max_latency_ms,
        weights=weights,
        memory=memory,
    )
