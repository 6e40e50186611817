"""Draws within cost limits: nothing over them, everything within them, as often as the space draws it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archmend.errors import BadInput
from archmend.search import Budget, create_strategy
from archmend.search.feasible import Feasible
from archmend.search.fitting import draw_unseen, draw_within, refuse_impossible
from archmend.spaces import Architecture, Choice, OpenIntegers, Repeat, Space, create_space, every_choice

CHAIN = Space(
    [
        Choice("depth", range(1, 6)),
        Repeat("depth", (Choice("width", (4, 8, 16, 32, 64)),)),
        Choice("activation", ("relu", "tanh")),
    ],
    name="chain",
    cost=lambda a: {
        "params": sum(
            int(a.get(f"width_{i - 1}", 64)) * int(a[f"width_{i}"]) for i in range(1, int(a["depth"]) + 1)
        )
    },
)
"""7,810 architectures; the first layer costs most, so the limits cut the widths unevenly."""

HIDDEN = Space(
    [
        Choice("kind", ("dense", "tree")),
        Choice("units", (1_000, 2_000), when={"kind": ["dense"]}),
        Choice("leaf", ("forest", "single"), when={"kind": ["tree"]}),
        Choice("trees", (5_000, 9_000), when={"leaf": ["forest"]}),
        Choice("nodes", (7_000, 10), when={"leaf": ["single"]}),
    ],
    name="hidden",
    cost=lambda a: {"params": int(a.get("units", 0)) + int(a.get("trees", 0)) + int(a.get("nodes", 0))},
)
"""The cheapest lies behind two choices whose other values, as they become active, are the dearest."""


def _digits(count: int) -> Space:
    return Space(
        [Choice(f"digit_{i}x", range(10)) for i in range(count)],
        name="digits",
        cost=lambda a: {"params": 1 + sum(map(int, a.values()))},
    )


@cache
def _exact(space: Space, budget: Budget) -> dict[Architecture, float]:
    """Return the space's own probability of all that fits, given that it fits."""
    sizes = {choice.name: len(choice.known_codes()) for choice in every_choice(space)}
    fits = [a for a in space if budget.excess(space.cost(a)) is None]
    chances = {a: 1 / math.prod(sizes[name] for name in a) for a in fits}
    whole = sum(chances.values())
    return {a: chance / whole for a, chance in chances.items()}


def _distance(counts: Mapping[Architecture, int], exact: Mapping[Architecture, float]) -> float:
    """Return the total variation between what was drawn and a distribution."""
    drawn = sum(counts.values())
    return sum(abs(counts.get(a, 0) / drawn - chance) for a, chance in exact.items()) / 2


def _drawn(within: Feasible, count: int, seed: int) -> Counter[Architecture]:
    """Draw as a strategy does: each time from a start of its own."""
    rng = np.random.default_rng(seed)
    return Counter(next(within.draws(rng)) for _ in range(count))


@pytest.mark.parametrize("listed", [0, 10_000])
def test_draws_are_the_spaces_own_given_that_they_fit(listed: int) -> None:
    budget = Budget(params=400)
    exact = _exact(CHAIN, budget)
    counts = _drawn(Feasible(CHAIN, budget, listed=listed), 800, seed=1)
    rng = np.random.default_rng(2)
    fair = Counter(rng.choice(list(map(str, exact)), 800, p=list(exact.values())).tolist())
    unavoidable = _distance({CHAIN.parse(code): n for code, n in fair.items()}, exact)
    assert set(counts) <= set(exact)
    assert _distance(counts, exact) < unavoidable + (0.1 if listed == 0 else 0.04)


def test_all_that_fits_is_drawn_in_time() -> None:
    budget = Budget(params=300)
    seen = set(islice(Feasible(CHAIN, budget, listed=0).draws(np.random.default_rng(0)), 1000))
    # The rarest of them comes once in 150 draws.
    assert seen == set(_exact(CHAIN, budget))


def test_draws_do_not_crowd_at_the_limit() -> None:
    budget = Budget(params=400)
    exact = _exact(CHAIN, budget)
    mean = sum(CHAIN.cost(a)["params"] * chance for a, chance in exact.items())
    counts = _drawn(Feasible(CHAIN, budget, listed=0), 600, seed=3)
    drawn = sum(CHAIN.cost(a)["params"] * n for a, n in counts.items()) / 600
    assert drawn == pytest.approx(mean, rel=0.05)


@pytest.mark.parametrize(("limit", "fitting"), [(2, 8)])
def test_one_in_a_million_is_found_and_all_of_it(limit: int, fitting: int) -> None:
    space, budget = _digits(7), Budget(params=limit)
    assert math.comb(limit - 1 + 7, 7) == fitting
    strategy = create_strategy("random", space, 0, budget=budget)
    asked = [s.architecture for s in strategy.ask(fitting + 5)]
    assert len(set(asked)) == len(asked) == fitting
    assert all(budget.excess(space.cost(a)) is None for a in asked)


@st.composite
def _spaces(draw: st.DrawFn) -> Space:
    """Return a space with conditions and a black box for its cost, also not monotone, open or not."""
    choices = [Choice("c0", tuple(range(draw(st.integers(2, 5)))))]
    for number in range(1, draw(st.integers(2, 5))):
        parent = choices[draw(st.integers(0, number - 1))]
        allowed = draw(st.lists(st.sampled_from(list(parent.values)), min_size=1, unique=True))
        conditional = {parent.name: allowed} if draw(st.booleans()) else None
        choices.append(Choice(f"c{number}", tuple(range(draw(st.integers(2, 5)))), when=conditional))
    weights = draw(
        st.dictionaries(st.sampled_from([c.name for c in choices]), st.integers(-40, 40), max_size=6)
    )
    ends = [Choice("open", OpenIntegers(1, 3.0))] if draw(st.booleans()) else []

    def cost(a: Architecture) -> dict[str, float]:
        mixed = sum(weights.get(name, 7) * (int(value) * 37 % 11) for name, value in a.items())
        return {"params": 100 + abs(mixed) * int(a.get("open", 1))}

    return Space([*choices, *ends], name="any", cost=cost)


