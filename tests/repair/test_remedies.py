"""Edits on chains and on graphs: what they promise, and that they can be used afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from archmend.repair import Bench, Symptom, remedy_names
from archmend.repair.cloning import rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies import REMEDIES

DYING = Symptom("dying")
FREE = Constraints()
ROWS = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
SIDES = (ROWS[:, 0] > 0).astype("int64")
L = keras.layers


def applied(name: str, model: Any, x: Any, symptom: Symptom = DYING) -> Any:
    model, remedy = rebuild(model), REMEDIES.create(name)  # the loop too works on a copy
    assert remedy.applicable(model, symptom, FREE)
    y = SIDES if x is ROWS else None
    return remedy.apply(model, symptom, Bench(FREE, np.random.default_rng(0), x, y, steps_left=200))


def images() -> Any:
    keras.utils.set_random_seed(0)
    layers = [L.Conv2D(3, 3, padding="same", activation="relu"), L.MaxPooling2D(2, padding="same")]
    layers += [
        L.Conv2D(4, 3),
        L.BatchNormalization(),
        L.Activation("relu"),
        L.Flatten(),
        L.Dense(5, activation="elu"),
    ]
    model = keras.Sequential([keras.Input((8, 8, 1)), *layers, L.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "categorical_crossentropy")
    return model


KEEPING = [n for n in remedy_names() if REMEDIES.create(n).keeps_function]


@pytest.mark.parametrize("name", KEEPING)
def test_a_remedy_that_promises_it_keeps_the_function(name: str, chain: Callable[..., Any]) -> None:
    penalty = keras.regularizers.L2(0.01)
    hidden = [L.Dense(6, activation="relu", kernel_regularizer=penalty), L.Dropout(0.4), L.Dense(4)]
    model = chain(*hidden, L.Activation("tanh"), optimizer=keras.optimizers.SGD(1e-4))
    before = model(ROWS).numpy()
    edited = applied(name, model, ROWS, Symptom("overfitting"))
    np.testing.assert_allclose(edited(ROWS).numpy(), before, atol=1e-5)


@pytest.mark.parametrize("name", ["widen", "residual", "dropout"])
def test_a_graph_keeps_its_function(name: str, graph: Callable[..., Any]) -> None:
    model, x = graph(), {"left": ROWS, "right": -ROWS}
    before = model(x).numpy()
    edited = applied(name, model, x)
    np.testing.assert_allclose(edited(x).numpy(), before, atol=1e-5)
    assert edited.count_params() > model.count_params() or name == "dropout"


@pytest.mark.parametrize("layer", [0, 2, 6])
def test_convolutions_and_what_reads_them_flattened_are_widened_alike(layer: int) -> None:
    model = images()
    x = np.random.default_rng(1).normal(size=(5, 8, 8, 1)).astype("float32")
    model(x, training=True)  # moving statistics that differ by channel
    before = model(x).numpy()
    name = model.layers[layer].name
    edited = applied("widen", model, x, Symptom("slow_convergence", name))
    assert edited.get_layer(name).kernel.shape[-1] == 2 * model.get_layer(name).kernel.shape[-1]
    np.testing.assert_allclose(edited(x).numpy(), before, atol=1e-5)


def test_copies_of_a_widened_layer_part_in_training(chain: Callable[..., Any], ring: Any) -> None:
    edited = applied("widen", chain(L.Dense(4, activation="tanh")), ROWS)
    edited.fit(*ring[0], epochs=1, verbose=0)
    kernel = edited.layers[0].kernel.numpy()
    assert not np.allclose(kernel[:, :4], kernel[:, 4:])


def test_a_layer_that_is_called_twice_or_feeds_a_sum_is_not_widened(graph: Callable[..., Any]) -> None:
    model = graph()
    edited = applied("widen", model, {"left": ROWS, "right": ROWS}, Symptom("slow_convergence", "shared"))
    assert edited.get_layer("shared").units == 6
    assert edited.get_layer("inner").units == 12
    assert edited.get_layer("last").units == 16


@pytest.mark.parametrize("name", ["activation_selu", "activation_elu", "batch_normalization"])
def test_every_hidden_layer_of_a_graph_is_edited_and_the_shared_one_once(
    name: str, graph: Callable[..., Any]
) -> None:
    model, x = graph(), {"left": ROWS, "right": -ROWS}
    held = [w.copy() for w in model.get_weights()]
    edited = applied(name, model, x)
    kinds = [type(layer).__name__ for layer in edited.layers]
    if name == "batch_normalization":
        assert kinds.count("BatchNormalization") == 3
        assert np.array_equal(edited.get_layer("shared").kernel, model.get_layer("shared").kernel)
    else:
        used = [layer.activation.__name__ for layer in edited.layers if getattr(layer, "activation", None)]
        assert used.count(name.removeprefix("activation_")) == 3
    assert all(np.array_equal(a, b) for a, b in zip(held, model.get_weights(), strict=True))
    y = np.zeros(64, "int64")
    assert np.isfinite(edited.fit(x, y, verbose=0).history["loss"]).all()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own, on saving
def test_a_graph_edit_is_still_a_model_that_can_be_saved(graph: Callable[..., Any], tmp_path: Any) -> None:
    x = {"left": ROWS, "right": -ROWS}
    model = graph()
    for name in ("batch_normalization", "widen", "residual", "clip_gradients"):
        model = applied(name, model, x)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again(x).numpy(), model(x).numpy(), atol=1e-6)
    assert again.optimizer.global_clipnorm == 1.0


def test_an_edit_carries_settings_of_the_optimiser_and_the_loss(chain: Callable[..., Any]) -> None:
    def loss(y: Any, p: Any) -> Any:
        return keras.losses.sparse_categorical_crossentropy(y, p)

    model = chain(L.Dense(4, activation="relu"))
    model.compile(keras.optimizers.RMSprop(0.02, rho=0.7), loss, metrics=["accuracy"])
    edited = applied("activation_elu", model, ROWS)
    assert isinstance(edited.optimizer, keras.optimizers.RMSprop)
    assert float(edited.optimizer.learning_rate) == pytest.approx(0.02)
    assert edited.optimizer.rho == 0.7
    assert edited.loss is loss


def test_dormant_units_start_again_and_the_others_stay(chain: Callable[..., Any]) -> None:
    model = chain(L.Dense(4, activation="relu"), L.Dense(3, activation="tanh"))
    first, second, _ = model.layers
    first.bias.assign([-100.0, 0.0, 0.0, -100.0])
    kernel, onward = first.kernel.numpy(), second.kernel.numpy()
    edited = applied("reinitialize_dormant", model, ROWS)
    new, new_onward = edited.layers[0].kernel.numpy(), edited.layers[1].kernel.numpy()
    assert np.array_equal(new[:, 1:3], kernel[:, 1:3])
    assert not np.array_equal(new[:, [0, 3]], kernel[:, [0, 3]])
    assert np.array_equal(edited.layers[0].bias, [0, 0, 0, 0])
    assert not new_onward[[0, 3]].any()
    assert np.array_equal(new_onward[1:3], onward[1:3])


@pytest.mark.parametrize(
    ("name", "rate", "expected"),
    [
        ("lower_learning_rate", 1.0, 1e-3),
        ("lower_learning_rate", 1e-3, 1e-4),
        ("raise_learning_rate", 1e-7, 1e-3),
        ("raise_learning_rate", 1e-2, 1e-1),
    ],
)
def test_a_rate_far_off_goes_to_the_usual_one(
    name: str, rate: float, expected: float, chain: Callable[..., Any]
) -> None:
    model = chain(optimizer=keras.optimizers.Adam(rate))
    assert float(applied(name, model, ROWS).optimizer.learning_rate) == pytest.approx(expected)


def test_a_schedule_of_the_user_is_left_alone(chain: Callable[..., Any]) -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    model = chain(optimizer=keras.optimizers.SGD(schedule))
    assert not REMEDIES.create("lower_learning_rate").applicable(model, DYING, FREE)
