"""Invariants of spaces, on the built-in ones and on drawn conditional ones."""

from __future__ import annotations

import math
import pickle
import re
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archmend.errors import BadInput
from archmend.search import Budget, create_strategy
from archmend.spaces import Choice, OpenIntegers, Repeat, Space, create_space, space_names
from archmend.testing import SPACES

IMAGES = ("conv", "conv-open", "cells")
BUILT_IN = {
    name: create_space(
        name,
        input_shape=(8, 8, 1) if name in IMAGES else (20,),
        classes=4,
        columns=(1, 4, 15) if name == "tabular" else None,
        words=50 if name == "text" else None,
    )
    for name in space_names()
}
ALL: Mapping[str, Space] = {**BUILT_IN, **SPACES}
SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("space", ALL.values(), ids=ALL)
@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_codes_come_back_and_are_safe(space: Space, seed: int) -> None:
    architecture = space.sample(np.random.default_rng(seed))
    code = str(architecture)
    assert space.parse(code) == architecture
    assert hash(space.parse(code)) == hash(architecture)
    assert re.fullmatch(r"[A-Za-z0-9_.=-]+", code)
    assert architecture in space
    assert pickle.loads(pickle.dumps(architecture)) == architecture


@pytest.mark.parametrize("space", ALL.values(), ids=ALL)
@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_changes_stay_in_the_space(space: Space, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = space.sample(rng), space.sample(rng)
    near = space.neighbours(a)
    assert a not in near
    assert len(set(near)) == len(near)
    assert all(space.parse(str(other)) == other for other in near)
    mutant = space.mutate(a, rng)
    assert mutant in near
    child = space.crossover(a, b, rng)
    assert child in space
    assert all(
        child[name] in {p[name] for p in (a, b) if name in p} for name in child if name in a or name in b
    )
    assert space.crossover(a, a, rng) == a
    vectors = [space.encode(other) for other in (a, b)]
    assert all(v.shape == (len(space.encoding_names),) and np.isfinite(v).all() for v in vectors)
    if space.is_finite:
        assert (a == b) == bool((vectors[0] == vectors[1]).all())


@pytest.mark.parametrize("name", ["small", "conditional", "repeated", "seed-fc"])
def test_size_is_the_number_of_architectures(name: str) -> None:
    listed = list(ALL[name])
    assert len(set(listed)) == len(listed) == ALL[name].size
    rng = np.random.default_rng(0)
    drawn = {ALL[name].sample(rng) for _ in range(60 * len(listed))}
    assert drawn == set(listed)


CONDITIONS = st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.integers(0, 5)), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(drawn=CONDITIONS, predicate=st.booleans())
def test_size_of_drawn_conditional_spaces(drawn: list[tuple[int, bool, int]], predicate: bool) -> None:
    choices: list[Choice | Repeat] = []
    for number, (values, conditional, parent) in enumerate(drawn):
        when: object = None
        if conditional and number:
            name = f"c{parent % number}"
            when = (lambda made, name=name: made.get(name) == 0) if predicate else {name: [0]}
        choices.append(Choice(f"c{number}", range(values), when=when))  # type: ignore[arg-type]
    choices.append(Repeat("c0", (Choice("r", ("x", "y")), Choice("s", (1, 2), when={"r": ["y"]}))))
    space = Space(choices)
    assert space.size == len(list(space)) == len(set(space))


LOOKS: list[Callable[[Mapping[str, object]], bool]] = [
    lambda made: made["c0"] == 1,
    lambda made: made.get("c1") == 1 or made.get("c0") == 2,
    lambda made: "b" in made,
    lambda made: sum(value == 1 for value in made.values()) == 2,
    lambda made: len(made) > 3,
    lambda made: dict(made) == {"c0": 0, "c1": 0, "c2": 0},
    lambda made: made == {"c0": 0, "c1": 0, "c2": 0},
]


