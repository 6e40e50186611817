"""Weights of one Keras model as the start of another; what is computed of them is in test_growing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from archmend.errors import BadInput
from archmend.networks import build, inherit, weights_of
from archmend.networks.inheritance import STRUCTURE
from archmend.networks.stages import stages_of, stages_of_architecture
from archmend.spaces import create_space, space_names

SPACE = create_space("fc", input_shape=(6,), classes=3)
IMAGES = create_space("conv", input_shape=(8, 8, 1), classes=3)


def _net(code: str, seed: int, space: Any = SPACE) -> Any:
    return build(space, space.parse(code), seed=seed)


def _trained(model: Any) -> Any:
    """Set what training changes and initialisation does not: offsets, and statistics of normalisations."""
    rng = np.random.default_rng(0)
    for variable in model.weights:
        if len(variable.shape) == 1:
            variable.assign(rng.uniform(0.3, 1.5, variable.shape))
    return model


@pytest.mark.parametrize(
    ("space", "parent", "child"),
    [
        (SPACE, "2-16-8-relu-batch-0-0.001", "4-64-16-16-8-relu-batch-0.3-0.01"),
        (SPACE, "2-16-8-elu-none-0.1-0.001", "3-32-32-8-elu-batch-0-0.001"),
        (IMAGES, "2-8-3-max-8-3-stride-0-relu-batch-0.001", "2-16-5-max-8-3-stride-32-relu-none-0.001"),
    ],
)
def test_a_child_that_grew_computes_what_its_parent_does(space: Any, parent: str, child: str) -> None:
    old, new = _trained(_net(parent, 0, space)), _net(child, 1, space)
    rows = np.random.default_rng(0).normal(size=(16, *space.input_shape)).astype(np.float32)
    found = inherit(new, old, seed=3)
    assert (found.preserved, found.whole, found.share) == (True, False, 1.0)
    np.testing.assert_allclose(np.asarray(new(rows)), np.asarray(old(rows)), atol=1e-5)
    again = _net(child, 2, space)
    inherit(again, weights_of(old), seed=3)
    for a, b in zip(new.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_same_architecture_takes_everything() -> None:
    parent, child = _trained(_net("2-16-8-relu-batch-0-0.001", 0)), _net("2-16-8-relu-batch-0-0.01", 1)
    found = inherit(child, weights_of(parent))
    assert (found.share, found.whole, found.preserved) == (1.0, True, True)
    assert found.counts == {"preserved": 3, "copied": 0, "fresh": 0}
    for a, b in zip(parent.get_weights(), child.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_shrinks_is_copied_and_what_has_no_counterpart_stays() -> None:
    parent, child = _net("2-16-8-tanh-none-0-0.001", 0), _net("3-8-8-32-tanh-none-0-0.001", 1)
    given = weights_of(parent)
    found = inherit(child, given)
    after = weights_of(child)
    assert found.layers["Dense-1"] == "copied"
    assert not found.preserved
    np.testing.assert_array_equal(after["Dense-1-0"], given["Dense-1-0"][:, :8])
    np.testing.assert_array_equal(after["Dense-2-0"], given["Dense-2-0"][:8, :])


@pytest.mark.parametrize("described", [False, True])
def test_networks_that_are_no_chains_take_what_overlaps(described: bool) -> None:
    import keras

    def forked(width: int, seed: int) -> Any:
        keras.utils.set_random_seed(seed)
        rows = keras.Input((6,))
        left, right = (keras.layers.Dense(width, "relu")(rows) for _ in range(2))
        return keras.Model(rows, keras.layers.Dense(3, "softmax")(keras.layers.Add()([left, right])))

    parent, child = forked(8, 0), forked(16, 1)
    before, given = weights_of(child), weights_of(parent)
    if not described:
        del given[STRUCTURE]
    found = inherit(child, given)
    after = weights_of(child)
    assert found.counts == {"preserved": 0, "copied": 3, "fresh": 0}
    assert 0 < found.share < 1
    np.testing.assert_array_equal(after["Dense-2-0"][:, :8], given["Dense-2-0"])
    np.testing.assert_array_equal(after["Dense-2-0"][:, 8:], before["Dense-2-0"][:, 8:])
    same = inherit(forked(8, 2), given)
    assert same.whole is described


ROWS = {
    "cells": ((6, 6, 1), None),
    "series": ((12, 3, 1), None),
    "tabular": ((5,), (1, 1, 3)),
    "conv": ((6, 5, 1), None),
    "conv-open": ((6, 5, 1), None),
}


@pytest.mark.parametrize("name", space_names())
def test_any_two_networks_of_a_space_can_be_parent_and_child(name: str) -> None:
    shape, columns = ROWS.get(name, ((5,), None))
    words = 20 if name == "text" else None
    space = create_space(name, input_shape=shape, classes=3, columns=columns, words=words)
    rng = np.random.default_rng(0)
    parent, other = (build(space, space.sample(rng), seed=seed) for seed in (0, 1))
    shapes = [variable.shape for variable in other.weights]
    found = inherit(other, weights_of(parent))
    assert 0 <= found.share <= 1
    assert sum(found.counts.values()) > 0
    assert [variable.shape for variable in other.weights] == shapes
    assert all(np.isfinite(variable.numpy()).all() for variable in other.weights)
    again = inherit(other, weights_of(other))
    assert again.whole
    assert again.preserved


def test_a_network_of_other_layers_has_another_identity() -> None:
    parent, child = _net("1-16-relu-none-0-0.001", 0), _net("1-16-tanh-none-0-0.001", 0)
    assert inherit(child, parent).counts == {"preserved": 1, "copied": 1, "fresh": 0}


def test_a_damaged_description() -> None:
    model = _net("1-16-relu-none-0-0.001", 0)
    given = {**weights_of(model), STRUCTURE: np.frombuffer(b"{}", dtype=np.uint8)}
    with pytest.raises(BadInput, match="the weights' description is damaged"):
        inherit(model, given)


@pytest.mark.parametrize(
    ("space", "code"),
    [
        (SPACE, "3-16-8-32-elu-batch-0.1-0.001"),
        (IMAGES, "3-8-3-max-16-5-stride-8-3-max-32-relu-batch-0.001"),
    ],
)
def test_an_architectures_stages_are_those_of_its_network(space: Any, code: str) -> None:
    assert stages_of(_net(code, 0, space)) == stages_of_architecture(space, space.parse(code))
