"""Our strategies keep the contract, and do what their names say."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archmend.errors import BadInput
from archmend.search import (
    Budget,
    Status,
    Strategy,
    TrialResult,
    create_strategy,
    parse_strategy,
    strategy_names,
)
from archmend.spaces import Choice, OpenIntegers, Space, create_space
from archmend.testing import SPACES, check_strategy

STATUSES: list[Status] = ["succeeded", "stopped", "failed", "rejected", "running"]
LISTS = {"grid"}
"""Strategies that list the space in their own order: see `check_strategy`."""
TELLS = {"tpe": 500}
"""Lengths of the longest history; Optuna takes seconds for one of 2,000."""


def _class_of(name: str) -> type[Strategy]:
    return type(create_strategy(name, create_space("seed-fc", input_shape=(4,), classes=2)))


def _spaces_of(name: str) -> list[str] | None:
    return [space for space in SPACES if SPACES[space].is_finite] if name in LISTS else None


@pytest.mark.parametrize("name", strategy_names())
def test_the_contract(name: str) -> None:
    listing = name in LISTS
    check_strategy(_class_of(name), spaces=_spaces_of(name), tells=TELLS.get(name, 2000), lists=listing)


@pytest.mark.parametrize("name", strategy_names())
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_the_order_of_telling_changes_nothing(name: str, data: st.DataObject) -> None:
    strategy = _class_of(name)
    space = SPACES[data.draw(st.sampled_from(_spaces_of(name) or list(SPACES)))]
    seed = data.draw(st.integers(0, 3))
    asked = strategy(space, seed).ask(min(5, int(min(space.size, 100)) - 1))
    statuses = data.draw(st.lists(st.sampled_from(STATUSES), min_size=len(asked), max_size=len(asked)))
    results = [
        TrialResult(
            s.id,
            s.architecture,
            float(data.draw(st.integers(0, 3))) if status in ("succeeded", "stopped") else None,
            status,
            s.fidelity,
        )
        for s, status in zip(asked, statuses, strict=True)
    ]
    nexts = []
    for told in (results, data.draw(st.permutations(results))):
        fresh = strategy(space, seed)
        for result in told:
            fresh.tell([result])
        nexts.append(fresh.ask(2))
    assert nexts[0] == nexts[1]


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
