"""The charts of a search with several objectives: its front, and how much that covered as trials came."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from archmend.reports.charts import Spec, finished, natural, trial_row
from archmend.reports.record import RunRecord, Trial
from archmend.search.hypervolume import hypervolumes, reference_point
from archmend.search.ranking import fronts

_LOGARITHMIC = frozenset({"params", "flops", "latency_ms"})
_MOST_PAIRS = 3
_TITLES = {"params": "parameters", "flops": "FLOPs", "latency_ms": "latency in ms"}


def measured(record: RunRecord) -> list[Trial]:
    """Return the trials with several values, in the order in which they finished."""
    return [trial for trial in record.trials if isinstance(trial.value, tuple)]


def front_charts(record: RunRecord) -> list[tuple[str, Spec]]:
    """Return (title, chart) of the front for each pair of objectives; with many of them, first ones first."""
    trials = measured(record)
    if not trials:
        return []
    first = set(fronts([trial.value for trial in trials if trial.value is not None])[0])
    objectives = trials[0].objectives
    pairs = sorted(combinations(range(len(objectives)), 2))[:_MOST_PAIRS]
    return [
        (f"{_title(objectives[y])} against {_title(objectives[x])}", _front_chart(trials, first, x, y))
        for y, x in pairs
    ]


def hypervolume_history(record: RunRecord) -> Spec | None:
    """Return which share of the objectives' span was covered after each trial, None with one objective."""
    import altair as alt

    trials = measured(record)
    if not trials:
        return None
    shares = covered_shares(trials)
    rows = [
        {"order": order, "share": share, "trial": trial.trial}
        for order, (trial, share) in enumerate(zip(trials, shares, strict=True), start=1)
    ]
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            alt.X("order:Q", title="trials measured", axis=alt.Axis(tickMinStep=1, grid=False)),
            alt.Y("share:Q", title="hypervolume, share", scale=alt.Scale(domainMin=0)),
            tooltip=["trial:Q", "share:Q"],
        )
    )
    return finished(chart, 260)


def covered_shares(trials: list[Trial]) -> list[float]:
    """Return the share of the box between reference and ideal point that is covered after each trial."""
    points = [trial.value for trial in trials if isinstance(trial.value, tuple)]
    reference = reference_point(points)
    grown = hypervolumes(points, reference)
    whole = 1.0
    for axis, origin in zip(zip(*points, strict=True), reference, strict=True):
        whole *= max(axis) - origin
    return [value / whole for value in grown]


def _front_chart(trials: list[Trial], first: set[int], x: int, y: int) -> Spec:
    import altair as alt

    objectives = trials[0].objectives
    rows = [
        trial_row(trial, natural(trial, y))
        | {"x": natural(trial, x), "front": "on the front" if place in first else "dominated"}
        for place, trial in enumerate(trials)
    ]
    smallest = min(row["x"] for row in rows)
    kind: Any = "log" if objectives[x] in _LOGARITHMIC and smallest > 0 else "linear"
    across = alt.X(
        "x:Q",
        title=_title(objectives[x]),
        scale=alt.Scale(type=kind, zero=False),
        axis=alt.Axis(tickCount=4, format="~s"),
    )
    up = alt.Y("value:Q", title=_title(objectives[y]), scale=alt.Scale(zero=False))
    tooltip = ["trial:Q", "architecture:N", "value:Q", "x:Q"]
    scale = alt.Scale(domain=["on the front", "dominated"], range=["#d55e00", "#999999"])
    points = (
        alt.Chart(alt.Data(values=rows))
        .mark_point(filled=True, size=50, opacity=0.8)
        .encode(across, up, color=alt.Color("front:N", title=None, scale=scale), tooltip=tooltip)
    )
    line = (
        alt.Chart(alt.Data(values=[row for row in rows if row["front"] == "on the front"]))
        .mark_line(interpolate="step-after", color="#d55e00", strokeWidth=1.5)
        .encode(across, up)
    )
    # With more objectives the front is a surface, and a line through its picture would say nothing.
    return finished(line + points if len(objectives) == 2 else points, 260)


def _title(objective: str) -> str:
    return _TITLES.get(objective, objective.replace("_", " "))
