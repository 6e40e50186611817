"""Repair of networks that do not show their architecture: their layers stay; operations are no hindrance."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from archmend.errors import BadInput
from archmend.networks import build, layout_of, same_architecture
from archmend.repair import fit
from archmend.repair.blocks import blocks_of
from archmend.repair.constraints import Constraints
from archmend.spaces import create_space

TABULAR = create_space("tabular", input_shape=(9,), classes=3, columns=(1, 1, 4, 1, 2))
START = TABULAR.parse("2-16-1-1-relu-none-0-0.001")
Y = np.arange(60) % 3
X = (np.random.default_rng(0).normal(size=(60, 9)) + Y[:, None]).astype(np.float32)


def test_numbers_may_change_and_layers_may_not() -> None:
    model = build(TABULAR, START)
    limits = Constraints(TABULAR, layout_of(model))
    model.optimizer.learning_rate = 0.003
    assert limits.admits(model)
    model.optimizer.learning_rate = 0.5
    assert not limits.admits(model)
    assert not limits.admits(build(TABULAR, TABULAR.parse("2-32-1-1-relu-none-0-0.001")))
    assert not limits.admits(build(TABULAR, TABULAR.parse("2-16-1-1-silu-none-0-0.001")))


def test_the_result_is_of_the_space() -> None:
    found = fit(build(TABULAR, START), (X, Y), (X, Y), epochs=1, space=TABULAR, architecture=START)
    assert same_architecture(found.model, TABULAR, START) in TABULAR


def test_a_model_alone_does_not_say_what_it_is() -> None:
    with pytest.raises(BadInput, match="is not in the repair space 'tabular'"):
        fit(build(TABULAR, START), (X, Y), (X, Y), epochs=1, space=TABULAR)


def test_operations_between_layers_are_no_blocks() -> None:
    rows = keras.Input((9,))
    left = keras.layers.Dense(4, name="left")(rows[:, :3])
    right = keras.layers.Dense(4, "relu", name="right")(rows[:, 3:])
    model = keras.Model(rows, keras.layers.Dense(3, "softmax", name="output")(left * 2.0 + right))
    found = {block.name: (block.activation, block.output) for block in blocks_of(model)}
    assert found == {"left": ("linear", False), "right": ("relu", False), "output": ("softmax", True)}
