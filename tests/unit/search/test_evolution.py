"""Evolution: who lives, who has children, and what these are like."""

from __future__ import annotations

import numpy as np
import pytest

from archmend.errors import BadInput
from archmend.search import TrialResult, create_strategy, dominates
from archmend.search.evolution import Evolution
from archmend.search.random import RandomSearch
from archmend.search.strategy import Strategy
from archmend.spaces import Architecture, Choice, Space

SPACE = Space([Choice(f"c{i}", range(6)) for i in range(8)], name="eight")
OLD = SPACE.architecture({f"c{i}": 0 for i in range(8)})
YOUNG = SPACE.architecture({f"c{i}": 5 for i in range(8)})


def _apart(a: Architecture, b: Architecture) -> int:
    return sum(a[name] != b[name] for name in a)


def _sum(a: Architecture) -> float:
    return float(sum(int(v) for v in a.values()))


def _told(strategy: Strategy, results: list[tuple[Architecture, float]]) -> Strategy:
    strategy.tell(TrialResult(i, a, v) for i, (a, v) in enumerate(results))
    return strategy


def _best(strategy: Strategy, count: int) -> float:
    best = 0.0
    for _ in range(count):
        (asked,) = strategy.ask(1)
        best = max(best, _sum(asked.architecture))
        strategy.tell([TrialResult(asked.id, asked.architecture, _sum(asked.architecture))])
    return best


def test_children_are_one_change_from_the_tournaments_winner() -> None:
    for seed in range(10):
        strategy = _told(
            Evolution(SPACE, seed, population=2, sample=2, crossover=0), [(OLD, 0.1), (YOUNG, 0.9)]
        )
        assert [_apart(s.architecture, YOUNG) for s in strategy.ask(3)] == [1, 1, 1]


def test_the_old_have_no_children_however_good() -> None:
    others = [(a, 0.1 * i) for i, a in enumerate(SPACE.neighbours(YOUNG)[:4])]
    strategy = _told(Evolution(SPACE, 0, population=4, sample=4, crossover=0), [(OLD, 9.0), *others])
    assert all(_apart(s.architecture, YOUNG) <= 2 for s in strategy.ask(4))


def test_with_crossover_children_have_two_parents() -> None:
    strategy = _told(Evolution(SPACE, 0, population=2, sample=1, crossover=1), [(OLD, 0.1), (YOUNG, 0.9)])
    mixed = [
        s for s in strategy.ask(20) if min(_apart(s.architecture, OLD), _apart(s.architecture, YOUNG)) > 1
    ]
    # Both parents are drawn alike; that they are the same one happens in half of the cases.
    assert len(mixed) >= 4


def test_a_failed_trial_has_no_children() -> None:
    strategy = Evolution(SPACE, 0, population=2, sample=2, crossover=0)
    strategy.tell([TrialResult(0, YOUNG, 0.5), TrialResult(1, OLD, None, "failed", reason="out of memory")])
    assert all(_apart(s.architecture, YOUNG) == 1 for s in strategy.ask(5))


def test_where_all_that_is_near_was_tried_children_go_further() -> None:
    near = [(a, 0.0) for a in SPACE.neighbours(YOUNG)]
    strategy = _told(
        Evolution(SPACE, 0, population=60, sample=60, crossover=0), [*near[:20], (YOUNG, 1.0), *near[20:]]
    )
    strategy.tell(TrialResult(41 + i, a, 0.0) for i, a in enumerate(SPACE.neighbours(OLD)[:19]))
    (asked,) = strategy.ask(1)
    assert _apart(asked.architecture, YOUNG) == 2


def test_with_two_objectives_it_spreads_along_the_front() -> None:
    def values(a: Architecture) -> tuple[float, float]:
        return _sum(a), -sum(int(v) ** 2 for v in a.values())

    strategy = create_strategy("evolution", SPACE, 0, objectives=("accuracy", "params"))
    drawn = create_strategy("random", SPACE, 0, objectives=("accuracy", "params"))
    found = []
    for made in (strategy, drawn):
        asked = []
        for _ in range(120):
            (one,) = made.ask(1)
            made.tell([TrialResult(one.id, one.architecture, values(one.architecture))])
            asked.append(values(one.architecture))
        found.append(asked)
    evolved, random = found
    beaten = sum(any(dominates(e, r) for e in evolved) for r in random)
    other = sum(any(dominates(r, e) for r in random) for e in evolved[20:])
    assert beaten > other


def test_it_is_better_than_random() -> None:
    pairs = [(_best(Evolution(SPACE, s), 60), _best(RandomSearch(SPACE, s), 60)) for s in range(10)]
    assert sum(evolved > drawn for evolved, drawn in pairs) >= 9


def test_half_of_the_first_population_is_the_best_of_earlier_runs() -> None:
    drawn = [SPACE.sample(np.random.default_rng(i)) for i in range(30)]
    prior = [TrialResult(7 + i, a, _sum(a)) for i, a in enumerate(drawn)]
    asked = Evolution(SPACE, 0, population=10, prior=prior).ask(10)
    best = sorted(drawn, key=_sum, reverse=True)[:5]
    assert sorted(map(_sum, best)) == sorted(_sum(s.architecture) for s in asked[:5])
    assert not {s.architecture for s in asked[5:]} & {*drawn}


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"population": 1}, "setting population=1 of strategy 'evolution' is wrong: input should be greater"),
        ({"crossover": 1.5}, "setting crossover=1.5 of strategy 'evolution' is wrong"),
        ({"sampel": 3}, "unknown setting of strategy 'evolution' 'sampel': did you mean 'sample'"),
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, float], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        create_strategy("evolution", SPACE, **settings)
