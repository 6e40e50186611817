"""The table, the summary, the per-case file and the pictures of the rows that are there."""

from __future__ import annotations

import csv
import json
import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.repair import diagnoses, figures
from benchmarks.repair.bars import Bar, bars
from benchmarks.repair.case import Case
from benchmarks.repair.cases import NORMAL
from benchmarks.repair.figures import Pair, Rows
from benchmarks.repair.pictures import draw
from benchmarks.repair.plan import Wanted, seeds_of
from benchmarks.repair.row import read_all
from rich.console import Console
from rich.table import Table

CONTROL = "archmend:random"
CIFAR_NOTE = "cifar10 is MNIST in CIFAR-10's shape (padded to 32x32, three equal channels)"


def report(wanted: Wanted, chosen: Sequence[Case]) -> None:
    """Print the table of the chosen cases and write summary.json, cases.csv, table.md and the pictures."""
    from benchmarks.repair.references import References

    def reference(case: Case) -> float | None:
        return References(wanted.out, wanted.folder, seeds_of(wanted, case)).of(case, train=False)

    rows = Rows(chosen, read_all(wanted.out), reference)
    methods = [method for method in rows.methods() if method != "plain"]
    found = {method: figures_of(rows, method) for method in methods}
    wanted.out.mkdir(parents=True, exist_ok=True)
    summary = {
        method: {**values, "bars": [_bar(bar) for bar in bars(values)]} for method, values in found.items()
    }
    seen = diagnoses.judged(rows.cases, rows.of("diagnose"))
    if seen:
        summary["diagnose"] = diagnoses.figures(seen)
        diagnoses.write(seen, wanted.out / "diagnoses.csv")
    (wanted.out / "summary.json").write_text(json.dumps(_finite(summary), indent=1))
    _write_cases(rows, methods, wanted.out / "cases.csv")
    tables = [_table(found)] if found else []
    if seen:
        tables.append(_diagnoses(seen))
    with (wanted.out / "table.txt").open("w") as file:
        for console in (Console(width=150), Console(file=file, width=150)):
            for table in tables:
                console.print(table)
            if any(case.data == "cifar10" for case in chosen):
                console.print(CIFAR_NOTE)
    if methods:
        draw(rows, methods, wanted.out)


def figures_of(rows: Rows, method: str) -> dict[str, Any]:
    """Return all figures of one method."""
    pairs = rows.pairs(method)
    faulty = [pair for pair in pairs if pair.case.is_faulty]
    healthy = [pair for pair in pairs if pair.case.label in NORMAL]
    made = {
        "accuracy": figures.mean_accuracy(faulty),
        "repaired": figures.repaired(faulty),
        "epochs_to": figures.epochs_to(faulty, rows.of("healthy")),
        "cost": figures.cost(faulty, rows.of("keras")),
        "harm": figures.harm(healthy, rows.of("plain")),
        "named": figures.named(faulty),
        "errors": sum(pair.row.error is not None for pair in pairs),
    }
    control = [pair for pair in rows.pairs(CONTROL) if pair.case.is_faulty]
    if method not in (CONTROL, "autotrainer") and control:
        made["against_random"] = figures.against(faulty, control)
    return made


