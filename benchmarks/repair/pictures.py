"""The benchmark's pictures: accuracy of each case before and after, and how soon 0.8 is reached."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd
from benchmarks.repair.figures import Rows

PPI = 120


def draw(rows: Rows, methods: Sequence[str], out: Path) -> None:
    """Write accuracy.png and epochs.png, each only where there is something to show."""
    accuracies, epochs = _accuracies(rows, methods), _epochs(rows, methods)
    if len(accuracies):
        _draw_accuracies(accuracies).save(str(out / "accuracy.png"), ppi=PPI)
    if len(epochs):
        _draw_epochs(epochs).save(str(out / "epochs.png"), ppi=PPI)


def _accuracies(rows: Rows, methods: Sequence[str]) -> pd.DataFrame:
    """Return for each faulty case and method the mean accuracy and R, cases from bad to good."""
    found = []
    for method in ("plain", *methods):
        for pair in rows.pairs(method):
            if pair.case.is_faulty:
                found.append(
                    {
                        "data": pair.case.data,
                        "case": pair.case.id,
                        "method": method,
                        "accuracy": pair.accuracy,
                        "reference": pair.reference,
                    }
                )
    if not found:
        return pd.DataFrame()
    frame = pd.DataFrame(found).groupby(["data", "method", "case"], as_index=False).mean()
    frame["cases, worst first"] = frame.groupby(["data", "method"])["accuracy"].rank(method="first")
    return frame


def _draw_accuracies(frame: pd.DataFrame) -> alt.FacetChart:
    lines = (
        alt.Chart()
        .mark_line(point=True)
        .encode(
            x=alt.X("cases, worst first:Q", axis=alt.Axis(tickMinStep=1, format="d")),
            y=alt.Y("accuracy:Q", title="accuracy on fresh rows", scale=alt.Scale(zero=False)),
            color=alt.Color("method:N", sort=None),
        )
    )
    norm = alt.Chart().mark_rule(strokeDash=[4, 4], color="black").encode(y="mean(reference):Q")
    return (
        alt.layer(lines, norm, data=frame)
        .properties(width=340, height=260)
        .facet(facet=alt.Facet("data:N", title="dashed: R"), columns=2)
        .resolve_scale(x="independent", y="independent")
    )


def _epochs(rows: Rows, methods: Sequence[str]) -> pd.DataFrame:
    """Return the share of faulty circle and blob runs that are at 0.8 after so many epochs."""
    curves = {method: [pair.epochs_to for pair in _plane(rows, method)] for method in ("plain", *methods)}
    curves["healthy 2-32-32"] = [
        np.inf if row.epochs_to is None else row.epochs_to for row in rows.of("healthy")
    ]
    found = []
    for method, reached in curves.items():
        for number, epoch in enumerate(sorted(reached), 1):
            if np.isfinite(epoch):
                found.append(
                    {"method": method, "epochs": max(epoch, 1), "share of runs": number / len(reached)}
                )
    return pd.DataFrame(found)


def _plane(rows: Rows, method: str) -> list:
    return [
        pair for pair in rows.pairs(method) if pair.case.is_faulty and pair.case.data in ("circle", "blob")
    ]


def _draw_epochs(frame: pd.DataFrame) -> alt.Chart:
    return (
        alt.Chart(frame, title="validation accuracy 0.8 reached, circle and blob")
        .mark_line(interpolate="step-after", point=True)
        .encode(
            x=alt.X(
                "epochs:Q", scale=alt.Scale(type="log"), title="epochs trained, trials and restarts counted"
            ),
            y=alt.Y("share of runs:Q", scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("method:N", sort=None),
        )
        .properties(width=560, height=340)
    )
