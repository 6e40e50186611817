"""What another strategy is told of a search with several fidelities, so that it can propose in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from archmend.search.objectives import all_of
from archmend.search.types import Suggestion, TrialResult, Value
from archmend.spaces import Architecture


def as_told(asked: Sequence[Suggestion], results: Mapping[int, TrialResult]) -> list[TrialResult]:
    """Return one result for each architecture, numbered from 0 in the order of first asking.

    Its value is no measurement but a place: 1 for the best of all, near 0 for the worst, of each objective
    by itself; see `in_order`. An architecture of which nothing is known yet is running.

    Args:
        asked: all suggestions in the order of their ids.
        results: of those that are told, by id.
    """
    known: dict[Architecture, TrialResult | None] = {}
    for suggestion in asked:
        before, result = known.get(suggestion.architecture), results.get(suggestion.id)
        # What was measured with fewer epochs stands, whatever becomes of a promotion.
        if before is None or (result is not None and result.value is not None):
            known[suggestion.architecture] = result
    places = _places([r for s in asked if (r := results.get(s.id)) is not None and r.value is not None])
    told = []
    for number, (architecture, result) in enumerate(known.items()):
        if result is None:
            told.append(TrialResult(number, architecture, None, "running"))
        else:
            value = places.get(architecture) if result.value is not None else None
            told.append(replace(result, id=number, value=value, fidelity=None))
    return told


def in_order(rungs: Sequence[Sequence[Architecture]]) -> list[Architecture]:
    """Return all architectures in one order, the best first, from the orders of several rungs.

    Values of two fidelities cannot be compared, so a rung's order is taken over into that of the rungs below:
    the places that its architectures have there are dealt out anew among them. One that is in no rung
    below comes right after the next better one of its rung.

    Args:
        rungs: each the best first, from the fewest epochs on.
    """
    order: list[Architecture] = []
    for rung in rungs:
        members = set(rung)
        below = members.intersection(order)
        again = iter([a for a in rung if a in below])
        order = [next(again) if a in below else a for a in order]
        order = _with_new(order, rung, below)
    return order


def _with_new(
    order: list[Architecture], rung: Sequence[Architecture], below: set[Architecture]
) -> list[Architecture]:
    """Put those of a rung that are in none below after their predecessors, the leading ones first."""
    following: dict[Architecture | None, list[Architecture]] = {}
    anchor: Architecture | None = None
    for architecture in rung:
        if architecture in below:
            anchor = architecture
        else:
            following.setdefault(anchor, []).append(architecture)
    # Those before any known one stand right before the first that is known.
    first = next((a for a in rung if a in below), None)
    leading = following.pop(None, [])
    found: list[Architecture] = [] if first is not None else [*leading]
    for architecture in order:
        found += leading if architecture == first else []
        found += [architecture, *following.get(architecture, [])]
    return found


def _places(measured: Sequence[TrialResult]) -> dict[Architecture, Value]:
    """Return the value that each measured architecture is told with."""
    by_rung: dict[int, list[TrialResult]] = {}
    for result in measured:
        by_rung.setdefault(result.fidelity or 0, []).append(result)
    count = max((len(r.value) for r in measured if isinstance(r.value, tuple)), default=0)
    columns = []
    for axis in range(max(1, count)):
        rungs = [_sorted(by_rung[epochs], axis) for epochs in sorted(by_rung)]
        order = in_order(rungs)
        columns.append({a: 1 - (place + 0.5) / len(order) for place, a in enumerate(order)})
    if not count:
        return dict(columns[0])
    return {a: tuple(column[a] for column in columns) for a in columns[0]}


def _sorted(results: Sequence[TrialResult], axis: int) -> list[Architecture]:
    def key(result: TrialResult) -> tuple[float, int]:
        return -all_of(result.value)[axis], result.id

    return list(dict.fromkeys(r.architecture for r in sorted(results, key=key)))
