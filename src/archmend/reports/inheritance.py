"""What the report says of the weights that trials inherited."""

from __future__ import annotations

from archmend.reports.record import RunRecord
from archmend.search.inheriting import InheritanceCheck, Trial, check_inheritance


def inheritance_note(record: RunRecord) -> str | None:
    """Return sentences on how inheritance may have moved the values, None where no trial inherited."""
    codes = {trial.trial: trial.architecture for trial in record.trials}
    found = check_inheritance(
        Trial(
            trial.trial,
            trial.value,
            trial.epochs,
            # One of the same architecture is continued, not inherited from.
            None if trial.parent is None or codes.get(trial.parent) == trial.architecture else trial.parent,
        )
        for trial in record.trials
    )
    return None if found is None else _sentences(found)


def _sentences(found: InheritanceCheck) -> str:
    interval = f"95 % interval {found.low:.0%} to {found.high:.0%}"
    said = (
        f"{found.inherited} of {found.trials} trials started from another one's weights, with "
        f"{found.epochs:g} epochs behind them in the median. {found.better:.0%} of them did better than "
        f"that one ({interval})"
    )
    if found.favours_late_trials:
        return (
            f"{said}: values rise with the epochs behind a trial, or with the search's progress. Trials that "
            "began anew may be better than their values say."
        )
    return f"{said}, so nothing shows that late trials were favoured over early ones."