@pytest.mark.parametrize("first", LOOKS)
@pytest.mark.parametrize("second", LOOKS)
def test_size_behind_predicates_of_every_kind(
    first: Callable[[Mapping[str, object]], bool], second: Callable[[Mapping[str, object]], bool]
) -> None:
    space = Space(
        [
            *[Choice(f"c{i}", range(3)) for i in range(2)],
            Choice("b", ["x", "y"], when={"c0": [0], "c1": [1, 2]}),
            Choice("c2", range(3)),
            Choice("d", [1, 2, 3], when=first),
            Choice("e", [1, 2], when=second),
            Repeat("c1", (Choice("w", [1, 2]),)),
        ]
    )
    assert space.size == len(list(space)) == len(set(space))


def test_size_of_a_large_space_with_a_predicate() -> None:
    tens = [Choice(f"c{i}", range(10)) for i in range(30)]
    space = Space([*tens, Choice("more", [1, 2], when=lambda made: made["c0"] == 0)])
    assert space.size == 11 * 10**29


def test_size_where_one_choice_depends_on_many() -> None:
    parents = [Choice(f"p{i}", range(8)) for i in range(10)]
    space = Space([*parents, Choice("more", [1, 2], when={f"p{i}": [0, 1, 2, 3] for i in range(10)})])
    assert space.size == 8**10 + 4**10


def test_a_space_that_cannot_be_counted() -> None:
    flags = [Choice(f"b{i}", [0, 1]) for i in range(24)]
    space = Space([*flags, Choice("more", [1, 2], when=lambda made: sum(made.values()) > 3)])
    with pytest.raises(BadInput, match="its conditions look at too many choices at once"):
        _ = space.size


@pytest.mark.parametrize("minimum", [1.5, True, -1])
def test_open_integers_begin_at_a_whole_number(minimum: int) -> None:
    with pytest.raises(BadInput, match="open integers need a whole"):
        OpenIntegers(minimum, 30.0)


def test_sizes_of_the_built_in_spaces() -> None:
    # interfaces: 10 x 10; all widths of all depths; the products that the lists of values make
    assert BUILT_IN["seed-fc"].size == 100
    assert BUILT_IN["seed-fc-free"].size == sum(10**depth for depth in range(1, 11))
    assert BUILT_IN["fc"].size == sum(7**depth for depth in range(1, 7)) * 3 * 2 * 3 * 4
    assert BUILT_IN["conv"].size == sum(16**blocks for blocks in range(1, 4)) * 4 * 2 * 2 * 4
    assert math.isinf(BUILT_IN["conv-open"].size)


def test_seed_fc_is_the_seeds_hundred() -> None:
    assert {(a["depth"], a["width"]) for a in BUILT_IN["seed-fc"]} == {
        (depth, width) for depth in range(1, 11) for width in range(1, 11)
    }


def test_costs_of_known_networks() -> None:
    space = BUILT_IN["fc"]
    cost = space.cost(space.parse("2-16-8-relu-batch-0-0.001"))
    assert cost["params"] == (20 * 16 + 16 + 32) + (16 * 8 + 8 + 16) + (8 * 4 + 4)
    assert cost["flops"] == 2 * (20 * 16 + 16 * 8 + 8 * 4)
    conv = BUILT_IN["conv"].cost(BUILT_IN["conv"].parse("1-8-3-max-0-relu-none-0.001"))
    assert conv == {"params": 80 + 4 * 4 * 8 * 4 + 4, "flops": 2 * (64 * 9 * 8 + 4 * 4 * 8 * 4)}


def test_open_spaces_are_drawn_with_a_finite_mean() -> None:
    rng = np.random.default_rng(0)
    drawn = [BUILT_IN["conv-open"].sample(rng) for _ in range(4000)]
    blocks = np.array([a["blocks"] for a in drawn])
    filters = np.array([a["filters_1"] for a in drawn])
    assert abs(blocks.mean() - 2.5) < 0.15  # standard error 0.03
    assert abs(filters.mean() - 32) < 2.5  # standard error 0.5
    assert blocks.max() > 8


