"""What the user is told to change is what the repair has changed, in Keras's own arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from archmend.repair import fit
from archmend.repair.cloning import clone_of, rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.patch import suggested_patch
from archmend.repair.remedies.scale_input import ScaleInput
from archmend.repair.remedy import Bench
from archmend.repair.values import Symptom

L = keras.layers


@pytest.fixture
def model(chain: Callable[..., Any]) -> Any:
    return chain(L.Dense(8, activation="relu", name="a"), L.Dense(8, activation="relu", name="b"))


def test_nothing_changed_is_nothing_to_say(model: Any) -> None:
    assert suggested_patch(model, rebuild(model)) == ()


def test_layers_that_were_changed_added_and_left_out(model: Any) -> None:
    first = clone_of(model.get_layer("a"), activation="selu", kernel_initializer="lecun_normal")
    new = [L.BatchNormalization(name="new"), L.Dropout(0.3, name="drop")]
    changed = rebuild(model, replace={"a": first}, after={"b": new})
    assert suggested_patch(model, changed) == (
        "add BatchNormalization() after 'b'",
        "add Dropout(rate=0.3) after the new 'new'",
        "'a': activation='selu' instead of 'relu', "
        "kernel_initializer=LecunNormal() instead of GlorotUniform()",
    )
    assert "leave out 'drop'" in suggested_patch(changed, model)


def test_an_exchanged_layer_is_written_with_its_activation(chain: Callable[..., Any]) -> None:
    before = chain(L.Dense(8), L.ReLU(name="re_lu"))
    after = rebuild(before, replace={"re_lu": L.Activation("elu", name="re_lu")})
    assert suggested_patch(before, after) == ("'re_lu': Activation(activation='elu') instead of ReLU",)


def test_a_normalization_is_adapted_to_the_rows_of_its_input(
    model: Any, graph: Callable[..., Any], ring: Any
) -> None:
    bench = Bench(Constraints(), np.random.default_rng(0), ring[0][0] * 100 + 1000)
    scaled = ScaleInput().apply(model, Symptom("unscaled_input"), bench)
    said = "add Normalization() at the start, and call its .adapt(x_train) before fit"
    assert suggested_patch(model, scaled) == (said,)
    scaling = L.Normalization(mean=[1.0, 2.0], variance=[1.0, 1.0], name="scaling")
    both = rebuild(graph(), after={"right": [scaling]})
    said = "add Normalization() after 'right', and call its .adapt(x_train['right']) before fit"
    assert suggested_patch(graph(), both) == (said,)


def test_kernels_that_were_drawn_anew_name_the_initializer(model: Any) -> None:
    assert suggested_patch(model, rebuild(model), kept=("reinitialize",)) == (
        "'a', 'b': kernel_initializer=HeNormal()",
    )


def test_initializers_of_the_right_kind_with_other_settings_are_named(chain: Callable[..., Any]) -> None:
    shifted = keras.initializers.Constant(-9.0)
    dead = chain(
        L.Dense(8, activation="relu", name="a", kernel_initializer="he_normal", bias_initializer=shifted),
        L.Dense(8, activation="elu", name="b", kernel_initializer=keras.initializers.VarianceScaling(500.0)),
    )
    assert suggested_patch(dead, rebuild(dead), kept=("reinitialize",)) == (
        "'a': bias_initializer='zeros'",
        "'b': kernel_initializer=VarianceScaling(scale=1.55)",
    )
    said = ("'a': bias_initializer='zeros'",)
    assert suggested_patch(dead, rebuild(dead), kept=("reset_biases",)) == said
    assert suggested_patch(dead, rebuild(dead), kept=("batch_normalization",)) == ()


def test_what_compile_and_fit_take(model: Any) -> None:
    changed = rebuild(model)
    changed.compile(keras.optimizers.SGD(0.01, clipnorm=1.0), "mse")
    assert suggested_patch(model, changed, batch_sizes=(32, 64)) == (
        "compile: loss='mse' instead of 'sparse_categorical_crossentropy'",
        "compile: optimizer=SGD(learning_rate=0.01, clipnorm=1.0)",
        "fit: batch_size=64 instead of 32",
    )
    slower = rebuild(model)
    slower.optimizer.learning_rate = 0.01
    said = ("compile: optimizer=Adam(learning_rate=0.01)",)
    assert suggested_patch(model, slower, kept=("raise_learning_rate",)) == said
    assert suggested_patch(model, slower, kept=("of_an_installed_package",)) == said


def test_a_rate_that_a_callback_sets_is_no_advice(chain: Callable[..., Any], ring: Any) -> None:
    healthy = chain(L.Dense(16, activation="relu", kernel_initializer="he_normal"))

    class Falling(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.model.optimizer.learning_rate = 1e-3 / 2 ** (epoch + 1)

    result = fit(healthy, *ring, epochs=3, callbacks=[Falling()], max_repairs=0)
    assert float(result.model.optimizer.learning_rate) < 1e-3
    assert result.patch == ()
    slower = rebuild(result.model)
    assert suggested_patch(healthy, slower, kept=("reset_biases", "batch_normalization")) == ()


def test_a_repair_tells_its_patch(chain: Callable[..., Any], ring: Any) -> None:
    sick = chain(*[L.Dense(8, activation="sigmoid", name=f"hidden_{i}") for i in range(6)])
    result = fit(sick, *ring, epochs=3)
    assert any(decision.kept for decision in result.decisions)
    assert result.patch


def test_a_repair_in_half_precision_ends_with_a_patch(chain: Callable[..., Any], ring: Any) -> None:
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        sick = chain(*[L.Dense(8, activation="sigmoid", name=f"hidden_{i}") for i in range(6)])
        assert type(sick.optimizer).__name__ == "LossScaleOptimizer"
        result = fit(sick, *ring, epochs=2, max_repairs=2)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert len(result.history["epoch"]) == 2
    slower = rebuild(sick)
    slower.optimizer.inner_optimizer.learning_rate = 0.01
    said = suggested_patch(sick, slower, kept=("raise_learning_rate",))
    assert said == ("compile: optimizer=Adam(learning_rate=0.01)",)
