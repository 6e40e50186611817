"""A network that is described without being built."""

from __future__ import annotations

import pytest

from archmend.networks import build
from archmend.networks.described import Describer
from archmend.networks.stages import structure_of
from archmend.spaces import create_space

CODES = (
    ("fc", "1-8-tanh-none-0-0.001"),
    ("fc", "3-8-64-16-elu-batch-0.3-0.01"),
    ("fc", "2-16-16-relu-none-0.1-0.01"),
    ("seed-fc", "4-7"),
    ("seed-fc-free", "2-3-9"),
)


@pytest.mark.parametrize(("name", "code"), CODES)
def test_it_is_what_the_built_one_says_of_itself(name: str, code: str) -> None:
    space = create_space(name, input_shape=(4, 3), classes=3)
    architecture = space.parse(code)
    built = structure_of(build(space, architecture, seed=4)).packed()
    assert Describer(space).packed(architecture).tobytes() == built.tobytes()


def test_rows_that_are_vectors() -> None:
    space = create_space("fc", input_shape=(5,), classes=2)
    architecture = space.parse("2-8-16-relu-batch-0.1-0.01")
    assert (
        Describer(space).packed(architecture).tobytes()
        == structure_of(build(space, architecture)).packed().tobytes()
    )
