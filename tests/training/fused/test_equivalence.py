"""A population does what each network's Keras model does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from tests.training.fused.by_keras import BATCH, ORDER, keras_losses, trained

from archmend.networks import build, weights_of
from archmend.networks.resuming import resume, state_of
from archmend.spaces import create_space
from archmend.training.fused import naming
from archmend.training.fused.dense import DenseArrangement
from archmend.training.fused.population import Member, Population, Programs
from archmend.training.fused.predicting import probabilities
from archmend.training.fused.recipe import Recipe, recipe_of
from archmend.training.fused.rules import RULES

ROWS = 75
STEPS = 50
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, 4, 3)).astype(np.float32)
Y = ((X[:, 0, 0] > 0).astype(np.int64) + (X[:, 1, 1] > 0.3)).astype(np.int64)
SPACE = create_space("fc", input_shape=(4, 3), classes=3)
EVERY = (
    "1-8-relu-none-0-0.01",
    "2-16-8-elu-none-0-0.003",
    "1-8-tanh-none-0-0.01",
    "2-8-16-relu-batch-0-0.01",
    "1-8-elu-batch-0-0.003",
    "2-16-8-tanh-batch-0-0.003",
)
SOME = EVERY[1:4:2]


def _recipes(codes: Sequence[str], optimizer: str) -> list[Recipe]:
    return [recipe_of(SPACE, SPACE.parse(code), RULES[optimizer], None) for code in codes]


def _population(recipes: Sequence[Recipe], optimizer: str, widths: Sequence[int], **other: Any) -> Population:
    members = [Member.new(recipe, 7 + n) for n, recipe in enumerate(recipes)]
    return _of(members, optimizer, widths, **other)


def _of(members: Sequence[Member], optimizer: str, widths: Sequence[int], **other: Any) -> Population:
    programs = Programs(tf.constant(X.reshape(ROWS, -1)), tf.constant(Y))
    arranged = DenseArrangement([member.recipe for member in members], widths)
    return Population(members, programs, RULES[optimizer], arranged, batch_size=BATCH, order=ORDER, **other)


@pytest.mark.parametrize(
    ("optimizer", "codes", "widths"),
    [("adam", EVERY, (8, 16)), ("adamw", SOME, (16,)), ("sgd", SOME, (16,)), ("momentum", SOME, (16,))],
)
def test_losses_are_those_of_keras_for_every_option(
    optimizer: str, codes: tuple[str, ...], widths: tuple[int, ...]
) -> None:
    epochs = STEPS // -(-ROWS // BATCH)
    population = _population(_recipes(codes, optimizer), optimizer, widths)
    ours = trained(population, epochs)
    for n, code in enumerate(codes):
        model = build(SPACE, SPACE.parse(code), seed=7 + n, optimizer=optimizer)
        begun = weights_of(model)
        for name, value in naming.named(population.members[n].layers).items():
            np.testing.assert_array_equal(value, begun[name])
        theirs = keras_losses(model, X, Y, epochs)
        np.testing.assert_allclose([losses[n] for losses in population.losses], theirs, atol=1e-4)
        said = probabilities(population.members[n].recipe, ours[n], tf.constant(X.reshape(ROWS, -1)))
        np.testing.assert_allclose(said, model(X, training=False), atol=2e-3)


@pytest.mark.parametrize("activation", ["selu", "gelu", "silu", "sigmoid"])
def test_other_activations_do_not_see_what_is_padded(activation: str) -> None:
    recipe = _recipes(["2-16-8-relu-none-0-0.01"], "adam")[0]
    hidden = tuple(replace(layer, activation=activation) for layer in recipe.hidden)
    recipe = replace(recipe, layers=(*hidden, recipe.layers[-1]))
    alone, padded = (trained(_population([recipe], "adam", widths), 4)[0] for widths in ((16,), (40,)))
    model = keras.Sequential([keras.Input((4, 3)), keras.layers.Flatten()])
    for size in recipe.widths:
        model.add(keras.layers.Dense(size, activation))
    model.add(keras.layers.Dense(3, "softmax"))
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    named = naming.named(Member.new(recipe, 7).layers)
    for variable, value in zip(model.trainable_variables, named.values(), strict=True):
        variable.assign(value)
    keras_losses(model, X, Y, 4)
    for one, other, theirs in zip(
        naming.named(alone).values(), naming.named(padded).values(), model.weights, strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-5)
        np.testing.assert_allclose(one, theirs.numpy(), atol=1e-4)


def test_a_network_is_the_same_alone_and_among_others() -> None:
    codes = ("2-16-8-elu-batch-0.3-0.003", *SOME)
    recipes = _recipes(codes, "adam")
    alone = trained(_population(recipes[:1], "adam", (16,)), 4)[0]
    among = trained(_population(recipes, "adam", (8, 16)), 4)[0]
    for name, value in naming.named(alone).items():
        np.testing.assert_allclose(value, naming.named(among)[name], atol=1e-3, err_msg=name)


def test_the_same_seeds_give_the_same_bits() -> None:
    recipes = _recipes(("1-16-relu-batch-0.3-0.003", "1-8-tanh-none-0.1-0.01"), "adam")
    first, second = (trained(_population(recipes, "adam", (16,)), 2) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        for name, value in naming.named(one).items():
            np.testing.assert_array_equal(value, naming.named(other)[name])


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    from archmend.training.fused.noise import kept, keys

    seeds = tf.constant([1, 2, 3], tf.uint32)
    there = np.stack([kept(keys(seeds, step), (3, 40, 32), 0.3) for step in range(20)]).astype(float)
    assert there.mean() == pytest.approx(0.7, abs=0.01)
    assert there.mean(axis=(0, 2, 3)) == pytest.approx(0.7, abs=0.02)
    # Neither steps nor networks nor neighbours go together.
    flat = there.reshape(60, -1) - 0.7
    together = flat @ flat.T / flat.shape[1]
    assert np.abs(together - np.diag(np.diag(together))).max() < 0.03
    assert abs((flat[:, 1:] * flat[:, :-1]).mean()) < 0.01


def test_a_network_that_breaks_ends_alone() -> None:
    recipes = _recipes(EVERY[:3], "sgd")
    well = trained(_population(recipes, "sgd", (16,)), 2)
    broken = [replace(recipes[0], rate=1e30), *recipes[1:]]
    population = _population(broken, "sgd", (16,))
    layers = trained(population, 2)
    assert population.broken.tolist() == [1, 0, 0]
    for n in (1, 2):
        for name, value in naming.named(layers[n]).items():
            np.testing.assert_allclose(value, naming.named(well[n])[name], atol=1e-5)


def test_a_state_goes_on_in_a_population_and_in_keras() -> None:
    code = "2-16-8-relu-batch-0-0.003"
    recipe = _recipes([code], "adam")[0]
    whole = trained(_population([recipe], "adam", (16,)), 3)[0]
    first = _population([recipe], "adam", (16,))
    (layers,) = trained(first, 2)
    moments = first.moments()[0]
    second = _of([Member(recipe, 7, layers, moments)], "adam", (16,), begun=2)
    for name, value in naming.named(trained(second, 1)[0]).items():
        np.testing.assert_array_equal(value, naming.named(whole)[name])
    model = build(SPACE, SPACE.parse(code), seed=1)
    packed = weights_of(model)["structure"]
    state = {**naming.named(layers), **naming.state(10, moments, []), "structure": packed}
    resume(model, state)
    held = state_of(model)
    assert set(held) == set(state)
    assert int(model.optimizer.iterations) == 10
    again = naming.moments_of(
        held, 2, [{k: v for k, v in layer.items() if k not in ("mean", "variance")} for layer in layers]
    )
    np.testing.assert_array_equal(again[1][0]["kernel"], moments[1][0]["kernel"])
