"""What a child computes with its parent's weights, over random pairs of architectures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.networks.forward import drawn, outputs

from archmend.networks.aligning import align, likeness, modes_of
from archmend.networks.growing import Grown, grow
from archmend.networks.stages import Stage, stages_of_architecture
from archmend.spaces import Architecture, Space, create_space

SHAPES = {"fc": (6,), "seed-fc": (6,), "seed-fc-free": (6,), "conv": (8, 8, 1), "conv-open": (5, 7, 2)}
SPACES = {name: create_space(name, input_shape=shape, classes=3) for name, shape in SHAPES.items()}
WIDTHS = (8, 16, 32, 64)
Arrays = dict[str, np.ndarray]


class Pair:
    """Two architectures with weights, and the child after it has inherited."""

    def __init__(
        self, name: str, parent: Architecture | str, child: Architecture | str, seed: int = 0
    ) -> None:
        space, rng = SPACES[name], np.random.default_rng(seed)
        self.parent, self.child = (_stages(space, code) for code in (parent, child))
        self.given, self.fresh = (drawn(stages, SHAPES[name], rng) for stages in (self.parent, self.child))
        self.rows = rng.normal(size=(9, *SHAPES[name]))
        self.grown = self.grow(seed)

    def grow(self, seed: int) -> Grown:
        shapes = {place: value.shape for place, value in self.fresh.items()}
        return grow(self.parent, self.given, self.child, shapes, seed)

    @property
    def weights(self) -> Arrays:
        made = self.grown.arrays
        return {
            p: np.where(np.isfinite(made[p]), made[p], value) if p in made else value
            for p, value in self.fresh.items()
        }

    @property
    def modes(self) -> list[str]:
        return [self.grown.modes[stage.place] for stage in self.child]

    def difference(self) -> float:
        before, after = (
            outputs(self.parent, self.given, self.rows),
            outputs(self.child, self.weights, self.rows),
        )
        assert np.isfinite(after).all()
        return float(np.abs(before - after).max())


def _stages(space: Space, code: Architecture | str) -> tuple[Stage, ...]:
    found = stages_of_architecture(space, space.parse(code) if isinstance(code, str) else code)
    assert found is not None
    return found


@st.composite
def larger_fc(draw: st.DrawFn) -> tuple[str, str]:
    """An architecture of `fc`, and one with every layer at least as wide and perhaps some more."""
    activation = draw(st.sampled_from(["relu", "elu", "tanh"]))
    parent = draw(st.lists(st.sampled_from(WIDTHS), min_size=1, max_size=3))
    child: list[int] = []
    for width in parent:
        more = 0 if activation == "tanh" else draw(st.integers(0, 1))
        child += draw(
            st.lists(st.sampled_from([w for w in WIDTHS if w >= width]), min_size=1 + more, max_size=1 + more)
        )
    rest = [
        f"{draw(st.sampled_from(['none', 'batch']))}-{draw(st.sampled_from(['0', '0.3']))}-0.001"
        for _ in "pc"
    ]
    return tuple(  # type: ignore[return-value]
        f"{len(widths)}-{'-'.join(map(str, widths))}-{activation}-{end}"
        for widths, end in zip((parent, child), rest, strict=True)
    )


@st.composite
def larger_conv(draw: st.DrawFn) -> tuple[str, str]:
    """An architecture of `conv`, and one with more filters, larger kernels and a larger dense layer."""
    activation = draw(st.sampled_from(["relu", "elu"]))
    codes: list[list[str]] = [[], []]
    for _ in range(draw(st.integers(1, 3))):
        filters, kernel = draw(st.sampled_from((8, 16))), draw(st.sampled_from((3, 5)))
        pool = draw(st.sampled_from(("max", "stride")))
        more = draw(st.sampled_from([f for f in (8, 16, 32) if f >= filters]))
        codes[0] += [str(filters), str(kernel), pool]
        codes[1] += [str(more), str(draw(st.sampled_from([k for k in (3, 5) if k >= kernel]))), pool]
    dense = draw(st.sampled_from((0, 32)))
    # Between the maps and the output a rectifier can be put in; an ELU only where few features flow.
    wider = [d for d in (0, 32, 64) if (d >= dense and (dense or activation == "relu" or d == 0))]
    ends = [
        f"{d}-{activation}-{draw(st.sampled_from(['none', 'batch']))}-0.001"
        for d in (dense, draw(st.sampled_from(wider)))
    ]
    return tuple(f"{len(c) // 3}-{'-'.join(c)}-{end}" for c, end in zip(codes, ends, strict=True))  # type: ignore[return-value]


@settings(max_examples=40)
@given(larger_fc(), st.integers(0, 99))
def test_a_larger_fully_connected_child_computes_the_same(codes: tuple[str, str], seed: int) -> None:
    pair = Pair("fc", *codes, seed=seed)
    assert set(pair.modes) == {"preserved"}
    assert pair.difference() < 1e-9
    assert all(np.isfinite(value).all() for value in pair.grown.arrays.values())


@settings(max_examples=25)
@given(larger_conv(), st.integers(0, 99))
def test_a_larger_convolutional_child_computes_the_same(codes: tuple[str, str], seed: int) -> None:
    pair = Pair("conv", *codes, seed=seed)
    assert set(pair.modes) == {"preserved"}
    assert pair.difference() < 1e-9


@pytest.mark.parametrize("name", SPACES)
@settings(max_examples=12)
@given(seed=st.integers(0, 10_000), steps=st.integers(0, 3))
def test_any_pair_of_any_space_fits_and_says_what_it_keeps(name: str, seed: int, steps: int) -> None:
    rng, space = np.random.default_rng(seed), SPACES[name]
    parent = space.sample(rng)
    child = parent if steps else space.sample(rng)
    for _ in range(steps):
        child = space.mutate(child, rng)
    pair = Pair(name, parent, child, seed)
    assert {p: a.shape for p, a in pair.grown.arrays.items()} == {p: a.shape for p, a in pair.fresh.items()}
    assert pair.modes == modes_of(pair.parent, pair.child)
    assert 0 <= likeness(pair.parent, pair.child) <= 1
    difference = pair.difference()
    if set(pair.modes) == {"preserved"}:
        assert difference < 1e-9


def test_copies_read_the_same_and_are_read_by_different_shares() -> None:
    pair = Pair("fc", "2-8-16-relu-none-0-0.001", "2-16-16-relu-none-0-0.001")
    incoming, outgoing = pair.weights["Dense-1-0"], pair.weights["Dense-2-0"]
    origin = [int(np.argmax(np.all(incoming[:, :8] == incoming[:, [j]], axis=0))) for j in range(8, 16)]
    assert sorted(origin) == list(range(8))
    for copy, unit in enumerate(origin, start=8):
        np.testing.assert_allclose(outgoing[unit] + outgoing[copy], pair.given["Dense-2-0"][unit])
        # Were one a multiple of the other, Adam would move both alike for ever.
        assert np.ptp(outgoing[unit] / outgoing[copy]) > 0.1


def test_what_is_drawn_goes_by_the_seed() -> None:
    pair = Pair("fc", "1-8-relu-none-0-0.001", "1-64-relu-none-0-0.001")
    again, other = pair.grow(0).arrays["output-1-0"], pair.grow(1).arrays["output-1-0"]
    np.testing.assert_array_equal(again, pair.grown.arrays["output-1-0"])
    assert not np.array_equal(other, again)


@pytest.mark.parametrize(
    ("name", "parent", "child", "modes"),
    [
        ("fc", "1-32-relu-none-0-0.01", "1-16-relu-none-0-0.01", "copied copied"),
        ("fc", "2-32-16-relu-none-0-0.01", "2-16-32-relu-none-0-0.01", "copied copied preserved"),
        ("fc", "1-16-relu-none-0-0.01", "1-16-elu-none-0-0.01", "copied preserved"),
        ("fc", "1-16-tanh-none-0-0.01", "2-16-16-tanh-none-0-0.01", "preserved copied preserved"),
        ("fc", "1-64-elu-none-0-0.01", "2-64-8-elu-none-0-0.01", "preserved fresh fresh"),
        ("fc", "1-64-relu-none-0-0.01", "2-64-8-relu-none-0-0.01", "preserved preserved preserved"),
        ("conv", "1-8-5-max-0-relu-none-0.01", "1-8-3-max-0-relu-none-0.01", "copied preserved"),
        ("conv", "1-8-3-max-0-relu-none-0.01", "1-8-3-stride-0-relu-none-0.01", "copied preserved"),
        (
            "conv",
            "1-8-3-max-0-relu-none-0.01",
            "2-8-3-max-8-3-max-0-relu-none-0.01",
            "preserved copied copied",
        ),
        ("conv", "1-8-3-max-0-elu-none-0.01", "1-8-3-max-32-elu-none-0.01", "preserved fresh fresh"),
        # What stood behind the layers that are left out has read something else.
        ("conv", "2-8-3-max-8-3-max-0-relu-batch-0.01", "1-8-3-max-0-relu-none-0.01", "preserved fresh"),
        ("fc", "3-8-16-64-relu-batch-0-0.01", "1-64-relu-batch-0-0.01", "preserved fresh"),
        (
            "conv",
            "1-8-3-max-0-relu-none-0.01",
            "1-8-3-max-32-relu-none-0.01",
            "preserved preserved preserved",
        ),
    ],
)
def test_how_each_layer_begins(name: str, parent: str, child: str, modes: str) -> None:
    pair = Pair(name, parent, child)
    assert pair.modes == modes.split() == modes_of(pair.parent, pair.child)


def test_an_added_layer_of_tanh_stands_for_nothing_nearly() -> None:
    near = Pair("fc", "1-32-tanh-none-0-0.01", "3-32-32-32-tanh-none-0-0.01")
    anew = outputs(near.child, near.fresh, near.rows) - outputs(near.parent, near.given, near.rows)
    assert near.difference() < 0.1 * np.abs(anew).max()


def test_weights_of_a_coarser_grid_are_the_sums_of_those_that_they_stand_for() -> None:
    pair = Pair("conv", "1-8-3-max-0-relu-none-0.01", "2-8-3-max-8-3-max-0-relu-none-0.01")
    given = pair.given["output-1-0"].reshape(4, 4, 8, 3)
    made = pair.weights["output-1-0"].reshape(2, 2, 8, 3)
    np.testing.assert_allclose(made, given.reshape(2, 2, 2, 2, 8, 3).sum(axis=(1, 3)))


def test_layers_are_put_in_where_the_parents_fit() -> None:
    space = SPACES["fc"]
    parent, child = (
        _stages(space, code) for code in ("3-64-16-32-relu-none-0-0.01", "5-64-16-16-64-32-relu-none-0-0.01")
    )
    steps = [(step.role, step.source) for step in align(parent, child)]
    assert steps.count(("identity", 1)) == 2
    assert [source for role, source in steps if role == "match"] == [0, 1, 2, 3]
    assert all(step.exact for step in align(parent, child))
