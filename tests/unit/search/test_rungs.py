"""Successive halving with and without waiting: traces, quality, and what the loop makes of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archmend.errors import BadInput
from archmend.search import Budget, Strategy, Suggestion, TrialResult, create_strategy, parse_strategy, run
from archmend.search.proposing import as_told, in_order
from archmend.search.rungs import rungs
from archmend.search.strategies import with_epochs
from archmend.spaces import Architecture, Choice, Space
from archmend.testing import SPACES, check_strategy

SPACE = Space([Choice("x", range(40)), Choice("y", range(40))], name="square", cost=lambda a: {"params": 1})


def _value(suggestion: Suggestion, noise: float = 0.0) -> float:
    """Return a worth that more epochs show more of."""
    a, epochs = suggestion.architecture, suggestion.fidelity or 1
    rng = np.random.default_rng((a["x"], a["y"], epochs))
    return 1 - (a["x"] + a["y"]) / 80 - 0.5 / epochs + noise * float(rng.normal()) / epochs


def _answer(suggestion: Suggestion, noise: float = 0.0) -> TrialResult:
    value = _value(suggestion, noise)
    return TrialResult(suggestion.id, suggestion.architecture, value, fidelity=suggestion.fidelity)


def _played(strategy: Strategy, count: int, noise: float = 0.0) -> list[Suggestion]:
    asked: list[Suggestion] = []
    while len(asked) < count and (made := strategy.ask(1)):
        strategy.tell([_answer(made[0], noise)])
        asked += made
    return asked


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((1, 9, 3), (1, 3, 9)),
        ((1, 10, 3), (1, 3, 10)),
        ((2, 20, 3), (2, 7, 20)),
        ((2, 9, 3), (3, 9)),
        ((5, 5, 4), (5,)),
        ((1, 16, 2), (1, 2, 4, 8, 16)),
    ],
)
def test_the_epochs_of_the_rungs(given: tuple[int, int, int], expected: tuple[int, ...]) -> None:
    assert rungs(*given) == expected


@given(st.integers(1, 50), st.integers(0, 500), st.integers(2, 6))
def test_rungs_rise_by_about_the_factor(least: int, more: int, factor: int) -> None:
    found = rungs(least, least + more, factor)
    assert found[0] >= least
    assert found[-1] == least + more
    assert all(factor / 2 < high / low < 2 * factor for low, high in pairwise(found))


@pytest.mark.parametrize("name", ["asha", "hyperband"])
@pytest.mark.parametrize("settings", [{}, {"brackets": 2, "reduction_factor": 2, "max_epochs": 9}])
def test_the_contract(name: str, settings: Mapping[str, int]) -> None:
    check_strategy(
        lambda space, seed, **given: create_strategy(name, space, seed, **settings, **given), tells=500
    )


def test_asha_promotes_the_best_third_of_each_rung() -> None:
    asked = _played(create_strategy("asha", SPACE, max_epochs=9), 40)
    first = asked[:4]
    assert [s.fidelity for s in first[:3]] == [1, 1, 1]
    # Of three, the best one goes on at once.
    assert first[3].fidelity == 3
    assert first[3].architecture == max(first[:3], key=_value).architecture
    counts = Counter(s.fidelity for s in asked)
    # More than a third each: what is among the best by now goes on, though better ones may come.
    assert 2 * counts[3] < counts[1] <= 3 * counts[3] + 3
    assert counts[9] < counts[3] <= 3 * counts[9] + 3
    assert counts[9] >= 2


def test_asha_does_not_wait() -> None:
    strategy = create_strategy("asha", SPACE, max_epochs=9)
    asked = strategy.ask(30)
    assert [s.fidelity for s in asked] == [1] * 30
    strategy.tell(map(_answer, asked[:9]))
    following = strategy.ask(4)
    assert [s.fidelity for s in following] == [3, 3, 3, 1]
    best = sorted(asked[:9], key=_value, reverse=True)[:3]
    assert [s.architecture for s in following[:3]] == [s.architecture for s in best]


def test_a_failed_promotion_is_not_tried_again_and_rejected_trials_do_not_count() -> None:
    strategy = create_strategy("asha", SPACE, max_epochs=3)
    asked = strategy.ask(5)
    strategy.tell(
        TrialResult(s.id, s.architecture, None, "rejected", s.fidelity, reason="too slow") for s in asked[:2]
    )
    strategy.tell([_answer(s) for s in asked[2:4]])
    (following,) = strategy.ask(1)
    assert following.fidelity == 1  # two finished ones are no third
    strategy.tell([_answer(asked[4])])
    (promoted,) = strategy.ask(1)
    assert promoted.fidelity == 3
    strategy.tell([TrialResult(promoted.id, promoted.architecture, None, "failed", 3, reason="no memory")])
    assert all(s.architecture != promoted.architecture for s in strategy.ask(5))


def test_several_brackets_begin_on_several_rungs() -> None:
    strategy = create_strategy("asha", SPACE, max_epochs=9, brackets=3)
    counts = Counter(s.fidelity for s in strategy.ask(300))
    # As many epochs each: 9 to 3 to 1 architectures.
    assert counts[1] / 300 == pytest.approx(9 / 13, abs=0.1)
    assert counts[9] / 300 == pytest.approx(1 / 13, abs=0.05)


def test_hyperband_goes_through_its_brackets() -> None:
    strategy = create_strategy("hyperband", SPACE, max_epochs=9)
    asked = _played(strategy, 22 + 9)
    trace = [(s.fidelity, number) for number, s in enumerate(asked)]
    expected = [1] * 9 + [3] * 3 + [9] + [3] * 5 + [9] * 1 + [9] * 3 + [1] * 9
    assert [fidelity for fidelity, _ in trace] == expected
    rung, promoted = asked[:9], asked[9:12]
    best = sorted(rung, key=_value, reverse=True)[:3]
    assert [s.architecture for s in promoted] == [s.architecture for s in best]


def test_hyperband_waits_for_a_rung() -> None:
    strategy = create_strategy("hyperband", SPACE, max_epochs=9, brackets=1)
    asked = strategy.ask(20)
    assert len(asked) == 9
    strategy.tell(map(_answer, asked[1:]))
    assert strategy.ask(1) == []
    strategy.tell([_answer(asked[0])])
    assert [s.fidelity for s in strategy.ask(20)] == [3, 3, 3]


class _Workers:
    """Works on several at once and finishes the latest first."""

    concurrency = 4

    def __init__(self) -> None:
        self.running: list[Suggestion] = []

    def submit(self, suggestion: Suggestion) -> None:
        self.running.append(suggestion)

    def next_result(self) -> TrialResult:
        # Without the fidelity, as an evaluator may forget it.
        done = self.running.pop()
        return TrialResult(done.id, done.architecture, _value(done))


@pytest.mark.parametrize("name", ["asha", "hyperband"])
def test_a_strategy_that_waits_is_not_exhausted(name: str) -> None:
    strategy = create_strategy(name, SPACE, max_epochs=9)
    recorded: list[TrialResult] = []
    result = run(SPACE, _Workers(), strategy, Budget(trials=40), on_trial=recorded.append)
    assert result.stopped_by == "trials"
    assert len(result.trials) == 40
    assert {r.fidelity for r in recorded} == {1, 3, 9}
    assert result.best is not None
    assert result.best.fidelity == 9
    assert result.best.value == max(r.value for r in result.trials if r.fidelity == 9)


@pytest.mark.parametrize("name", ["asha", "hyperband"])
@pytest.mark.parametrize("cut", [1, 10, 25])
def test_a_search_goes_on_from_its_journal(name: str, cut: int) -> None:
    def evaluator(suggestions: list[Suggestion]) -> Iterator[TrialResult]:
        yield from map(_answer, suggestions)

    whole = run(SPACE, evaluator, create_strategy(name, SPACE, 3, max_epochs=9), Budget(trials=30))
    history = [r for r in whole.trials if r.id < cut]
    again = create_strategy(name, SPACE, 3, max_epochs=9)
    assert run(SPACE, evaluator, again, Budget(trials=30), history=history).trials == whole.trials


@pytest.mark.parametrize("name", ["asha", "hyperband"])
def test_a_small_space_ends_with_one_on_the_highest_rung(name: str) -> None:
    space = SPACES["small"]
    strategy = create_strategy(name, space, max_epochs=27)
    asked: list[Suggestion] = []
    while made := strategy.ask(1):
        strategy.tell([TrialResult(made[0].id, made[0].architecture, 0.5, fidelity=made[0].fidelity)])
        asked += made
    assert {s.architecture for s in asked} == set(space)
    assert max(s.fidelity or 0 for s in asked) == 27


def test_rungs_find_better_networks_than_full_training_at_the_same_epochs() -> None:
    """405 epochs: 15 full trainings at random, or rungs, where what goes on trains the rest alone."""
    ahead = 0
    for seed in range(6):
        random = _played(create_strategy("random", SPACE, seed), 15)
        plain = max(_value(Suggestion(0, s.architecture, 27)) for s in random)
        strategy, epochs, best = create_strategy("asha", SPACE, seed), 0, -1.0
        while epochs < 405:
            (suggestion,) = _played(strategy, 1, noise=0.02)
            epochs += {1: 1, 3: 2, 9: 6, 27: 18}[suggestion.fidelity or 0]
            best = max(best, _value(suggestion) if suggestion.fidelity == 27 else -1.0)
        ahead += best > plain
    assert ahead >= 5  # of 6; were they alike, so many with 11 %


def test_a_proposer_with_settings() -> None:
    name, settings = parse_strategy("asha:max_epochs=9,proposer=grid")
    strategy = create_strategy(name, SPACES["small"], **settings)
    new = [s.architecture for s in _played_small(strategy) if s.fidelity == 1]
    assert new == list(SPACES["small"])
    with pytest.raises(BadInput, match="strategy 'grid' has no settings, got step=3"):
        create_strategy("asha", SPACES["small"], **{"proposer": "grid", "proposer.step": 3})


def _played_small(strategy: Strategy) -> list[Suggestion]:
    asked: list[Suggestion] = []
    while made := strategy.ask(1):
        strategy.tell([TrialResult(made[0].id, made[0].architecture, 0.5, fidelity=made[0].fidelity)])
        asked += made
    return asked


class _Watching(Strategy):
    """A proposer that remembers what it was told."""

    name = "watching"
    told: tuple[TrialResult, ...] = ()

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        type(self).told = self.history
        return next(a for a in self.space if a not in set(before.values()))


def test_the_proposer_is_told_places_and_each_architecture_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from archmend.search import strategies

    monkeypatch.setattr(strategies, "_OWN", (*strategies._OWN, _Watching))
    strategy = create_strategy("asha", SPACE, max_epochs=9, proposer="watching")
    asked = _played(strategy, 12)
    told = _Watching.told
    assert [r.id for r in told] == list(range(len(told)))
    assert len({r.architecture for r in told}) == len(told) < len(asked)
    assert all(r.value is not None and 0 < r.value < 1 and r.fidelity is None for r in told)
    best = max(told, key=lambda r: r.value or 0)
    assert best.architecture == max(asked[: len(asked) - 1], key=_value).architecture


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"min_epochs": 10, "max_epochs": 9}, "min_epochs of strategy 'asha' must be at most max_epochs"),
        ({"brackets": 9}, "must be at most the number of rungs, 4 (1, 3, 9, 27 epochs), got 9"),
        ({"proposer": "hyperband"}, "cannot be 'hyperband', which chooses the epochs itself"),
        ({"proposer": "rendom"}, "unknown strategy 'rendom'"),
        ({"reduction_factor": 1}, "setting reduction_factor=1 of strategy 'asha' is wrong"),
        ({"rungs": 3}, "unknown setting of strategy 'asha'"),
    ],
)
def test_settings_out_of_range(settings: dict[str, object], why: str) -> None:
    with pytest.raises(BadInput, match=re.escape(why)):
        create_strategy("asha", SPACE, **settings)


def test_another_fidelity_than_was_suggested() -> None:
    strategy = create_strategy("asha", SPACE)
    (asked,) = strategy.ask(1)
    with pytest.raises(BadInput, match="trial 0 was suggested for 1 epochs and is told for 5"):
        strategy.tell([TrialResult(0, asked.architecture, 0.5, fidelity=5)])


def test_the_searchs_epochs_are_the_highest_rung() -> None:
    assert with_epochs("asha", {}, 12) == {"min_epochs": 1, "max_epochs": 12}
    assert with_epochs("asha", {"max_epochs": "9"}, 12, 3) == {"min_epochs": 3, "max_epochs": "9"}
    assert with_epochs("random", {}, 12) == {}


def test_orders_of_rungs_become_one() -> None:
    a, b, c, d, e = (Architecture({"n": n}) for n in range(5))
    assert in_order([[a, b, c, d]]) == [a, b, c, d]
    assert in_order([[a, b, c, d], [c, a]]) == [c, b, a, d]
    assert in_order([[a, b, c], [e, b, a]]) == [e, b, a, c]
    assert in_order([[a, b, c], [b, e, a]]) == [b, e, a, c]
    assert in_order([[], [d, e]]) == [d, e]


@given(st.data())
def test_an_order_keeps_every_pair_of_the_highest_common_rung(data: st.DataObject) -> None:
    architectures = [Architecture({"n": n}) for n in range(8)]
    low = data.draw(st.permutations(architectures))
    high = data.draw(st.permutations(low[: data.draw(st.integers(0, 8))]))
    order = in_order([low, high])
    assert sorted(order, key=str) == sorted(architectures, key=str)
    assert [a for a in order if a in high] == high
    rest = [a for a in low if a not in high]
    assert [a for a in order if a in rest] == rest


def test_several_objectives_are_told_as_places_of_each() -> None:
    a, b, c = (Architecture({"n": n}) for n in range(3))
    asked = [Suggestion(0, a, 1), Suggestion(1, b, 1), Suggestion(2, a, 3), Suggestion(3, c, 1)]
    results = {
        0: TrialResult(0, a, (0.5, -10.0), fidelity=1),
        1: TrialResult(1, b, (0.6, -90.0), fidelity=1),
        2: TrialResult(2, a, None, "failed", 3, reason="no memory"),
    }
    told = as_told(asked, results)
    assert [(r.id, r.architecture, r.status) for r in told] == [
        (0, a, "succeeded"),
        (1, b, "succeeded"),
        (2, c, "running"),
    ]
    assert told[0].value == (0.25, 0.75)
    assert told[1].value == (0.75, 0.25)
