"""max_entropy proposes by the score, within the limits, and spreads out where there is none."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from archmend.errors import BadInput
from archmend.search import Budget, TrialResult
from archmend.search.entropy import is_effective, score
from archmend.search.max_entropy import MaxEntropy
from archmend.spaces import Architecture, Space, create_space
from archmend.spaces.layers import describe
from archmend.testing import SPACES


def key(space: Space, architecture: Architecture) -> tuple[bool, float]:
    network = describe(space, architecture)
    assert network is not None
    return is_effective(network), score(network)


def test_a_whole_space_comes_in_the_order_of_the_score() -> None:
    space = create_space("seed-fc", input_shape=(64,), classes=10)
    asked = [s.architecture for s in MaxEntropy(space).ask(150)]
    assert set(asked) == set(space)
    keys = [key(space, a) for a in asked]
    assert keys == sorted(keys, reverse=True)


@pytest.mark.parametrize("params", [20_000, 200_000])
def test_the_first_proposal_is_the_best_within_the_limit(params: int) -> None:
    space = create_space("fc", input_shape=(784,), classes=10)
    budget = Budget(params=params)
    (first,) = MaxEntropy(space, 3, budget=budget).ask(1)
    rest = {"activation": "relu", "normalization": "batch", "dropout": 0.0}
    best = max(
        key(space, a)
        for depth in range(1, 4)
        for widths in itertools.product((8, 16, 32, 64, 128, 256, 512), repeat=depth)
        for rate in (3e-4, 1e-3, 3e-3, 1e-2)
        for a in [
            space.architecture(
                {
                    "depth": depth,
                    **{f"width_{i}": w for i, w in enumerate(widths, 1)},
                    **rest,
                    "learning_rate": rate,
                }
            )
        ]
        if budget.excess(space.cost(a)) is None
    )
    assert key(space, first.architecture) == best
    # Of equal ones, what the space lists first.
    assert first.architecture["activation"] == "relu"


@pytest.mark.parametrize("name", ["fc", "conv", "conv-open"])
def test_proposals_fit_and_rank_above_random_ones(name: str) -> None:
    space = create_space(name, input_shape=(8, 8, 1), classes=10)
    budget = Budget(params=5_000, flops=200_000)
    asked = [s.architecture for s in MaxEntropy(space, 1, budget=budget).ask(30)]
    assert len(set(asked)) == 30
    assert all(budget.excess(space.cost(a)) is None for a in asked)
    rng = np.random.default_rng(0)
    drawn = [a for a in (space.sample(rng) for _ in range(200)) if budget.excess(space.cost(a)) is None]
    assert all(key(space, a)[0] for a in asked)
    usual = np.quantile([key(space, a)[1] for a in drawn], 0.9)
    assert min(key(space, a)[1] for a in asked) > usual


@pytest.mark.parametrize("budget", [Budget(), Budget(latency_ms=5.0)])
def test_without_an_end_nothing_is_larger_than_what_the_space_draws(budget: Budget) -> None:
    space = create_space("conv-open", input_shape=(8, 8, 1), classes=10)
    asked = MaxEntropy(space, budget=budget).ask(5)
    rng = np.random.default_rng(9)
    largest = max(space.cost(space.sample(rng))["params"] for _ in range(500))
    assert len(asked) == 5
    assert all(space.cost(s.architecture)["params"] <= largest for s in asked)


def test_results_change_nothing_and_what_was_tried_is_left_out() -> None:
    space = create_space("fc", input_shape=(64,), classes=10)
    planned = [s.architecture for s in MaxEntropy(space).ask(8)]
    told = MaxEntropy(space, prior=[TrialResult(0, planned[0], 1.0)])
    told.tell([TrialResult(0, planned[1], 0.1), TrialResult(1, planned[3], None, "failed", reason="why")])
    assert [s.architecture for s in told.ask(3)] == [planned[2], planned[4], planned[5]]


def test_without_a_score_the_next_lies_far_from_those_before() -> None:
    space = SPACES["open"]
    gaps = {}
    for name, asked in (
        ("far", [s.architecture for s in MaxEntropy(space).ask(25)]),
        ("drawn", [space.sample(np.random.default_rng(i)) for i in range(25)]),
    ):
        places = np.array([space.encode(a) for a in asked])
        apart = ((places[:, None] - places) ** 2).sum(axis=2)
        gaps[name] = np.sqrt(apart + 1e9 * np.eye(25)).min(axis=1).mean()
    assert gaps["far"] > 1.5 * gaps["drawn"]


def test_bad_input() -> None:
    space = create_space("fc", input_shape=(64,), classes=10)
    with pytest.raises(BadInput, match=r"no architecture of space 'fc' fits params 20"):
        MaxEntropy(space, budget=Budget(params=20))
    with pytest.raises(BadInput, match=r"setting starts=0 of strategy 'max_entropy' is wrong"):
        MaxEntropy(space, starts=0)
