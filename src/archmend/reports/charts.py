"""The charts as Vega-Lite specifications; fonts and most colours come from the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archmend.reports.record import RunRecord, Trial
from archmend.search import comparable

Spec = dict[str, Any]
MOST_CURVES = 12
MOST_CELLS = 30
_DIRECTION = {"accuracy": 1, "average_precision": 1}


def natural(trial: Trial, index: int = 0) -> float | None:
    """Return a trial's value of an objective in the objective's own direction."""
    if trial.value is None:
        return None
    value = trial.value[index] if isinstance(trial.value, tuple) else trial.value
    return _DIRECTION.get(trial.objectives[index], -1) * value


def search_history(record: RunRecord) -> Spec:
    """Return each trial's value, and the best so far as a line.

    The line is of trials that may be compared; those of fewer epochs are pale points beside it.
    """
    import altair as alt

    rows, line, best = [], [], None
    compared = {trial.trial for trial in comparable(record.trials)}
    for order, trial in enumerate(record.trials, start=1):
        value = natural(trial)
        rows.append(trial_row(trial, value) | {"order": order, "compared": trial.trial in compared})
        if value is None or trial.value is None or trial.trial not in compared:
            continue
        turned = trial.value[0] if isinstance(trial.value, tuple) else trial.value
        if best is None or turned > best[0]:
            best = (turned, value)
        line.append({"order": order, "value": best[1], "best": "best so far"})
    name = record.trials[0].objectives[0]
    x = alt.X("order:Q", title="trials finished", axis=alt.Axis(tickMinStep=1, grid=False))
    y = alt.Y("value:Q", title=name, scale=alt.Scale(zero=False))
    tooltip = ["trial:Q", "architecture:N", "value:Q", "status:N", "params:Q", "epochs:Q"]
    points = (
        alt.Chart(alt.Data(values=[row for row in rows if row["value"] is not None]))
        .mark_point(filled=True, size=45)
        .encode(
            x,
            y,
            shape=alt.Shape("status:N", legend=None),
            color=status_color(),
            opacity=alt.condition("datum.compared", alt.value(0.85), alt.value(0.25)),
            tooltip=tooltip,
        )
    )
    # The unmeasured ones have no height; they stand on the lower edge.
    lost = (
        alt.Chart(alt.Data(values=[row for row in rows if row["value"] is None]))
        .mark_point(shape="cross", size=45, filled=True)
        .encode(x, y=alt.value("height"), color=status_color(), tooltip=["trial:Q", "status:N", "reason:N"])
    )
    running = alt.Chart(alt.Data(values=line)).mark_line(interpolate="step-after", strokeWidth=2).encode(x, y)
    return finished(running + points + lost, 260)


def cost_charts(record: RunRecord) -> list[tuple[str, Spec]]:
    """Return (title, chart) of value against parameters, FLOPs and latency, as far as they are known."""
    titles = {"params": "parameters", "flops": "FLOPs", "latency_ms": "latency in ms"}
    found = []
    for name, title in titles.items():
        rows = [trial_row(t, natural(t)) for t in comparable(record.trials) if getattr(t, name) is not None]
        if len(rows) > 1:
            found.append((title, _cost_chart(rows, name, title, record.trials[0].objectives[0])))
    return found


def _cost_chart(rows: list[dict[str, Any]], name: str, title: str, objective: str) -> Spec:
    import altair as alt

    sign = _DIRECTION.get(objective, -1)
    front, best = [], None
    for row in sorted(rows, key=lambda row: (row[name], -sign * row["value"])):
        if best is None or sign * row["value"] > best:
            best = sign * row["value"]
            front.append(row)
    x = alt.X(f"{name}:Q", title=title, scale=alt.Scale(type="log"), axis=alt.Axis(tickCount=4, format="~s"))
    y = alt.Y("value:Q", title=objective, scale=alt.Scale(zero=False))
    tooltip = ["trial:Q", "architecture:N", "value:Q", f"{name}:Q"]
    every = alt.Chart(alt.Data(values=rows)).mark_point(size=40, opacity=0.6).encode(x, y, tooltip=tooltip)
    line = (
        alt.Chart(alt.Data(values=front))
        .mark_line(interpolate="step-after", point=alt.OverlayMarkDef(size=55), color="#d55e00")
        .encode(x, y, tooltip=tooltip)
    )
    return finished(every + line, 220)


def learning_curves(record: RunRecord) -> list[tuple[str, Spec]]:
    """Return (title, chart) of loss and accuracy over the epochs, with the decisions of the repair."""
    pairs = {"loss": ("loss", "val_loss"), "accuracy": ("accuracy", "val_accuracy")}
    return [(title, _curve(record, title, *names)) for title, names in pairs.items()]


def _curve(record: RunRecord, title: str, training: str, validation: str) -> Spec:
    import altair as alt

    rows = [
        {"epoch": e.epoch + 1, "value": getattr(e, name), "rows": part}
        for e in record.history
        for name, part in ((training, "training"), (validation, "validation"))
    ]
    x = alt.X("epoch:Q", axis=alt.Axis(tickMinStep=1, grid=False))
    lines = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(strokeWidth=2, point=len(record.history) < 3)
        .encode(
            x,
            alt.Y("value:Q", title=title, scale=alt.Scale(zero=False)),
            color=alt.Color("rows:N", title=None, scale=alt.Scale(range=["#56b4e9", "#d55e00"])),
            tooltip=["epoch:Q", "rows:N", "value:Q"],
        )
    )
    if not record.decisions:
        return finished(lines, 220)
    return finished((lines + decision_marks(record, x)).resolve_scale(color="independent"), 220)


def decision_marks(record: RunRecord, x: Any) -> Any:
    """Return vertical lines where remedies were tried; there are some."""
    import altair as alt

    batches = max((d.batch for d in record.decisions), default=0) + 1
    marks = [
        {
            # Epochs are counted from 1 at their end, so a decision within one lies before that.
            "epoch": d.epoch + min(0.95, d.batch / batches),
            "remedy": d.remedy,
            "symptom": d.symptom,
            "kept": "kept" if d.kept else "undone",
        }
        for d in record.decisions
    ]
    return (
        alt.Chart(alt.Data(values=marks))
        .mark_rule(strokeWidth=1.5)
        .encode(
            x,
            color=alt.Color(
                "kept:N", scale=alt.Scale(domain=["kept", "undone"], range=["#009e73", "#999999"]), title=None
            ),
            tooltip=["symptom:N", "remedy:N", "kept:N"],
        )
    )


def confusion(record: RunRecord) -> Spec | None:
    """Return the confusion matrix, None where it would be too large to read."""
    import altair as alt

    evaluation = record.evaluation
    if evaluation is None or len(evaluation.per_class) > MOST_CELLS:
        return None
    names = [figures.name for figures in evaluation.per_class]
    rows = [
        {"true": names[i], "predicted": names[j], "rows": count, "share": count / max(1, sum(line))}
        for i, line in enumerate(evaluation.confusion_matrix)
        for j, count in enumerate(line)
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        alt.X("predicted:N", sort=names, axis=alt.Axis(labelAngle=0 if len(names) < 13 else -60)),
        alt.Y("true:N", sort=names),
        tooltip=["true:N", "predicted:N", "rows:Q"],
    )
    cells = base.mark_rect().encode(
        alt.Color("share:Q", legend=None, scale=alt.Scale(scheme="blues", domain=[0, 1]))
    )
    if len(names) > 20:
        return finished(cells, 18 * len(names))
    dark = alt.condition("datum.share > 0.55", alt.value("white"), alt.value("#1b2733"))
    figures_ = (
        base.transform_filter("datum.rows > 0").mark_text(fontSize=11).encode(text="rows:Q", color=dark)
    )
    return finished(cells + figures_, max(140, 30 * len(names)))


def roc(record: RunRecord) -> Spec | None:
    """Return the ROC curves of the classes, the worst ones if there are many."""
    evaluation = record.evaluation
    if evaluation is None:
        return None
    known = [curve for curve in evaluation.roc if curve.auc is not None]
    worst = sorted(known, key=lambda curve: curve.auc or 0)[:MOST_CURVES]
    rows = [
        {"x": x, "y": y, "class": f"{curve.name} ({curve.auc:.3f})"}
        for curve in worst
        for x, y in zip(curve.fpr, curve.tpr, strict=True)
    ]
    return _class_curves(rows, "false positive rate", "true positive rate")


def precision_recall(record: RunRecord) -> Spec | None:
    """Return the precision-recall curves of the classes, the worst ones if there are many."""
    evaluation = record.evaluation
    if evaluation is None:
        return None
    known = [curve for curve in evaluation.precision_recall if curve.average_precision is not None]
    worst = sorted(known, key=lambda curve: curve.average_precision or 0)[:MOST_CURVES]
    rows = [
        {"x": x, "y": y, "class": f"{curve.name} ({curve.average_precision:.3f})"}
        for curve in worst
        for x, y in zip(curve.recall, curve.precision, strict=True)
    ]
    return _class_curves(rows, "recall", "precision")


def _class_curves(rows: Sequence[dict[str, Any]], x: str, y: str) -> Spec | None:
    import altair as alt

    if not rows:
        return None
    numbered = [{**row, "order": order} for order, row in enumerate(rows)]
    unit = alt.Scale(domain=[0, 1])
    chart = (
        alt.Chart(alt.Data(values=numbered))
        .mark_line(strokeWidth=1.5)
        .encode(
            alt.X("x:Q", title=x, scale=unit),
            alt.Y("y:Q", title=y, scale=unit),
            order="order:Q",
            color=alt.Color("class:N", title=None, legend=alt.Legend(columns=3)),
            tooltip=["class:N"],
        )
    )
    return finished(chart, 260)


def trial_row(trial: Trial, value: float | None) -> dict[str, Any]:
    """Return what a chart's points say of a trial."""
    return {
        "trial": trial.trial,
        "architecture": trial.architecture,
        "value": value,
        "status": trial.status,
        "reason": trial.reason or "",
        "params": trial.params,
        "flops": trial.flops,
        "latency_ms": trial.latency_ms,
        "epochs": trial.epochs,
    }


def status_color() -> Any:
    """Return the colours of what became of a trial."""
    import altair as alt

    scale = alt.Scale(
        domain=["succeeded", "stopped", "failed", "rejected"],
        range=["#0072b2", "#e69f00", "#d55e00", "#999999"],
    )
    return alt.Color("status:N", title=None, scale=scale, legend=alt.Legend(orient="bottom", columns=4))


def finished(chart: Any, height: int) -> Spec:
    """Return a chart's specification, as wide as its place on the page."""
    spec: Spec = chart.properties(width="container", height=height).to_dict()
    spec.pop("config", None)  # Altair's default size; the page's style takes its place
    return spec
