"""What the report says of the weights that trials inherited."""

from __future__ import annotations

from archmend.reports.record import RunRecord
from archmend.search.inheriting import Trial, check_inheritance


def inheritance_note(record: RunRecord) -> str | None:
    """Return sentences on what inheritance did to the values, None where no trial inherited.

    Values from scratch are those of the trainings that confirmed the best.
    """
    codes = {trial.trial: trial.architecture for trial in record.trials}
    confirmed = record.confirm.candidates if record.confirm is not None else ()
    found = check_inheritance(
        (
            Trial(
                trial.trial,
                trial.value,
                trial.epochs,
                # One of the same architecture is continued, not inherited from.
                None
                if trial.parent is None or codes.get(trial.parent) == trial.architecture
                else trial.parent,
            )
            for trial in record.trials
        ),
        {c.trial: c.mean for c in confirmed if c.mean is not None},
    )
    if found is None:
        return None
    said = (
        f"{found.inherited} of {found.trials} trials started from another one's weights, with "
        f"{found.epochs:g} epochs behind them in the median, so values are those of trainings of unlike "
        "length"
    )
    if found.overestimate is None:
        return f"{said}; --confirm trains the best from scratch and says how far their order holds."
    above, agreement = found.overestimate, found.agreement
    order = (
        "" if agreement is None else f", and their order agrees with a rank correlation of {agreement:.2f}"
    )
    return (
        f"{said}. From scratch, the {found.repeated} that were trained again are {abs(above):.4f} "
        f"{'worse' if above > 0 else 'better'} in the median{order}."
    )
