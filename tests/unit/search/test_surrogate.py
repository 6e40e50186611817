"""The surrogate strategy: what its questions are worth, several at once, and after earlier runs."""

from __future__ import annotations

import numpy as np
import pytest

from archmend.search import Budget, TrialResult, create_strategy
from archmend.search.coordinates import Coordinates
from archmend.spaces import Architecture, Choice, Space

LEVELS = range(6)
SPACE = Space(
    [*(Choice(f"x{i}", list(LEVELS)) for i in range(4)), Choice("kind", ["a", "b", "c", "d"])],
    name="hills",
    cost=lambda a: {"params": float(sum(int(a[f"x{i}"]) for i in range(4)))},
)


def _height(a: Architecture, top: tuple[int, ...] = (4, 1, 3, 2), kind: str = "c") -> float:
    return -sum((int(a[f"x{i}"]) - t) ** 2 for i, t in enumerate(top)) - 3.0 * (a["kind"] != kind)


def _found(name: str, seed: int, asks: int, **other: object) -> float:
    strategy = create_strategy(name, SPACE, seed, **other)  # type: ignore[arg-type]
    best = -np.inf
    for _ in range(asks):
        (asked,) = strategy.ask(1)
        value = _height(asked.architecture)
        best = max(best, value)
        strategy.tell([TrialResult(asked.id, asked.architecture, value)])
    return best


def test_it_finds_the_top_where_others_are_on_their_way() -> None:
    found = [_found("surrogate", seed, 35) for seed in range(6)]
    drawn = [_found("random", seed, 35) for seed in range(6)]
    assert np.mean(found) > -1.0
    assert np.mean(found) > np.mean(drawn) + 1.5


def test_eight_at_once_spread_and_are_as_good() -> None:
    best = []
    for seed in range(4):
        strategy, values = create_strategy("surrogate", SPACE, seed), []
        for _ in range(6):
            asked = strategy.ask(8)
            assert len({s.architecture for s in asked}) == 8
            values += [_height(s.architecture) for s in asked]
            strategy.tell(TrialResult(s.id, s.architecture, _height(s.architecture)) for s in asked)
        best.append(max(values))
    assert np.mean(best) > -1.5


def test_what_transfers_is_used_and_what_does_not_is_outlived() -> None:
    rng = np.random.default_rng(0)
    drawn = list({SPACE.sample(rng): None for _ in range(60)})
    same = [TrialResult(i, a, 10 + 3 * _height(a)) for i, a in enumerate(drawn)]
    other = [TrialResult(i, a, -_height(a)) for i, a in enumerate(drawn)]
    alone = np.mean([_found("surrogate", seed, 14) for seed in range(4)])
    helped = np.mean([_found("surrogate", seed, 14, prior=same) for seed in range(4)])
    assert helped > alone + 1.0
    hindered = np.mean([_found("surrogate", seed, 35, prior=other) for seed in range(4)])
    assert hindered > -2.0


def test_limits_hold_where_few_fit() -> None:
    strategy = create_strategy("surrogate", SPACE, 0, budget=Budget(params=2))
    asked = []
    while made := strategy.ask(1):
        asked.append(made[0].architecture)
        strategy.tell([TrialResult(made[0].id, made[0].architecture, _height(made[0].architecture))])
    # All sums of four numbers that are at most 2, times four kinds.
    assert len(asked) == len(set(asked)) == 15 * 4
    assert all(SPACE.cost(a)["params"] <= 2 for a in asked)


def test_choices_of_many_values_share_coordinates() -> None:
    space = Space([Choice("few", range(6)), Choice("many", range(1000))], name="long")
    strategy = create_strategy("surrogate", space)
    best = -np.inf
    for _ in range(30):
        (asked,) = strategy.ask(1)
        value = -abs(int(asked.architecture["many"]) - 700) / 1000 - abs(int(asked.architecture["few"]) - 2)
        best = max(best, value)
        strategy.tell([TrialResult(asked.id, asked.architecture, value)])
    assert best > -0.05
    points = Coordinates(space)
    assert len(points.choice) == 1 + 5 + 1 + 16
    low, near, high = points.of([space.parse(f"0-{many}") for many in (0, 10, 999)])
    assert 0 < np.sum((near - low) ** 2) < 0.1 < np.sum((high - low) ** 2) == pytest.approx(1.0)
