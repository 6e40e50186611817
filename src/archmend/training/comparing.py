"""What a trial on its way is compared by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archmend.search import Rung, first_of, objective_value


def rung_at(rungs: Sequence[Rung], epochs: float) -> Rung | None:
    """Return the rung after so many epochs, None where there is none."""
    return next((rung for rung in rungs if rung.epochs == epochs), None)


def value_of(rung: Rung, metrics: Mapping[str, float]) -> float:
    """Return the value in the rung's objective, turned so that larger is better, of what was measured."""
    return first_of(objective_value((rung.objective,), metrics))
