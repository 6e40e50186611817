"""Our strategies keep the contract, and do what their names say."""

from __future__ import annotations

import re

import numpy as np
import pytest

from archmend.errors import BadInput
from archmend.search import Budget, TrialResult, create_strategy, parse_strategy
from archmend.spaces import Choice, OpenIntegers, Space, create_space
from archmend.testing import SPACES, check_strategy


def test_random_keeps_the_contract() -> None:
    check_strategy(lambda space, seed: create_strategy("random", space, seed))


def test_grid_keeps_the_contract() -> None:
    finite = [name for name, space in SPACES.items() if space.is_finite]
    check_strategy(lambda space, seed: create_strategy("grid", space, seed), spaces=finite)


def test_grid_visits_the_seeds_hundred_in_order() -> None:
    space = create_space("seed-fc", input_shape=(4,), classes=2)
    asked = create_strategy("grid", space).ask(200)
    assert [s.architecture for s in asked] == list(space)


def test_random_draws_everything_alike() -> None:
    counts = np.zeros(6)
    index = {a: i for i, a in enumerate(SPACES["small"])}
    for seed in range(1200):
        (first,) = create_strategy("random", SPACES["small"], seed).ask(1)
        counts[index[first.architecture]] += 1
    # Chi-square with 5 degrees of freedom: above 20.5 once in a thousand.
    assert ((counts - 200) ** 2 / 200).sum() < 20.5


@pytest.mark.parametrize("name", ["fc", "conv-open", "seed-fc"])
def test_random_proposes_what_fits(name: str) -> None:
    space = create_space(name, input_shape=(8, 8, 1), classes=10)
    budget = Budget(params=1500, flops=40_000)
    asked = create_strategy("random", space, 0, budget=budget).ask(12)
    assert len({s.architecture for s in asked}) == 12
    assert all(budget.excess(space.cost(s.architecture)) is None for s in asked)


def test_random_finds_the_last_that_fit() -> None:
    space = create_space("seed-fc", input_shape=(64,), classes=10)
    budget = Budget(params=400)
    fitting = {a for a in space if space.cost(a)["params"] <= 400}
    asked = create_strategy("random", space, 0, budget=budget).ask(100)
    assert {s.architecture for s in asked} == fitting
    assert 0 < len(fitting) < 60


def test_random_reaches_what_is_hardly_ever_drawn() -> None:
    # Of a mean this near to the minimum a number above 10 is drawn once in 10**20.
    space = Space([Choice("n", OpenIntegers(1, 1.01))])
    asked = create_strategy("random", space).ask(40)
    assert len({s.architecture for s in asked}) == 40


def test_random_finds_the_last_one_of_a_large_space() -> None:
    # 30,000 architectures are not listed while draws can find one; all but one have been tried.
    space = Space([Choice("a", range(300)), Choice("b", range(100))])
    listed = list(space)
    strategy = create_strategy(
        "random", space, prior=[TrialResult(i, a, 1.0) for i, a in enumerate(listed[1:])]
    )
    assert [s.architecture for s in strategy.ask(2)] == listed[:1]


@pytest.mark.parametrize("name", ["seed-fc", "fc", "conv", "conv-open"])
def test_a_budget_that_nothing_fits(name: str) -> None:
    space = create_space(name, input_shape=(8, 8, 1), classes=10)
    with pytest.raises(
        BadInput, match=r"no architecture of space '.*' fits params 20; the cheapest found has"
    ):
        create_strategy("random", space, budget=Budget(params=20))


def test_what_an_earlier_run_tried_is_not_tried_again() -> None:
    listed = list(SPACES["small"])
    prior = [TrialResult(i, a, 1.0) for i, a in enumerate(listed[:4])]
    asked = create_strategy("random", SPACES["small"], prior=prior).ask(6)
    assert {s.architecture for s in asked} == set(listed[4:])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("rendom", "unknown strategy 'rendom': did you mean 'random'"),
        ("random:a", "'a' in --strategy 'random:a' is no setting; write random:key=value"),
        ("random:a=1,a=2", "'a' is given twice"),
    ],
)
def test_texts_that_are_no_strategy(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=re.escape(why)):
        parse_strategy(text)


def test_settings_that_a_strategy_does_not_have() -> None:
    name, given = parse_strategy("random:population=50")
    with pytest.raises(BadInput, match="strategy 'random' has no settings, got population=50"):
        create_strategy(name, SPACES["small"], **given)


def test_grid_of_an_infinite_space() -> None:
    with pytest.raises(BadInput, match="'grid' needs a finite space and 'open' is infinite; use 'random'"):
        create_strategy("grid", SPACES["open"])
