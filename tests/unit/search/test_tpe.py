"""Optuna's TPE as a strategy: the contract, the translation, a history followed or made anew."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archmend.errors import BadInput
from archmend.search import Budget, TrialResult, create_strategy
from archmend.search.optuna_study import HistoryStudy, Translation
from archmend.search.types import Suggestion
from archmend.spaces import Architecture, Choice, Space
from archmend.testing import SPACES, check_strategy

SPACE = Space([Choice("x", range(20)), Choice("y", range(20)), Choice("kind", ["a", "b", "c"])], name="xy")


def _value(a: Architecture) -> float:
    return -((a["x"] - 13) ** 2) - (a["y"] - 4) ** 2 - 30.0 * (a["kind"] != "b")


def _best(name: str, seed: int, trials: int = 40) -> float:
    strategy = create_strategy(name, SPACE, seed)
    best = -1e9
    for _ in range(trials):
        (suggestion,) = strategy.ask(1)
        value = _value(suggestion.architecture)
        strategy.tell([TrialResult(suggestion.id, suggestion.architecture, value)])
        best = max(best, value)
    return best


@pytest.mark.parametrize(("startup", "spaces"), [(2, ["conditional"]), (6, ["open"]), (10, ["small"])])
def test_the_contract(startup: int, spaces: list[str]) -> None:
    check_strategy(
        lambda space, seed, **given: create_strategy(
            "tpe", space, seed, startup=startup, group=startup == 2, **given
        ),
        spaces=spaces,
        tells=60,
    )


def test_it_is_better_than_random() -> None:
    ahead = sum(_best("tpe", seed) > _best("random", seed) for seed in range(5))
    assert ahead == 5  # were they alike, so many with 3 %


@pytest.mark.parametrize("name", SPACES)
def test_every_architecture_is_translated(name: str) -> None:
    import numpy as np
    import optuna

    translation = Translation(SPACES[name])
    rng = np.random.default_rng(0)
    for _ in range(30):
        architecture = SPACES[name].sample(rng)
        params, _ = translation.parameters(architecture)
        assert translation.drawn(optuna.trial.FixedTrial(params)) == architecture


def _results(count: int) -> list[TrialResult]:
    import numpy as np

    rng = np.random.default_rng(1)
    drawn: dict[Architecture, None] = {}
    while len(drawn) < count:
        drawn.setdefault(SPACE.sample(rng))
    return [TrialResult(i, a, _value(a)) for i, a in enumerate(drawn)]


@settings(max_examples=5, deadline=None)
@given(order=st.permutations(range(14)), kinds=st.lists(st.sampled_from("vvvfr"), min_size=14, max_size=14))
def test_a_history_told_bit_by_bit_is_one_told_at_once(order: list[int], kinds: list[str]) -> None:
    """Values, failures and rejections come in any order, questions between them; the next one is the same."""
    ends: dict[str, Callable[[TrialResult], TrialResult]] = {
        "v": lambda r: r,
        "f": lambda r: TrialResult(r.id, r.architecture, None, "failed", reason="no memory"),
        "r": lambda r: TrialResult(r.id, r.architecture, None, "rejected", reason="too slow"),
    }
    results = [ends[kind](r) for r, kind in zip(_results(14), kinds, strict=True)]
    slow = create_strategy("tpe", SPACE, 2, startup=3)
    slow.tell(TrialResult(r.id, r.architecture, None, "running") for r in results)
    for place in order:
        slow.tell([results[place]])
        slow.suggest(14, {r.id: r.architecture for r in results})
    fast = create_strategy("tpe", SPACE, 2, startup=3)
    fast.tell(results)
    assert slow.ask(3) == fast.ask(3)


def test_parallel_questions_spread() -> None:
    strategy = create_strategy("tpe", SPACE, 0)
    strategy.tell(_results(30))
    asked = [s.architecture for s in strategy.ask(8)]
    assert len(set(asked)) == 8


def test_several_objectives() -> None:
    objectives = ("accuracy", "params")
    strategy = create_strategy("tpe", SPACE, 0, objectives=objectives, startup=5)
    for _ in range(25):
        (s,) = strategy.ask(1)
        value = (_value(s.architecture), -float(s.architecture["x"]))
        if s.id % 6 == 5:
            strategy.tell([TrialResult(s.id, s.architecture, None, "failed", reason="no memory")])
        else:
            strategy.tell([TrialResult(s.id, s.architecture, value)])
    late = [s.architecture["kind"] for s in strategy.asked_before(25)[10:]]
    assert late.count("b") > len(late) / 2


def test_no_proposal_is_over_the_limit() -> None:
    space = Space(SPACE.choices, name="xy", cost=lambda a: {"params": a["x"] + a["y"]})
    budget = Budget(params=6)  # of 400 pairs 28 fit, none of them near the best
    strategy = create_strategy("tpe", space, 0, budget=budget, startup=3)
    asked = []
    for _ in range(30):
        (s,) = strategy.ask(1)
        strategy.tell([TrialResult(s.id, s.architecture, _value(s.architecture))])
        asked.append(s.architecture)
    assert all(a["x"] + a["y"] <= 6 for a in asked)
    assert len(set(asked)) == 30


def test_optuna_is_quiet_and_left_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.enable_propagation()
    try:
        with caplog.at_level(logging.DEBUG):
            strategy = create_strategy("tpe", SPACE, 0)
            strategy.tell(_results(12))
            strategy.ask(2)
    finally:
        optuna.logging.disable_propagation()
    assert not [r for r in caplog.records if r.name.startswith("optuna")]
    assert optuna.logging.get_verbosity() == before


def test_the_study_is_added_to_rather_than_made_anew() -> None:
    results = _results(8)
    asked = [Suggestion(r.id, r.architecture) for r in results]
    study = HistoryStudy(SPACE, 1)
    study.follow(asked[:6], {})
    made = study._study
    study.follow(asked, {r.id: r for r in results[2:]})
    assert study._study is made
    study.follow(asked[:4], {})
    assert study._study is not made


def test_settings_that_contradict_each_other() -> None:
    with pytest.raises(BadInput, match="group of strategy 'tpe' needs multivariate"):
        create_strategy("tpe", SPACE, group=True, multivariate=False)
    create_strategy("tpe", SPACE, multivariate=False)
