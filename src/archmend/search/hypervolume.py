"""How much a set of results covers of what the objectives span: one figure for a whole front."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from archmend.errors import BadInput
from archmend.search.types import TrialResult

Point = tuple[float, ...]
MARGIN = 0.1
"""How far the reference point lies behind the worst values, in parts of each objective's span."""


@dataclass(frozen=True, slots=True)
class Hypervolume:
    """What a front covers.

    Attributes:
        value: volume between the front and the reference point, in the objectives' own units.
        share: of the box between the reference point and the best value of each objective: 0 to 1, whatever
            the units are.
        reference: the point it is measured from, turned as values are, so that larger is better.
        ideal: the best value of each objective.
    """

    value: float
    share: float
    reference: Point
    ideal: Point

    @classmethod
    def of(
        cls, results: Iterable[TrialResult], reference: Sequence[float] | None = None
    ) -> Hypervolume | None:
        """Return what results with several objectives cover, None where there are none.

        Args:
            results: of trials; those without a value are passed over.
            reference: to measure from, in the order of the objectives; `reference_point` unless given.
                Figures of several searches compare only with the same one.

        Raises:
            BadInput: a reference with another number of objectives.
        """
        points = values_of(results)
        if not points:
            return None
        origin = reference_point(points) if reference is None else tuple(map(float, reference))
        value = hypervolume(points, origin)
        ideal = tuple(max(axis) for axis in zip(*points, strict=True))
        whole = _box(ideal, origin)
        return cls(value, value / whole if whole > 0 else 0.0, origin, ideal)


def values_of(results: Iterable[TrialResult]) -> list[Point]:
    """Return the values of the measured results with several objectives, in the order of their ids."""
    return [r.value for r in sorted(results, key=lambda r: r.id) if isinstance(r.value, tuple)]


def reference_point(points: Sequence[Point]) -> Point:
    """Return the point to measure from: a little behind the worst value of each objective.

    By a tenth of the objective's span, so that the ends of a front count, too; by a tenth of the value (or of
    1) where the points do not differ in it. It is made of all measured trials, not of the front, so that
    it is known which trials a figure stands on, and a front's figure never falls as trials come.
    """
    found = []
    for axis in zip(*points, strict=True):
        low, high = min(axis), max(axis)
        found.append(low - MARGIN * ((high - low) or abs(low) or 1.0))
    return tuple(found)


def hypervolume(points: Iterable[Point], reference: Point) -> float:
    """Return the exact volume of what the points dominate, down to the reference point.

    Two objectives are swept; more are taken apart point by point, each with what it alone adds (While,
    Bradstreet and Barone, IEEE Trans. Evolutionary Computation 2012).

    Args:
        points: larger is better in each objective; what is not beyond the reference adds nothing.
        reference: the point to measure from.

    Raises:
        BadInput: points and reference differ in their number of objectives.
    """
    held = list(points)
    wrong = next((point for point in held if len(point) != len(reference)), None)
    if wrong is not None:
        raise BadInput(
            f"the point {wrong} has {len(wrong)} objectives and the reference {reference} has "
            f"{len(reference)}; give one number an objective"
        )
    return _covered(
        _front([p for p in held if all(v > r for v, r in zip(p, reference, strict=True))]), reference
    )


def hypervolumes(points: Sequence[Point], reference: Point) -> list[float]:
    """Return the volume after each of the points, in their order: how a front grew."""
    front: list[Point] = []
    reached, found = 0.0, []
    for point in points:
        if all(v > r for v, r in zip(point, reference, strict=True)) and not _beaten(point, front):
            reached += _box(point, reference) - _covered(_limited(front, point), reference)
            front = [other for other in front if not _beaten(other, [point])] + [point]
        found.append(reached)
    return found


def _covered(front: list[Point], reference: Point) -> float:
    """Return the volume of points of which none beats another."""
    if len(reference) <= 2:
        return _swept(front, reference)
    ordered = sorted(front, reverse=True)
    return sum(
        _box(point, reference) - _covered(_limited(ordered[place + 1 :], point), reference)
        for place, point in enumerate(ordered)
    )


def _swept(front: list[Point], reference: Point) -> float:
    total, *height = 0.0, *reference[1:]
    for point in sorted(front, reverse=True):
        if len(reference) == 1:
            return point[0] - reference[0]
        if point[1] > height[0]:
            total += (point[0] - reference[0]) * (point[1] - height[0])
            height[0] = point[1]
    return total


def _limited(others: list[Point], point: Point) -> list[Point]:
    """Return what the others cover of a point's own box, as points of which none beats another."""
    return _front([tuple(map(min, other, point)) for other in others])


def _front(points: list[Point]) -> list[Point]:
    front: list[Point] = []
    for point in sorted(set(points), reverse=True):  # whatever beats a point comes before it
        if not _beaten(point, front):
            front.append(point)
    return front


def _beaten(point: Point, others: list[Point]) -> bool:
    """Whether another is at least as good in everything."""
    return any(all(o >= p for o, p in zip(other, point, strict=True)) for other in others)


def _box(point: Point, reference: Point) -> float:
    volume = 1.0
    for value, origin in zip(point, reference, strict=True):
        volume *= value - origin
    return volume
