"""Local search: where it looks next, when it starts anew, what it takes over from earlier runs."""

from __future__ import annotations

import numpy as np

from archmend.search import Budget, TrialResult
from archmend.search.local_search import LocalSearch, start_of_descent
from archmend.search.random import RandomSearch
from archmend.search.strategy import Strategy
from archmend.spaces import Architecture, Choice, Space

SPACE = Space(
    [Choice(f"c{i}", range(8)) for i in range(6)],
    name="six",
    cost=lambda a: {"params": 1 + sum(int(v) for v in a.values())},
)


def _value(a: Architecture) -> float:
    """Best at 3 everywhere, with a ripple that makes other places locally best."""
    return -sum((int(v) - 3) ** 2 + 3 * (int(v) % 2 == 0) for v in a.values())


def _best(strategy: Strategy, count: int) -> float:
    best = -np.inf
    for _ in range(count):
        (asked,) = strategy.ask(1)
        best = max(best, _value(asked.architecture))
        strategy.tell([TrialResult(asked.id, asked.architecture, _value(asked.architecture))])
    return best


def _finished(values: list[float | tuple[float, ...] | None]) -> list[TrialResult]:
    return [
        TrialResult(i, Architecture({"a": i}), v, "failed" if v is None else "succeeded")
        for i, v in enumerate(values)
    ]


def test_it_asks_beside_the_best_and_then_beside_the_second() -> None:
    space = Space([Choice("x", [0, 1, 2, 3], ordered=False), Choice("y", [0, 1, 2, 3], ordered=False)])
    strategy = LocalSearch(space, 0, starts=2)
    first, second = strategy.ask(2)
    strategy.tell([TrialResult(0, first.architecture, 0.1), TrialResult(1, second.architecture, 0.9)])
    beside = {*space.neighbours(second.architecture)} - {first.architecture}
    asked = strategy.ask(len(beside))
    assert {s.architecture for s in asked} == beside
    strategy.tell(TrialResult(s.id, s.architecture, 0.0) for s in asked)
    (following,) = strategy.ask(1)
    assert following.architecture in space.neighbours(first.architecture)


def test_a_descent_is_over_when_nothing_gets_better() -> None:
    assert start_of_descent(_finished([0.1, 0.2, 0.1, 0.2]), 3) == 0
    assert start_of_descent(_finished([0.1, 0.2, 0.1, None, 0.2]), 3) == 5
    # The next one is measured by its own, not by what was before.
    assert start_of_descent(_finished([0.9, 0.8, 0.8, 0.1, 0.2, 0.3, 0.4]), 2) == 3


def test_what_enters_the_front_is_better() -> None:
    assert start_of_descent(_finished([(1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (0.4, 0.4)]), 2) == 0
    assert start_of_descent(_finished([(1.0, 0.0), (0.5, -1.0), (1.0, 0.0)]), 2) == 3


def test_what_was_rejected_ends_no_descent() -> None:
    rejected = [TrialResult(i, Architecture({"a": i}), None, "rejected") for i in range(1, 9)]
    assert start_of_descent([*_finished([0.5]), *rejected], 3) == 0


def test_after_a_descent_it_starts_anew() -> None:
    strategy = LocalSearch(SPACE, 1, starts=3, patience=5)
    asked = strategy.ask(9)
    strategy.tell(TrialResult(s.id, s.architecture, -float(s.id)) for s in asked)
    # Nothing is better than trial 0, so the next descent begins with trial 6.
    around = {n for s in asked[6:] for n in SPACE.neighbours(s.architecture)}
    (following,) = strategy.ask(1)
    assert following.architecture in around
    assert following.architecture not in SPACE.neighbours(asked[0].architecture)


def test_it_is_better_than_random() -> None:
    pairs = [(_best(LocalSearch(SPACE, s), 60), _best(RandomSearch(SPACE, s), 60)) for s in range(10)]
    assert sum(local > drawn for local, drawn in pairs) >= 9


def test_it_stays_within_limits() -> None:
    strategy = LocalSearch(SPACE, 0, budget=Budget(params=20), starts=2)
    for _ in range(30):
        (asked,) = strategy.ask(1)
        assert SPACE.cost(asked.architecture)["params"] <= 20
        strategy.tell([TrialResult(asked.id, asked.architecture, _value(asked.architecture))])


def test_the_first_descent_starts_at_the_best_of_earlier_runs() -> None:
    drawn = [SPACE.sample(np.random.default_rng(i)) for i in range(20)]
    prior = [TrialResult(i, a, 100 * _value(a)) for i, a in enumerate(drawn)]
    best = sorted(prior, key=lambda r: -float(str(r.value)))
    asked = LocalSearch(SPACE, 0, prior=prior, starts=4).ask(4)
    assert [s.architecture for s in asked[:2]] == [r.architecture for r in best[:2]]
    # The rest is drawn, so that what is best elsewhere does not decide alone.
    assert asked[2].architecture != best[2].architecture
