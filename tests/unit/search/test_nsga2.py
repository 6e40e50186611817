"""NSGA-II keeps the contract and covers more of a front than chance."""

from __future__ import annotations

import numpy as np
import pytest

from archmend.errors import BadInput
from archmend.search import Budget, Suggestion, TrialResult
from archmend.search.hypervolume import hypervolume
from archmend.search.nsga2 import Nsga2
from archmend.search.random import RandomSearch
from archmend.search.strategy import Strategy
from archmend.spaces import Choice, Space

TRADE = Space(
    [Choice(f"x{i}", range(8)) for i in range(6)],
    name="trade",
    cost=lambda a: {"params": 1 + sum(map(int, a.values()))},
)
"""The first choice moves along the front, the others away from it."""
OBJECTIVES = ("accuracy", "params")


def _result(asked: Suggestion) -> TrialResult:
    values = [int(v) for v in asked.architecture.values()]
    along, away = values[0] / 7, 1 + sum(values[1:]) / 10
    return TrialResult(asked.id, asked.architecture, (-along, -away * (1 - np.sqrt(along / away))))


def _played(strategy: Strategy, trials: int) -> list[TrialResult]:
    for _ in range(trials):
        strategy.tell(map(_result, strategy.ask(1)))
    return list(strategy.history)


def test_it_covers_more_than_random_draws() -> None:
    better = 0
    for seed in range(20):
        covered = [
            hypervolume(
                [r.value for r in _played(make(TRADE, seed, objectives=OBJECTIVES), 80)],  # type: ignore[misc]
                (-1.1, -5.0),
            )
            for make in (Nsga2, RandomSearch)
        ]
        better += covered[0] > covered[1]
    # By chance alone 17 of 20 come once in 800 times.
    assert better >= 17


def test_limits_stay_hard() -> None:
    budget = Budget(params=9)
    played = _played(Nsga2(TRADE, 1, budget=budget, objectives=OBJECTIVES), 100)
    assert all(budget.excess(TRADE.cost(r.architecture)) is None for r in played)


def test_the_good_live_on_however_old() -> None:
    strategy = Nsga2(TRADE, 0, objectives=OBJECTIVES, population=4)
    zero = TRADE.parse("0-0-0-0-0-0")  # nothing is better in both
    history = [_result(Suggestion(0, zero))]
    others = [TRADE.parse(f"7-7-7-7-{i // 8}-{i % 8}") for i in range(39)]
    history += [_result(Suggestion(i + 1, a)) for i, a in enumerate(others)]
    strategy.tell(history)
    assert zero in {r.architecture for r in strategy._survivors(10, 40)}


def test_what_was_asked_in_one_generation_is_bred_from_the_ones_before() -> None:
    """Results of the own generation do not change what is asked, so that its trials may run side by side."""
    one, other = (Nsga2(TRADE, 3, objectives=OBJECTIVES, population=10) for _ in range(2))
    for strategy in (one, other):
        strategy.tell(map(_result, strategy.ask(10)))
    together = one.ask(10)
    one_by_one = []
    for _ in range(10):
        (asked,) = other.ask(1)
        other.tell([_result(asked)])
        one_by_one.append(asked)
    assert together == one_by_one


def test_settings_out_of_range() -> None:
    with pytest.raises(BadInput, match="setting population=1 of strategy 'nsga2' is wrong"):
        Nsga2(TRADE, population=1)