def test_open_spaces_grow_by_mutation() -> None:
    space, rng = BUILT_IN["conv-open"], np.random.default_rng(0)
    here = deepest = space.sample(rng)
    for _ in range(3000):
        here = space.mutate(here, rng)
        deepest = max(here, deepest, key=lambda a: a["blocks"])
    assert deepest["blocks"] > 6


def test_steps_of_open_integers_go_both_ways() -> None:
    steps = OpenIntegers(1, 8.0, doubling=True)
    for value in range(1, 70):
        assert all(value in steps.steps(other) for other in steps.steps(value))


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("", "'depth' cannot be ''"),
        ("2-16", "ends before 'width_2'"),
        ("1-17-relu-none-0-0.001", "'width_1' cannot be '17'; give 8, 16"),
        ("1-16-relu-none-0-0.001-9", "nothing is chosen by '9'"),
        ("1-16-RELU-none-0-0.001", "'activation' cannot be 'RELU'; give relu, elu, tanh"),
    ],
)
def test_unreadable_codes(code: str, why: str) -> None:
    with pytest.raises(BadInput, match=re.escape(why)):
        BUILT_IN["fc"].parse(code)


@settings(max_examples=200, deadline=None)
@given(code=st.text(max_size=30))
def test_no_text_makes_parsing_crash(code: str) -> None:
    for space in ALL.values():
        try:
            read = space.parse(code)
        except BadInput as error:
            sentence = str(error)
        else:
            sentence = ""
            assert str(read) == code
        assert "\n" not in sentence


def test_values_by_name() -> None:
    space = SPACES["conditional"]
    assert str(space.architecture({"kind": "conv", "kernel": 5, "stride": 2})) == "conv-5-2"
    with pytest.raises(BadInput, match="needs a value for 'units'; give 8, 16, 32"):
        space.architecture({"kind": "dense"})
    with pytest.raises(BadInput, match=r"'units' is no choice .* or is not active here"):
        space.architecture({"kind": "none", "units": 8})


