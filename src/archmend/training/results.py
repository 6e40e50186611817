"""What became of a trial, from what its training said last."""

from __future__ import annotations

from collections.abc import Sequence

from archmend.search import Suggestion, TrialResult, objective_value
from archmend.training.task import Report


def trial_result(
    suggestion: Suggestion,
    report: Report,
    objectives: Sequence[str],
    *,
    seed: int,
    parent: int | None,
    seconds: float | None = None,
) -> TrialResult:
    """Return the result of a training; one that never said its end has failed.

    Args:
        suggestion: that it answers.
        report: the last one of it.
        objectives: what its value is made of.
        seed: of weights and order.
        parent: trial whose weights it started from.
        seconds: that it took; None leaves it open.
    """
    measured = {
        **report.metrics,
        "params": report.params,
        "flops": report.flops,
        "latency_ms": report.latency_ms,
    }
    status = "failed" if report.status == "running" else report.status
    valued = bool(report.metrics) and status in ("succeeded", "stopped")
    return TrialResult(
        suggestion.id,
        suggestion.architecture,
        objective_value(objectives, measured) if valued else None,
        status,
        suggestion.fidelity,
        metrics=dict(report.metrics),
        reason=report.reason,
        params=report.params,
        flops=report.flops,
        latency_ms=report.latency_ms,
        seconds=seconds,
        epochs=report.epochs,
        seed=seed,
        parent=parent,
        curve=report.curve,
    )
