"""Convolutional networks of a population do what their Keras models do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from tests.training.fused.by_keras import BATCH, ORDER, keras_losses, trained

from archmend.networks import build, weights_of
from archmend.networks.resuming import resume, state_of
from archmend.spaces import create_space, space_source
from archmend.training.fused import naming
from archmend.training.fused.conv.arrangement import ConvArrangement
from archmend.training.fused.conv.cohorts import planned
from archmend.training.fused.conv.grid import NONE, Grid
from archmend.training.fused.conv.operations import adds_behind
from archmend.training.fused.population import Member, Population, Programs
from archmend.training.fused.predicting import probabilities
from archmend.training.fused.recipe import Recipe, recipe_of
from archmend.training.fused.rules import RULES

ROWS, SHAPE = 75, (7, 6, 2)
EPOCHS = 10  # of five batches
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, *SHAPE)).astype(np.float32)
Y = ((X[:, 2, 3, 0] > 0).astype(np.int64) + (X[:, 4, 1, 1] > 0.3)).astype(np.int64)
SPACE = create_space("conv", input_shape=SHAPE, classes=3)
CODE = "3-16-5-max-8-3-max-8-3-stride-32-relu-batch-0.003"
PROGRAMS = Programs(tf.constant(X.reshape(ROWS, -1)), tf.constant(Y))
"""Compiled once for all tests of the same form."""


def _recipe(code: str, optimizer: str = "adam") -> Recipe:
    return recipe_of(SPACE, SPACE.parse(code), RULES[optimizer], None)


def _population(members: Sequence[Member], optimizer: str = "adam", **other: Any) -> Population:
    arranged = ConvArrangement([member.recipe for member in members])
    return Population(members, PROGRAMS, RULES[optimizer], arranged, batch_size=BATCH, order=ORDER, **other)


@pytest.mark.parametrize(
    ("code", "optimizer"),
    [
        (CODE, "adam"),
        ("2-64-3-stride-8-5-max-0-elu-batch-0.001", "adamw"),
        ("1-8-5-stride-32-elu-none-0.01", "sgd"),
        ("1-8-3-stride-0-relu-batch-0.01", "momentum"),
    ],
)
def test_losses_and_weights_are_those_of_keras_for_every_option(code: str, optimizer: str) -> None:
    population = _population([Member.new(_recipe(code, optimizer), 7)], optimizer)
    model = build(SPACE, SPACE.parse(code), seed=7, optimizer=optimizer)
    begun = weights_of(model)
    named = naming.named(population.members[0].layers)
    assert set(named) == set(begun) - {"structure"}
    for name, value in named.items():
        np.testing.assert_array_equal(value, begun[name])
    (ours,) = trained(population, EPOCHS)
    np.testing.assert_allclose(
        [loss[0] for loss in population.losses], keras_losses(model, X, Y, EPOCHS), atol=1e-4
    )
    said = probabilities(population.members[0].recipe, ours, tf.constant(X.reshape(ROWS, -1)))
    np.testing.assert_allclose(said, model(X, training=False), atol=2e-3)


def test_an_activation_that_falls_is_before_the_maximum(tmp_path: Path) -> None:
    made = tmp_path / "space.yaml"
    made.write_text(
        "name: own\nfamily: conv\nchoices:\n  - {name: blocks, values: [1]}\n"
        "  - {name: filters, values: [8]}\n"
        "  - {name: activation, values: [silu]}\n"
    )
    space = space_source(str(made)).space(input_shape=SHAPE, classes=3)
    (architecture,) = space
    recipe = recipe_of(space, architecture, RULES["adam"], None)
    population = _population([Member.new(recipe, 7)])
    model = build(space, architecture, seed=7)
    trained(population, 4)
    np.testing.assert_allclose(
        [loss[0] for loss in population.losses], keras_losses(model, X, Y, 4), atol=1e-4
    )


def test_networks_of_one_shape_are_one_program_and_each_as_by_itself() -> None:
    recipe = _recipe(CODE)
    assert adds_behind(8, 16, Grid(4, 3, 3, 1, pool=True))
    recipes = [recipe, replace(recipe, rate=0.01), replace(recipe, rate=1e30)]
    assert [cohort.networks for cohort in planned(recipes, 10, 1 << 40, BATCH)[1]] == [(0, 1, 2)]
    assert len(planned(recipes, 10, 1, BATCH)[1]) == 3
    members = [Member.new(each, 7 + n) for n, each in enumerate(recipes)]
    together = _population(members)
    layers = trained(together, 3)
    assert together.broken.tolist()[:2] == [0, 0]
    for n in (0, 1):
        alone = _population(members[n : n + 1])
        for name, value in naming.named(trained(alone, 3)[0]).items():
            np.testing.assert_allclose(value, naming.named(layers[n])[name], atol=1e-3, err_msg=name)


def test_a_state_goes_on_in_a_population_and_in_keras() -> None:
    recipe = _recipe(CODE)
    (whole,) = trained(_population([Member.new(recipe, 7)]), 3)
    first = _population([Member.new(recipe, 7)])
    (layers,) = trained(first, 2)
    moments = first.moments()[0]
    (rest,) = trained(_population([Member(recipe, 7, layers, moments)], begun=2), 1)
    for name, value in naming.named(rest).items():
        np.testing.assert_array_equal(value, naming.named(whole)[name])
    model = build(SPACE, SPACE.parse(CODE), seed=1)
    packed = weights_of(model)["structure"]
    state = {**naming.named(layers), **naming.state(10, moments, []), "structure": packed}
    resume(model, state)
    held = state_of(model)
    assert set(held) == set(state)
    np.testing.assert_array_equal(held["optimizer-1"], moments[0][0]["kernel"])


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize(("stride", "pool"), [(1, False), (2, False), (1, True), (2, True)])
def test_tables_of_places_are_a_convolution_with_the_same_padding(size: int, stride: int, pool: bool) -> None:
    grid = Grid(7, 4, size, stride, pool)
    image, kernel = RNG.normal(size=28), RNG.normal(size=size**2)
    read = grid.read()
    found = (np.where(read == NONE, 0, image[read]) * kernel[:, None]).sum(axis=0)
    convolved = np.asarray(
        keras.ops.conv(image.reshape(1, 7, 4, 1), kernel.reshape(size, size, 1, 1), stride, "same")
    )[0, :, :, 0]
    if pool:
        expected = keras.ops.max_pool(convolved[None, :, :, None], 2, 2, "same")
        np.testing.assert_allclose(found.reshape(4, -1).max(axis=0), np.ravel(expected))
        assert found[grid.there].sum() == pytest.approx(convolved.sum())
    else:
        np.testing.assert_allclose(found, convolved.ravel())
    # Back again by both ways, the same.
    upstream = np.where(grid.there, RNG.normal(size=grid.outputs), 0)
    each = (kernel[:, None] * upstream).ravel()
    gathered, readers = grid.gathered(), grid.readers()
    one = np.where(gathered == NONE, 0, each[gathered]).sum(axis=0)
    other = (np.where(readers == NONE, 0, upstream[readers]) * kernel[:, None]).sum(axis=0)
    expected = np.zeros(28)
    np.add.at(expected, read[read != NONE], (kernel[:, None] * upstream)[read != NONE])
    np.testing.assert_allclose(one, expected)
    np.testing.assert_allclose(other, expected)