@pytest.mark.parametrize(
    ("choices", "why"),
    [
        ([], "has no choices"),
        ([Choice("a", [1]), Choice("a", [2])], "two choices named 'a'"),
        ([Choice("a", [1], when={"b": [1]}), Choice("b", [1])], "'b', and no choice comes before it"),
        (
            [Choice("c", [1]), Choice("a", [1], when={"b": [1]})],
            "choice 'a' depends on 'b', which does not come before it: known: c",
        ),
        (
            [Choice("d", [1, 2]), Repeat("d", (Choice("w", [4, 8]),)), Choice("a", [1], when={"w": [4]})],
            "depends on 'w', which is made several times; name one of them, such as 'w_1'",
        ),
        (
            [Choice("w_1", [1]), Choice("d", [1, 2]), Repeat("d", (Choice("w", [4, 8]),))],
            "choice 'w_1' has the name of a repeated one",
        ),
        (
            [Choice("d", [1, 2]), Repeat("d", (Choice("w", [4, 8]), Choice("w_2", [1])))],
            "choice 'w_2' has the name of a repeated one",
        ),
        ([Choice("a", [1]), Choice("b", [1], when={"a": [2]})], "'a' being 2, which it never is"),
        ([Choice("a", [0.5]), Repeat("a", (Choice("b", [1]),))], "counted by 'a', which can be 0.5"),
        ([Repeat("depth", (Choice("b", [1]),))], "unknown counting choice"),
    ],
)
def test_declarations_that_contradict_themselves(choices: list[Choice | Repeat], why: str) -> None:
    with pytest.raises(BadInput, match=re.escape(why)):
        Space(choices)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([], "is empty"),
        ([1, 1.0], "are one value"),
        ([float("nan")], "use finite numbers"),
        ("relu", "give a list"),
    ],
)
def test_values_that_are_none(values: object, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        Choice("a", values)  # type: ignore[arg-type]


def test_names_of_built_in_spaces() -> None:
    with pytest.raises(BadInput, match="unknown space 'cnov': did you mean 'conv'"):
        create_space("cnov", input_shape=(8, 8, 1), classes=3)
    with pytest.raises(BadInput, match=r"space 'conv' needs images .* got rows of shape \(4,\)"):
        create_space("conv", input_shape=(4,), classes=3)


@pytest.mark.parametrize("space", ALL.values(), ids=ALL)
def test_a_code_with_a_joiner_too_many_is_no_code(space: Space) -> None:
    with pytest.raises(BadInput, match="nothing is chosen by"):
        space.parse(f"{space.example()}-")


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_neighbours_are_symmetric_where_no_choice_depends_on_another(seed: int) -> None:
    space = Space(
        [Choice("a", [1, 2, 3]), Choice("b", ["x", "y"]), Choice("c", OpenIntegers(1, 9.0, doubling=True))]
    )
    here = space.sample(np.random.default_rng(seed))
    assert all(here in space.neighbours(other) for other in space.neighbours(here))


def test_a_choice_like_one_whose_value_it_does_not_take() -> None:
    space = Space(
        [
            Choice("a", [1, 2]),
            Choice("on", [False, True]),
            Choice("b", [2, 4], when={"on": [True]}, like="a"),
        ]
    )
    near = {str(a) for a in space.neighbours(space.parse("1-false"))}
    assert "1-true-2" in near
    assert {str(a) for a in space.neighbours(space.parse("2-false"))} >= {"2-true-2"}


def test_doubling_stays_within_what_a_code_can_hold() -> None:
    largest = 10**15 - 1
    steps = OpenIntegers(1, 8.0, doubling=True)
    assert steps.steps(largest) == (largest - 1,)
    space = Space([Choice("n", steps)])
    assert space.parse(str(largest)) == space.architecture({"n": largest})


def test_no_choice_may_be_active() -> None:
    space = Space([Choice("on", [0, 1]), Choice("x", [1, 2], when={"on": [1]})], cost=lambda a: {"params": 1})
    assert [str(a) for a in space] == ["0", "1-1", "1-2"]
    none = Space([Choice("x", [1, 2], when=lambda made: False)], cost=lambda a: {"params": 1})
    (only,) = none
    assert none.parse(str(only)) == only
    (asked,) = create_strategy("random", none, 0, budget=Budget(params=3)).ask(1)
    assert asked.architecture == only


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ([Choice("x", [1]), Choice("y", [1], like="nothing")], "unknown choice that 'y' is like"),
        ([Choice("y", [1], when={3: [1]})], "choice 'y' depends on '3', and no choice comes before it"),  # type: ignore[dict-item]
        (
            [Choice("n", [1, 2]), Repeat("n", (Choice("w", [1, 2]),)), Choice("z", [1], when={"w_9": [1]})],
            "choice 'z' depends on 'w_9', and 'w' is repeated 2 times at most",
        ),
        (
            [Choice("n", [1, 2]), Repeat("n", (Choice("w", [1, 2]),)), Choice("z", [1], when={"w_1": [7]})],
            "choice 'z' depends on 'w_1' being 7, which it never is",
        ),
        (
            [Choice("n", [1, 2]), Repeat("n", (Choice("w", [1, 2]),)), Choice("z", [1], when={"w_foo": [1]})],
            "choice 'z' depends on 'w_foo', which does not come before it: known: n",
        ),
        ([Choice("n", [1, 301]), Repeat("n", (Choice("w", [1]),))], "has architectures of 302 choices"),
    ],
)
def test_what_can_never_be(choices: list[Choice | Repeat], sentence: str) -> None:
    with pytest.raises(BadInput, match=re.escape(sentence)):
        Space(choices)
