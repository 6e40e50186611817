"""A run's record -> one HTML page that needs nothing from outside."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from archmend.evaluation import beats_baselines, verdict
from archmend.reports import charts, pareto_charts
from archmend.reports.confirming import confirm_note, confirm_rows
from archmend.reports.drawing import layers_of
from archmend.reports.explaining import explanation_note, importance_chart
from archmend.reports.inheritance import inheritance_note
from archmend.reports.latency import latency_note
from archmend.reports.layer_charts import layer_charts
from archmend.reports.record import RunRecord
from archmend.reports.trial_curves import of_the_curves, trial_curves
from archmend.search import all_of, comparable
from archmend.search.comparable import reached
from archmend.storage import write_atomic

REPORT = "report.html"
_STOPPED = {
    "trials": "the number of trials was reached",
    "seconds": "the time was over",
    "target": "the target was reached",
    "exhausted": "every architecture of the space was tried",
}


@dataclass(frozen=True)
class Chart:
    """A chart on the page: its element, what it is called, what it shows in words, and the specification."""

    id: str
    title: str
    summary: str
    spec: dict[str, Any]


def render(record: RunRecord) -> str:
    """Return the page: HTML with style, charts and their program in it, below 2 MB."""
    drawn = _charts(record)
    return _template().render(
        record=record,
        headline=_headline(record),
        beaten=record.evaluation is not None and beats_baselines(record.evaluation) is False,
        stopped=_why_it_stopped(record),
        inherited=inheritance_note(record),
        layers=layers_of(record),
        latency=latency_note(record),
        explained=explanation_note(record),
        confirmed=confirm_note(record),
        confirmations=confirm_rows(record),
        charts={name: list(group) for name, group in drawn.items()},
        specs=_script_json({chart.id: chart.spec for group in drawn.values() for chart in group}),
        vega=_vega() if any(drawn.values()) else "",
        asked=_asked(record),
        lineage=_lineage(record),
        command=record.asked.command if record.asked else None,
        objectives=record.trials[0].objectives if record.trials else (),
        natural=charts.natural,
        top=_top(record),
    )


def write_report(folder: str | Path) -> Path:
    """Write report.html into a run's folder and return its path.

    Raises:
        BadInput: the folder holds no run, or a damaged file.
    """
    path = Path(folder) / REPORT
    write_atomic(path, render(RunRecord.from_directory(folder)))
    return path


def _charts(record: RunRecord) -> dict[str, list[Chart]]:
    found: dict[str, list[Chart]] = {"search": [], "cost": [], "training": [], "test": []}

    def add(group: str, title: str, summary: str, spec: dict[str, Any] | None) -> None:
        if spec is not None:
            number = sum(map(len, found.values()))
            found[group].append(Chart(f"chart-{number}", title, summary, spec))

    if record.trials:
        add(
            "search",
            "Search history",
            _of_the_history(record),
            charts.search_history(record),
        )
        add("search", "Learning curves", of_the_curves(record), trial_curves(record))
        for title, spec in charts.cost_charts(record):
            add(
                "cost",
                f"Value against {title}",
                f"The line joins the trials that none of lower {title} beats",
                spec,
            )
        for title, spec in pareto_charts.front_charts(record):
            add("search", title[:1].upper() + title[1:], _of_the_front(record), spec)
        add(
            "search",
            "Which choices matter",
            "How much of the values' variance over the space each choice makes by itself",
            importance_chart(record),
        )
        add("search", "Hypervolume", _of_the_hypervolume(record), pareto_charts.hypervolume_history(record))
    if record.history:
        for title, spec in charts.learning_curves(record):
            marks = (
                f"; vertical lines are the {len(record.decisions)} remedies tried" if record.decisions else ""
            )
            add("training", f"Training: {title}", f"{len(record.history)} epochs{marks}", spec)
    for title, spec in layer_charts(record):
        add(
            "training", title, "At each look at the layers; a network that was mended begins a new line", spec
        )
    add(
        "test",
        "Confusion matrix",
        "Rows of the test part by true and predicted class",
        charts.confusion(record),
    )
    add("test", "ROC", "One class against the rest, with the area below the curve", charts.roc(record))
    add(
        "test",
        "Precision and recall",
        "One class against the rest, with the average precision",
        charts.precision_recall(record),
    )
    return found


def _of_the_history(record: RunRecord) -> str:
    said = f"{len(record.trials)} trials in the order in which they finished, with the best so far"
    far = [reached(trial) for trial in record.trials if trial.value is not None]
    most = max(far, default=0)
    if most > 0:
        return f"{said} of those that trained for {most} epochs; fewer epochs are pale"
    early = sum(one < most for one in far)
    return f"{said}; the {early} that were stopped early are pale" if early else said


def _of_the_front(record: RunRecord) -> str:
    trials = pareto_charts.measured(record)
    return (
        f"{len(trials)} measured trials; none of those on the front is beaten in "
        f"{'both' if len(trials[0].objectives) == 2 else 'all'} objectives by another"
    )


def _of_the_hypervolume(record: RunRecord) -> str:
    trials = pareto_charts.measured(record)
    shares = pareto_charts.covered_shares(trials) if trials else [0.0]
    return (
        f"The trials cover {shares[-1]:.1%} of the box from a tenth of each objective's span behind its "
        "worst value to its best"
    )


def _headline(record: RunRecord) -> str:
    if record.evaluation is not None:
        return verdict(record.evaluation)
    if record.best is not None:
        value = charts.natural(record.best)
        return f"The search found {record.best.architecture} with {record.best.objectives[0]} {value:.4f}."
    return f"The run has not come to its end; {len(record.trials)} trials are in its journal."


def _why_it_stopped(record: RunRecord) -> str | None:
    by = record.best.stopped_by if record.best else None
    return None if by is None else _STOPPED.get(by, by)


def _asked(record: RunRecord) -> list[tuple[str, str]]:
    source = record.asked or record.searched
    if source is None:
        return []
    return [
        (name.replace("_", " "), ", ".join(map(str, v)) if isinstance(v, list | tuple) else str(v))
        for name, v in source.request.items()
        if v is not None and v is not False and v != []
    ]


def _lineage(record: RunRecord) -> list[tuple[str, str]]:
    rows: list[tuple[str, object]] = []
    if record.data:
        rows += [("data", record.data.source), ("data digest", record.data.digest)]
        rows += [("split digest", record.data.split_digest), ("test digest", record.data.test_digest)]
    if record.version:
        lineage = record.version.lineage
        number = f"{record.version.name} version {record.version.version}"
        aliases = f" ({', '.join(record.version.aliases)})" if record.version.aliases else ""
        rows += [("registered as", number + aliases), ("registry", record.version.registry)]
        rows += [("trial", lineage.trial), ("archmend", lineage.code_version)]
        rows += sorted(lineage.packages.items())
    if record.asked:
        rows += [("started", record.asked.started), ("finished", record.asked.finished)]
        if isinstance(record.asked.seconds, dict):
            rows += [(f"seconds, {step}", f"{s:.1f}") for step, s in record.asked.seconds.items()]
    return [(name, str(value)) for name, value in rows if value is not None]


def _top(record: RunRecord) -> list[Any]:
    return sorted(comparable(record.trials), key=lambda t: all_of(t.value), reverse=True)[:10]


def _script_json(value: Any) -> str:
    """Return JSON that cannot end the script element that it stands in."""
    text = json.dumps(value, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def _vega() -> str:
    import vl_convert

    bundle = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # its stub forgets the default
    return str(bundle).replace("</script", "<\\/script")


@cache
def _template() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("archmend.reports", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")
