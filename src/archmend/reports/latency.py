"""What the page says of a limit of latency."""

from __future__ import annotations

from archmend.reports.record import RunRecord


def latency_note(record: RunRecord) -> str | None:
    """Return what the limit of latency stood on before networks were built, None without a prediction."""
    known = record.searched.latency if record.searched else None
    if known is None:
        return None
    model = known.model
    note = (
        f"Latency was predicted before networks were built, from {model.networks} networks that were "
        f"measured on {model.machine}: on networks left out of the fit its error is "
        f"{model.error_median:.0%} in the median and {model.error_p95:.0%} at the 95th percentile. Ruled out "
        f"unbuilt was only what is over the limit even if it takes {model.least_ratio:.0%} of the prediction."
    )
    if known.trials_error_median is None or known.trials_error_p95 is None:
        return note
    return (
        f"{note} On the {known.trials} networks that this search measured the error is "
        f"{known.trials_error_median:.0%} in the median and {known.trials_error_p95:.0%} at the 95th "
        "percentile."
    )
