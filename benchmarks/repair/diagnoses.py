"""How right diagnoses are: what is found in faulty networks, and what in healthy ones."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.repair.case import Case, Fault
from benchmarks.repair.cases import NORMAL
from benchmarks.repair.row import Row
from benchmarks.repair.truth import structural

COLUMNS = ("case", "seed", "label", "fault", "layers", "named", "layer", "sure", "perhaps", "error")


@dataclass(frozen=True)
class Judged:
    """One diagnosis beside the truth.

    Attributes:
        case: that was looked at. row: what was found. fault: what is to be found in the first epoch, None for
            nothing or for faults that show later.
    """

    case: Case
    row: Row
    fault: Fault | None

    @property
    def sure(self) -> list[Mapping[str, object]]:
        """The findings that a repair acts on."""
        return [one for one in self.row.findings if one["sure"]]

    @property
    def is_named(self) -> bool:
        """Whether a sure finding names the fault."""
        return self.fault is not None and any(one["symptom"] in self.fault.symptoms for one in self.sure)

    @property
    def is_placed(self) -> bool:
        """Whether it does so in the right layer; a fault of the whole network has none to be missed."""
        if self.fault is None:
            return False
        return any(
            one["symptom"] in self.fault.symptoms
            and (not self.fault.layers or one["layer"] in self.fault.layers)
            for one in self.sure
        )


def judged(cases: Mapping[str, Case], rows: Sequence[Row]) -> list[Judged]:
    """Return all diagnoses beside the truth."""
    return [Judged(cases[row.case], row, structural(cases[row.case])) for row in rows]


def figures(found: Sequence[Judged]) -> dict[str, float]:
    """Return how many structural faults are named and placed, and how many healthy networks are alarmed."""
    faulty = [one for one in found if one.fault is not None]
    healthy = [one for one in found if one.case.label in NORMAL]
    named = [one for one in faulty if one.is_named]
    return {
        "structural": len(faulty),
        "named_share": _share(len(named), len(faulty)),
        "layer_share": _share(sum(one.is_placed for one in named), len(named)),
        "healthy": len(healthy),
        "alarm_share": _share(sum(bool(one.sure) for one in healthy), len(healthy)),
    }


def by_fault(found: Sequence[Judged]) -> dict[str, tuple[int, int, int, str]]:
    """Return for each fault the number of diagnoses, how many name it, place it, and what else is found."""
    groups: dict[str, list[Judged]] = {}
    for one in found:
        groups.setdefault(one.case.symptom if one.case.is_faulty else one.case.label, []).append(one)
    lines = {}
    for name, some in sorted(groups.items()):
        first = [str(one.sure[0]["symptom"]) if one.sure else "nothing" for one in some if not one.is_named]
        others = ", ".join(f"{word} {first.count(word)}" for word in sorted(set(first)))
        lines[name] = (
            len(some),
            sum(one.is_named for one in some),
            sum(one.is_placed for one in some),
            others,
        )
    return lines


def write(found: Sequence[Judged], path: Path) -> None:
    """Write a line for each diagnosis."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for one in found:
            fault = one.fault
            perhaps = [finding for finding in one.row.findings if not finding["sure"]]
            writer.writerow(
                [
                    one.case.id,
                    one.row.seed,
                    one.case.label,
                    one.case.symptom,
                    "" if fault is None else " ".join(fault.layers),
                    "" if fault is None else one.is_named,
                    "" if fault is None else one.is_placed,
                    _words(one.sure),
                    _words(perhaps),
                    one.row.error or "",
                ]
            )


def _words(findings: Sequence[Mapping[str, object]]) -> str:
    return "; ".join(
        f"{one['symptom']} in {one['layer'] or 'all'} ({one['confidence']:.2f}, batch {one['batch']})"
        for one in findings
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
