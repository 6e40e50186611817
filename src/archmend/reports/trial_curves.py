"""The training loss of a search's trials over their epochs."""

from __future__ import annotations

from archmend.reports.charts import Spec, finished, natural, status_color
from archmend.reports.record import RunRecord, Trial
from archmend.search import first_of
from archmend.search.comparable import is_early

MOST = 60
"""Trials whose curves are drawn: more of them hide one another."""


def drawn_trials(record: RunRecord) -> list[Trial]:
    """Return the trials with a curve, the best of them where there are more than `MOST`."""
    known = [trial for trial in record.trials if trial.curve]
    if max((len(trial.curve) for trial in known), default=0) < 2:
        return []
    worst = float("-inf")
    best = sorted(known, key=lambda trial: first_of(trial.value) if trial.value is not None else worst)
    kept = {trial.trial for trial in best[-MOST:]}
    return [trial for trial in known if trial.trial in kept]


def trial_curves(record: RunRecord) -> Spec | None:
    """Return a line for each trial; None where none was trained for two epochs."""
    import altair as alt

    trials = drawn_trials(record)
    if not trials:
        return None
    rows = [
        {
            "trial": trial.trial,
            "architecture": trial.architecture,
            "status": trial.status,
            "epoch": point.epoch,
            "loss": point.loss,
            "end": natural(trial),
        }
        for trial in trials
        for point in trial.curve
    ]
    positive = all(point.loss > 0 for trial in trials for point in trial.curve)
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point=alt.OverlayMarkDef(size=18), strokeWidth=1.3, opacity=0.7)
        .encode(
            alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1, grid=False)),
            alt.Y(
                "loss:Q",
                title="training loss",
                scale=alt.Scale(type="log" if positive else "linear", zero=False),
            ),
            detail="trial:N",
            color=status_color(),
            tooltip=["trial:Q", "architecture:N", "epoch:Q", "loss:Q", "end:Q", "status:N"],
        )
    )
    return finished(chart, 260)


def of_the_curves(record: RunRecord) -> str:
    """Return what the chart shows, in words."""
    trials = drawn_trials(record)
    known = sum(bool(trial.curve) for trial in record.trials)
    early = sum(map(is_early, trials))
    said = f"Mean loss of each epoch, {len(trials)} trials"
    if len(trials) < known:
        said += f", the best of {known}"
    return said + (f"; {early} ended early" if early else "")
