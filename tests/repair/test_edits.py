"""What single remedies do: rates, schedules, batches, new weights, grown and shortened networks, inputs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from archmend.repair import Bench, Symptom
from archmend.repair.cloning import rebuild
from archmend.repair.configs import config_of, model_of
from archmend.repair.constraints import Constraints
from archmend.repair.data import Rows
from archmend.repair.engine import Engine
from archmend.repair.labels import Labels
from archmend.repair.remedies import REMEDIES
from archmend.repair.remedies.optimizers import inner, peak_rate
from archmend.repair.run import Run
from archmend.repair.settling import settings

L, FREE, SLOW = keras.layers, Constraints(), Symptom("slow_convergence")
ROWS = np.random.default_rng(0).normal(size=(96, 2)).astype("float32")
SIDES = (ROWS[:, 0] > 0).astype("int64")


def edited(name: str, model: Any, x: Any = ROWS, symptom: Symptom = SLOW, limits: Constraints = FREE) -> Any:
    remedy = REMEDIES.create(name)
    assert remedy.applicable(model, symptom, limits)
    bench = Bench(limits, np.random.default_rng(0), x, SIDES, steps_left=400)
    return remedy.apply(rebuild(model), symptom, bench)


def stepped(model: Any, steps: int = 1) -> None:
    """Train without tracing a function, which would take longer than all else here."""
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = model.compute_loss(x=ROWS, y=SIDES, y_pred=model(ROWS, training=True))
        model.optimizer.apply(tape.gradient(loss, model.trainable_weights), model.trainable_weights)


@pytest.mark.parametrize("rate", [1e-6, 10.0])
def test_the_range_test_leaves_a_rate_that_is_far_off(rate: float, chain: Callable[..., Any]) -> None:
    model = chain(L.Dense(8, "tanh"), optimizer=keras.optimizers.SGD(rate))
    found = edited("set_learning_rate", model)
    assert 1e-2 < float(found.optimizer.learning_rate) < 5
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), found.get_weights(), strict=True))


def test_a_schedule_of_a_remedy_is_scaled_by_another(chain: Callable[..., Any]) -> None:
    warm = edited("warm_up", chain(L.Dense(4, "relu"), optimizer=keras.optimizers.Adam(1e-2)))
    rates = []
    for step in (0, 10, 20, 399):
        inner(warm.optimizer).iterations.assign(step)
        rates.append(float(warm.optimizer.learning_rate))
    assert rates == pytest.approx([5e-4, 5.25e-3, 1e-2, 1e-2], rel=0.06)
    lower = edited("lower_learning_rate", warm)
    assert peak_rate(lower.optimizer) == pytest.approx(1e-3)
    assert peak_rate(warm.optimizer) == pytest.approx(1e-2)
    assert not REMEDIES.create("cosine_schedule").applicable(lower, SLOW, FREE)


def test_a_cosine_ends_with_the_run(chain: Callable[..., Any]) -> None:
    model = edited("cosine_schedule", chain(optimizer=keras.optimizers.SGD(0.1)))
    inner(model.optimizer).iterations.assign(400)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3)


def test_no_schedule_where_a_callback_sets_the_rate(chain: Callable[..., Any]) -> None:
    assert not REMEDIES.create("warm_up").applicable(chain(), SLOW, Constraints(schedules=False))


def test_an_exchanged_optimiser_clips_and_decays_as_before(chain: Callable[..., Any]) -> None:
    model = chain(optimizer=keras.optimizers.SGD(0.1, clipnorm=0.5, weight_decay=1e-3))
    made = edited("optimizer_adam", model).optimizer
    assert (type(made).__name__, made.clipnorm, made.weight_decay) == ("Adam", 0.5, 1e-3)
    back = edited("optimizer_sgd", chain(optimizer=keras.optimizers.Adam(clipvalue=0.5))).optimizer
    assert (type(back).__name__, back.momentum, back.clipvalue) == ("SGD", 0.9, 0.5)


def test_clipping_keeps_the_moments(chain: Callable[..., Any]) -> None:
    model = chain(L.Dense(4, "relu"))
    stepped(model)
    clipped = edited("clip_gradients", model)
    assert clipped.optimizer.global_clipnorm == 1.0
    for here, there in zip(clipped.optimizer.variables, model.optimizer.variables, strict=True):
        assert np.array_equal(here, there)


@pytest.mark.parametrize(
    ("name", "now", "rows", "then"),
    [
        ("larger_batches", 32, 10_000, 128),
        ("larger_batches", 32, 300, 75),
        ("larger_batches", 32, 60, 32),
        ("smaller_batches", 128, 300, 32),
        ("smaller_batches", 16, 300, 8),
        ("smaller_batches", 4, 300, 4),
        ("usual_batches", 128, 300, 32),
        ("usual_batches", 1, 300, 32),
        ("usual_batches", 128, 20, 20),
    ],
)
def test_batch_sizes(name: str, now: int, rows: int, then: int) -> None:
    assert REMEDIES.create(name).batch_size(now, rows) == then


def test_layers_narrower_than_the_network_is_deep_get_as_many_units(chain: Callable[..., Any]) -> None:
    widths = (2, 10, 3, 9, 5, 5, 5, 5, 5)
    hidden = [L.Dense(units, "elu", name=f"hidden_{n}") for n, units in enumerate(widths)]
    made = edited("widen_to_depth", chain(*hidden), symptom=Symptom("mended"))
    assert [layer.units for layer in made.layers[:-1]] == [9, 10, 9, 9, 9, 9, 9, 9, 9]
    assert np.isfinite(made.predict(ROWS, verbose=0)).all()
    assert not REMEDIES.create("widen_to_depth").applicable(made, Symptom("mended"), FREE)


def test_what_suits_a_network_that_has_just_been_mended(chain: Callable[..., Any]) -> None:
    def of(rate: float, epochs: int, batch: int, optimizer: Any = keras.optimizers.Adam) -> tuple[str, ...]:
        data, model = Rows(ROWS, SIDES, batch, seed=0), chain(L.Dense(4, "relu"), optimizer=optimizer(rate))
        return settings(Run(Engine(model, Labels("index"), data), data, data, Labels("index"), epochs))

    assert of(1e-3, 10, 64) == ("widen_to_depth", "usual_batches")
    assert of(1e-3, 10, 32) == ("widen_to_depth",)
    assert of(1e-3, 10_000, 64) == ("widen_to_depth",)
    assert of(1.0, 10, 32) == of(1e-7, 10, 32) == ("widen_to_depth", "set_learning_rate")
    assert of(1e-2, 10, 32, keras.optimizers.SGD) == ("widen_to_depth", "set_learning_rate")


def test_rows_come_in_the_same_order_in_batches_of_any_size() -> None:
    data = Rows(ROWS, SIDES, 7, seed=3)
    whole = np.concatenate([x for x, _ in data.epoch(2)])
    again = np.concatenate([x for x, _ in data.batched(20).epoch(2)])
    assert np.array_equal(whole, again)
    assert data.batched(20).batches == 5


def test_a_layer_is_calibrated_to_variance_one(chain: Callable[..., Any]) -> None:
    model = chain(L.Dense(6, "tanh", name="first"), L.Dense(6, "relu", name="second"))
    first = model.layers[0].kernel.numpy()
    model.layers[1].kernel.assign(np.full((6, 6), 1e-6))
    made = edited("reinitialize_layer", model, symptom=Symptom("vanishing", "second"))
    assert np.array_equal(made.layers[0].kernel, first)
    inner_values = np.tanh(ROWS @ first) @ made.layers[1].kernel.numpy()
    assert np.var(inner_values) == pytest.approx(1, abs=0.1)


def test_biases_are_reset_and_moments_of_them_alone(chain: Callable[..., Any]) -> None:
    model = chain(L.Dense(4, "relu"), L.Dense(4, "relu"))
    assert not REMEDIES.create("reset_biases").applicable(model, Symptom("dying"), FREE)
    stepped(model)
    made = edited("reset_biases", model, symptom=Symptom("dying"))
    assert not made.layers[0].bias.numpy().any()
    assert model.layers[0].bias.numpy().any()
    moments = made.optimizer._momentums
    assert not moments[1].numpy().any()
    assert moments[0].numpy().any()


def test_reinitialising_starts_normalisations_again_and_keeps_what_was_adapted(
    chain: Callable[..., Any],
) -> None:
    scaling = L.Normalization(mean=[1.0, 1.0], variance=[4.0, 4.0])
    model = chain(scaling, L.Dense(4), L.BatchNormalization(momentum=0.5), L.Activation("relu"))
    stepped(model)
    made = edited("reinitialize", model)
    assert not made.layers[2].moving_mean.numpy().any()
    assert model.layers[2].moving_mean.numpy().any()
    np.testing.assert_allclose(made.layers[0](ROWS), (ROWS - 1) / 2, rtol=1e-5)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh", "elu", "selu", "gelu"])
def test_a_deeper_network_answers_alike(activation: str, chain: Callable[..., Any]) -> None:
    model = chain(L.Dense(5, activation), L.Dropout(0.5), L.Dense(4, activation))
    made = edited("deepen", model, symptom=Symptom("bottleneck", model.layers[0].name))
    assert len(made.layers) == len(model.layers) + 1
    np.testing.assert_allclose(made(ROWS), model(ROWS), atol=1e-6)


@pytest.mark.parametrize("name", ["deepen", "residual", "widen"])
def test_convolutions_grow_too(name: str) -> None:
    keras.utils.set_random_seed(0)
    hidden = [L.Conv2D(3, 3, activation="relu", name="first"), L.Conv2D(4, 3, 2, activation="relu")]
    layers = [keras.Input((9, 9, 1)), *hidden, L.GlobalAveragePooling2D(), L.Dense(2, "softmax")]
    model = keras.Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy")
    images = np.random.default_rng(0).normal(size=(3, 9, 9, 1)).astype("float32")
    made = edited(name, model, images, Symptom("bottleneck", "first"))
    assert made.count_params() > model.count_params()
    np.testing.assert_allclose(made(images), model(images), atol=1e-6)


@pytest.mark.parametrize("normalised", [False, True])
def test_a_bottleneck_gets_its_neighbours_width_within_the_limit(
    normalised: bool, chain: Callable[..., Any]
) -> None:
    # Without a normalisation the units are fresh ones, with it copies.
    between = [L.BatchNormalization()] if normalised else []
    model = chain(L.Dense(1, "tanh", name="narrow"), *between, L.Dense(6, "tanh"), classes=3)
    seen = Symptom("bottleneck", "narrow", {"units": 1.0, "needed": 2.0, "wider": 6.0})
    made = edited("widen", model, symptom=seen)
    assert made.get_layer("narrow").units == 6
    np.testing.assert_allclose(made(ROWS), model(ROWS), atol=1e-6)
    stepped(made, 3)
    found = np.linalg.svd(made.get_layer("narrow").kernel.numpy(), compute_uv=False)
    assert found[1] > 1e-3  # its units read different directions
    each = made.count_params() - edited("widen", model).count_params()
    room = Constraints(max_params=model.count_params() - 2 * len(between) + each // 2)
    assert 2 <= edited("widen", model, symptom=seen, limits=room).get_layer("narrow").units < 6


def test_twins_part_under_adam(chain: Callable[..., Any]) -> None:
    made = edited("widen", chain(L.Dense(4, "tanh"), classes=3))
    stepped(made, 3)
    kernel = made.layers[0].kernel.numpy()
    steps = kernel - np.concatenate([kernel[:, 4:], kernel[:, :4]], axis=1)
    assert np.abs(steps).max() > 1e-4


def test_a_layer_is_left_out_and_the_others_keep_their_weights(chain: Callable[..., Any]) -> None:
    model = chain(L.Dense(4, "relu"), L.Dense(4), L.BatchNormalization(), L.ReLU(), L.Dense(3, "relu"))
    made = edited("remove_layer", model)
    assert [type(layer).__name__ for layer in made.layers] == ["Dense", "Dense", "Dense"]
    held = [w for layer in (0, 4, 5) for w in model.layers[layer].get_weights()]
    assert all(np.array_equal(a, b) for a, b in zip(held, made.get_weights(), strict=True))
    shorter = edited("remove_layer", model, symptom=Symptom("vanishing", model.layers[4].name))
    assert shorter.layers[-1].kernel.shape == (4, 2)
    assert not REMEDIES.create("remove_layer").applicable(chain(L.Dense(4, "relu")), SLOW, FREE)


def test_vectors_are_scaled_by_feature_and_the_scale_is_saved(chain: Callable[..., Any]) -> None:
    far = ROWS * [1e3, 1e-3] + [5e4, 0]
    far[:, 1][0] = 1e3  # one row that lies far out does not blow up the others
    model = edited("scale_input", chain(L.Dense(4, "relu")), far.astype("float32"))
    scaled = np.asarray(model.layers[0](far.astype("float32")))
    assert abs(scaled[:, 0].mean()) < 1e-2
    assert scaled[:, 0].std() == pytest.approx(1, abs=1e-2)
    assert np.abs(scaled).max() <= 10.01
    copy = keras.Sequential.from_config(model.get_config())
    np.testing.assert_allclose(copy.layers[0](far), scaled, rtol=1e-5)


def test_inputs_of_a_graph_are_scaled_each_by_itself(graph: Callable[..., Any]) -> None:
    x = {"left": ROWS * 100, "right": ROWS - 50}
    model = edited("scale_input", graph(), x)
    assert {"left_scaling", "right_scaling"} <= {layer.name for layer in model.layers}
    assert REMEDIES.create("scale_input").applicable(model, SLOW, FREE) is False
    assert model(x).shape == (96, 2)


def test_words_are_not_scaled() -> None:
    words = [keras.Input((3,), dtype="int32"), L.Embedding(5, 2), L.Flatten(), L.Dense(2, "softmax")]
    model = keras.Sequential(words)
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert not REMEDIES.create("scale_input").applicable(model, SLOW, FREE)


def test_dropout_and_weight_decay_go_down_and_up(chain: Callable[..., Any]) -> None:
    dense = L.Dense(4, "relu", kernel_regularizer=keras.regularizers.L1L2(0.1, 0.5))
    model = chain(dense, L.Dropout(0.9), optimizer=keras.optimizers.AdamW(weight_decay=0.2))
    assert edited("lower_dropout", model).layers[1].rate == 0.25
    assert edited("dropout", chain(dense, L.Dropout(0.1))).layers[1].rate == 0.3
    lower = edited("lower_weight_decay", model)
    held = lower.layers[0].kernel_regularizer
    assert (float(held.l1), float(held.l2)) == pytest.approx((0.01, 0.05))
    assert lower.optimizer.weight_decay == pytest.approx(0.02)
    # A symptom with a factor of five times its limit takes two tens, to less than a tenth of the limit.
    seen = Symptom("weight_decay", "dense", {"factor": 0.5, "pull": 9.0, "limit": 0.1})
    held = edited("lower_weight_decay", model, symptom=seen).layers[0].kernel_regularizer
    assert (float(held.l1), float(held.l2)) == pytest.approx((0.001, 0.005))
    raised = edited("raise_weight_decay", chain(optimizer=keras.optimizers.Adam(1e-3)))
    assert raised.optimizer.weight_decay == 1.0
    raised = edited("raise_weight_decay", chain(optimizer=keras.optimizers.SGD(0.1)))
    assert raised.optimizer.weight_decay == pytest.approx(1 / (0.1 * 400))
    assert not REMEDIES.create("lower_weight_decay").applicable(chain(), SLOW, FREE)


@pytest.mark.parametrize("name", ["correct_output", "warm_up", "scale_input", "raise_weight_decay", "deepen"])
def test_an_edited_network_is_saved_and_made_again(name: str, chain: Callable[..., Any]) -> None:
    source = chain(L.Dense(4, "relu"))
    if name == "correct_output":
        source.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    made = edited(name, source)
    again = model_of(json.loads(json.dumps(config_of(made))), source)
    assert config_of(again)["loss"] == config_of(made)["loss"]
    again.set_weights(made.get_weights())
    np.testing.assert_allclose(again(ROWS), made(ROWS), atol=1e-6)
    assert float(again.optimizer.learning_rate) == pytest.approx(float(made.optimizer.learning_rate))
    assert again.optimizer.weight_decay == made.optimizer.weight_decay
