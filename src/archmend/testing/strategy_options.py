"""The part of a strategy's contract that is about a budget, several objectives and earlier runs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from archmend.search import Budget, Suggestion, TrialResult
from archmend.spaces import Architecture, Space
from archmend.testing.playing import Make, answered, check_limits_kept, play, without_value
from archmend.testing.spaces import NARROW, NARROW_PARAMS, costed, sum_of_numbers

_OBJECTIVES = ("accuracy", "params")


def check_limits(make: Make, space: Space) -> None:
    """Nothing over a limit of cost is asked; in a finite space all that is within is, and then no more."""
    space = costed(space)
    budget = Budget(params=_tight(space))
    strategy = make(space, 12, budget=budget, prior=_prior(space, _same))
    check_limits_kept(strategy, play(strategy, 2))
    strategy = make(space, 4, budget=budget)
    if not space.is_finite:
        check_limits_kept(strategy, play(strategy, 12))
        return
    fitting = {a for a in space if budget.excess(space.cost(a)) is None}
    asked = play(strategy, len(fitting) * max(1, len(strategy.fidelities)) + 5)
    check_limits_kept(strategy, asked)
    left = fitting - {s.architecture for s in asked}
    assert not left, (
        f"{len(left)} of {len(fitting)} architectures within the limits were never asked on {space.name}"
    )


def check_narrow_limits(make: Make) -> None:
    """Where one architecture in 10,000 is within the limits, such ones are asked."""
    strategy = make(NARROW, 0, budget=Budget(params=NARROW_PARAMS))
    asked = play(strategy, 8)
    assert len(asked) == 8, f"{len(asked)} architectures are found where 43,758 are within the limits"
    check_limits_kept(strategy, asked)


def check_objectives(make: Make, space: Space) -> None:
    """With several objectives the values are tuples; a replay, in any order, goes on alike."""
    count = int(min(space.size - 1, 12))
    strategy = make(space, 6, objectives=_OBJECTIVES)
    results = [answered(s, _two_values) for s in play(strategy, count, _two_values)]
    fresh = make(space, 6, objectives=_OBJECTIVES)
    for result in reversed(results):
        fresh.tell([result])
    assert fresh.ask(1) == strategy.ask(1), (
        f"with two objectives a replayed history goes on differently on {space.name}"
    )


def check_prior(make: Make, space: Space) -> None:
    """Earlier runs are taken in, whatever their ids and failures, by the order of their values alone."""
    made = []
    for change in (_same, _stretched):
        strategy = make(space, 11, prior=_prior(space, change))
        asked = play(strategy, 4)
        ids = [s.id for s in asked]
        assert ids == list(range(4)), f"after earlier runs ids count from 0 on, too, got {ids}"
        made.append(asked)
    assert made[0] == made[1], (
        f"earlier runs whose values lie elsewhere in the same order change what is asked on {space.name}"
    )


def _prior(space: Space, change: Callable[[float], float]) -> list[TrialResult]:
    """Return results as of two runs: ids come twice, one trial failed, the best are the most costly."""
    rng = np.random.default_rng(3)
    drawn: dict[Architecture, None] = {}
    while len(drawn) < min(12, int(min(space.size, 100)) // 3):
        drawn.setdefault(space.sample(rng))
    results = []
    for place, architecture in enumerate(drawn):
        suggestion = Suggestion(40 + place // 2, architecture)
        if place == 1 and len(drawn) > 2:
            results.append(without_value(suggestion))
        else:
            results.append(answered(suggestion, lambda a: change(sum_of_numbers(a)["params"])))
    return results


def _same(value: float) -> float:
    return value


def _stretched(value: float) -> float:
    return value**3 / 8 - 1000


def _tight(space: Space) -> int:
    """Return a limit that about half of the draws are within."""
    rng = np.random.default_rng(1)
    return int(np.median([sum_of_numbers(space.sample(rng))["params"] for _ in range(64)]))


def _two_values(architecture: Architecture) -> tuple[float, float]:
    return float(sum(str(architecture).encode()) % 97), -sum_of_numbers(architecture)["params"]