def _table(found: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(title="repair")
    table.add_column("")
    for method in found:
        table.add_column(method, justify="right")
    for data in dict.fromkeys(data for values in found.values() for data in values["accuracy"]):
        cells = [_accuracies(values["accuracy"].get(data)) for values in found.values()]
        table.add_row(f"{data}: runs, plain -> repaired (R)", *cells)
    table.add_row(
        "faulty runs", *(str(values["repaired"]["faulty"]) for values in found.values()), end_section=True
    )
    made = {method: {bar.name: bar for bar in bars(values)} for method, values in found.items()}
    for name in dict.fromkeys(name for of_method in made.values() for name in of_method):
        bound = next(of_method[name] for of_method in made.values() if name in of_method)
        cells = [_cell(of_method.get(name)) for of_method in made.values()]
        table.add_row(f"{name} ({'>=' if bound.at_least else '<='} {bound.bound:g})", *cells)
    table.add_section()
    for title, part, key in (
        ("processor seconds over Keras fit's, median", "cost", "cpu_seconds_ratio"),
        ("seconds, all faulty cases", "cost", "seconds"),
        ("epochs, all faulty cases", "cost", "epochs"),
        ("healthy runs", "harm", "runs"),
        ("runs with a structural fault", "named", "runs"),
    ):
        table.add_row(title, *(f"{values[part][key]:.4g}" for values in found.values()))
    table.add_row("rows with an error", *(str(values["errors"]) for values in found.values()))
    return table


def _diagnoses(seen: Sequence[diagnoses.Judged]) -> Table:
    found = diagnoses.figures(seen)
    title = (
        f"diagnosis in the first epoch: of {found['structural']} structural faults "
        f"{found['named_share']:.2f} named, of these {found['layer_share']:.2f} in the right layer; "
        f"{found['alarm_share']:.2f} of {found['healthy']} healthy networks alarmed"
    )
    table = Table(title=title)
    for name in ("fault", "runs", "named", "right layer", "first finding where it is not named"):
        table.add_column(name, justify="left" if name[0] == "f" else "right")
    for name, (runs, named, placed, others) in diagnoses.by_fault(seen).items():
        table.add_row(name, str(runs), str(named), str(placed), others)
    return table


def _accuracies(found: Mapping[str, float] | None) -> str:
    if found is None:
        return ""
    return f"{found['runs']}: {found['plain']:.3f} -> {found['accuracy']:.3f} ({found['reference']:.3f})"


def _cell(bar: Bar | None) -> str:
    if bar is None or bar.passed is None:
        return "-"
    return f"{bar.value:.3g} {'yes' if bar.passed else 'no'}"


def _bar(bar: Bar) -> dict[str, Any]:
    return {"name": bar.name, "value": bar.value, "bound": bar.bound, "passed": bar.passed}


def _finite(value: Any) -> Any:
    """Return values as JSON can hold them: what is not finite is null."""
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write_cases(rows: Rows, methods: Sequence[str], path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for method in methods:
            by_case: dict[str, list[Pair]] = {}
            for pair in rows.pairs(method):
                by_case.setdefault(pair.case.id, []).append(pair)
            for pairs in by_case.values():
                writer.writerow(_case_line(method, pairs))


COLUMNS = (
    "case",
    "data",
    "label",
    "symptom",
    "method",
    "seeds",
    "reference",
    "plain",
    "accuracy",
    "recovered",
    "epochs_to",
    "epochs",
    "epochs_asked",
    "seconds",
    "first",
    "kept",
    "error",
)


def _case_line(method: str, pairs: Sequence[Pair]) -> list[Any]:
    case = pairs[0].case
    recovered = [pair.recovered for pair in pairs if pair.is_faulty]
    firsts = Counter(_first(pair) for pair in pairs)
    kept = Counter(" + ".join(pair.row.kept) or "nothing" for pair in pairs)
    return [
        case.id,
        case.data,
        case.label,
        case.symptom,
        method,
        len(pairs),
        "" if pairs[0].reference is None else round(pairs[0].reference, 4),
        round(statistics.mean(pair.before for pair in pairs), 4),
        round(statistics.mean(pair.accuracy for pair in pairs), 4),
        round(statistics.mean(recovered), 3) if recovered else "",
        statistics.median(pair.epochs_to for pair in pairs),
        round(statistics.mean(pair.row.epochs for pair in pairs), 1),
        case.epochs,
        round(statistics.mean(pair.row.seconds for pair in pairs), 1),
        "; ".join(f"{text} x{count}" for text, count in firsts.items()),
        "; ".join(f"{text} x{count}" for text, count in kept.items()),
        next((pair.row.error for pair in pairs if pair.row.error), ""),
    ]


def _first(pair: Pair) -> str:
    first = pair.row.first()
    if first is None:
        return "no symptom"
    return f"{first['symptom']} in {first['layer'] or 'all'} at {first['epoch']}.{first['batch']}"