@settings(max_examples=25, deadline=None)
@given(_spaces(), st.integers(100, 400), st.integers(0, 5))
def test_nothing_over_the_limits_comes_out(space: Space, limit: int, seed: int) -> None:
    budget = Budget(params=limit)
    fits = space.is_finite and any(budget.excess(space.cost(a)) is None for a in space)
    if space.is_finite and not fits:
        cheapest = min(space.cost(a)["params"] for a in space)
        with pytest.raises(BadInput, match=f"the cheapest found has params {cheapest:,}: raise the limit"):
            refuse_impossible(space, budget)
        return
    rng, seen = np.random.default_rng(seed), set()
    for _ in range(3):
        drawn = draw_unseen(space, budget, rng, seen)
        if drawn is None:
            break
        assert drawn in space
        assert drawn not in seen
        assert budget.excess(space.cost(drawn)) is None
        seen.add(drawn)
    assert seen or not fits


@settings(max_examples=12, deadline=None)
@given(_spaces(), st.data())
def test_the_exploration_of_a_large_space_names_the_cheapest(space: Space, data: st.DataObject) -> None:
    if not space.is_finite:
        return
    cheapest = min(space.cost(a)["params"] for a in space)
    within = Feasible(space, Budget(params=max(1, int(cheapest) - 1)), listed=0)
    assert within.empty
    assert space.cost(within.nearest[0])["params"] == cheapest


def test_the_cheapest_is_named_behind_conditions() -> None:
    with pytest.raises(BadInput, match=r"fits params 9; the cheapest found has params 10: raise the limit"):
        refuse_impossible(HIDDEN, Budget(params=9))
    assert Feasible(HIDDEN, Budget(params=9), listed=0).nearest[0] == HIDDEN.parse("tree-single-10")
    refuse_impossible(HIDDEN, Budget(params=10))


@pytest.mark.parametrize(("name", "code"), [("fc", "1-8-relu-none-0-0.001"), ("seed-fc-free", "1-1")])
def test_the_cheapest_of_built_in_spaces_to_the_letter(name: str, code: str) -> None:
    space = create_space(name, input_shape=(8, 8, 1), classes=10)
    least = int(space.cost(space.parse(code))["params"])
    with pytest.raises(BadInput, match=re.escape(f"cheapest found has params {least:,}:")):
        refuse_impossible(space, Budget(params=least - 1))
    refuse_impossible(space, Budget(params=least))


def test_several_limits_are_kept_together() -> None:
    space = create_space("conv-open", input_shape=(12, 12, 1), classes=10)
    budget = Budget(params=900, flops=9_000)
    rng = np.random.default_rng(0)
    drawn = [draw_within(space, budget, rng, lambda a: True) for _ in range(20)]
    assert all(a is not None and budget.excess(space.cost(a)) is None for a in drawn)
    assert len(set(drawn)) > 10


def test_what_is_drawn_does_not_depend_on_who_drew_before() -> None:
    budget = Budget(params=300)

    def fresh() -> Space:
        return Space(CHAIN.choices, name="chain", cost=CHAIN.cost)

    used = fresh()
    for seed in range(3):
        draw_within(used, budget, np.random.default_rng(seed), lambda a: True)
    for seed in range(3):
        again = [draw_within(s, budget, np.random.default_rng(seed), lambda a: True) for s in (used, fresh())]
        assert again[0] == again[1]


@pytest.mark.parametrize(("scattered", "noisy"), [(True, False), (False, False), (True, True)])
def test_a_hundred_in_a_million_are_found_where_costs_lead_nowhere(scattered: bool, noisy: bool) -> None:
    """A cost of two levels, as of a device that runs some shapes alone, or of noise above the limit."""

    def runs(architecture: Architecture) -> bool:
        digits = [int(value) for value in architecture.values()]
        if not scattered:
            return digits[:4] == [3] * 4
        return sum((i + 3) * 7**i * digit for i, digit in enumerate(digits)) % 10007 == 5

    def over(architecture: Architecture) -> int:
        digits = [int(value) for value in architecture.values()]
        return 1000 + noisy * (sum((i + 11) * 13**i * digit for i, digit in enumerate(digits)) % 9973)

    choices = [Choice(f"c{i}", list(range(10))) for i in range(6)]
    space = Space(choices, name="device", cost=lambda a: {"params": 10 if runs(a) else over(a)})
    strategy = create_strategy("random", space, budget=Budget(params=10))
    found = [suggestion.architecture for suggestion in strategy.ask(8)]
    assert len(set(found)) == 8
    assert all(map(runs, found))


def test_what_may_have_been_missed_is_not_said_to_be_impossible() -> None:
    choices = [Choice(f"c{i}", list(range(10))) for i in range(6)]
    space = Space(choices, name="device", cost=lambda a: {"params": 1000})
    with pytest.raises(
        BadInput, match="no architecture among 50,000 drawn from space 'device' fits params 10"
    ):
        refuse_impossible(space, Budget(params=10))
