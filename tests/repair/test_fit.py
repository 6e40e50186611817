"""The whole loop on small data: healthy runs left alone, faulty ones mended, limits and callbacks kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from archmend.errors import BadInput
from archmend.repair import Decision, Detector, Symptom, fit
from archmend.repair.decision import NO_REMEDY
from archmend.repair.detectors import DETECTORS
from archmend.repair.strategies.rules import Rules
from archmend.repair.values import HISTORY_NAMES

L = keras.layers


def accuracy(model: Any, data: Any) -> float:
    x, y = data
    return float((model.predict(x, verbose=0).argmax(axis=1) == y).mean())


def relu_net(chain: Callable[..., Any], seed: int = 0) -> Any:
    return chain(
        *[L.Dense(16, activation="relu") for _ in range(2)], optimizer=keras.optimizers.Adam(0.01), seed=seed
    )


def deep(activation: str, **dense: Any) -> list[Any]:
    return [L.Dense(8, activation=activation, name=f"hidden_{i}", **dense) for i in range(6)]


@pytest.mark.parametrize("seed", range(2))
def test_a_healthy_run_is_left_alone_and_is_as_good_as_plain_training(
    seed: int, chain: Any, ring: Any
) -> None:
    train, validation = ring
    model = relu_net(chain, seed)
    result = fit(model, train, validation, epochs=20, seed=seed)
    assert result.decisions == ()
    assert [c.name for c in result.candidates] == ["untouched", "averaged"]
    model.fit(*train, epochs=20, batch_size=32, verbose=0)
    assert accuracy(result.model, validation) >= accuracy(model, validation) - 0.02
    assert tuple(result.history) == HISTORY_NAMES
    assert result.history["epoch"] == list(range(20))


def test_digits_with_normalisation_and_dropout_are_left_alone() -> None:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype("float32")
    keras.utils.set_random_seed(0)
    layers = [
        L.Dense(32),
        L.BatchNormalization(),
        L.Activation("relu"),
        L.Dropout(0.2),
        L.Dense(32, activation="relu"),
    ]
    model = keras.Sequential([keras.Input((64,)), *layers, L.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    result = fit(model, (x[:1300], y[:1300]), (x[1300:], y[1300:]), epochs=8)
    assert result.decisions == ()
    assert max(result.history["val_accuracy"]) > 0.85


FAULTS = {
    "vanishing": deep("sigmoid"),
    "dying": deep("relu", kernel_initializer=keras.initializers.RandomUniform(-0.05, 0.05, seed=1)),
    "exploding": deep("exponential", kernel_initializer=keras.initializers.HeNormal(seed=2)),
}


@pytest.mark.parametrize(
    ("symptom", "seed"), [("vanishing", 0), ("vanishing", 1), ("dying", 0), ("dying", 1), ("exploding", 0)]
)
def test_a_faulty_network_is_mended_at_the_first_batches(
    symptom: str, seed: int, chain: Any, ring: Any
) -> None:
    train, validation = ring
    model = chain(*FAULTS[symptom], optimizer=keras.optimizers.Adam(0.003), seed=seed)
    result = fit(model, train, validation, epochs=20, seed=seed)
    kept = [decision for decision in result.decisions if decision.kept]
    assert kept[0].symptom == symptom
    assert (kept[0].epoch, kept[0].layer is not None) == (0, True)
    assert max(result.history["val_accuracy"]) >= 0.95
    assert accuracy(result.model, validation) == pytest.approx(result.candidates[result.best].value, abs=1e-6)
    assert len(result.history["epoch"]) == 20


def test_a_rate_far_too_low_is_raised(chain: Any, ring: Any) -> None:
    model = chain(L.Dense(16, activation="relu"), optimizer=keras.optimizers.Adam(1e-7))
    result = fit(model, *ring, epochs=40)
    kept = [d.remedy for d in result.decisions if d.kept]
    assert kept
    assert set(kept) <= {"raise_learning_rate", "set_learning_rate"}
    assert result.decisions[0].symptom in ("slow_convergence", "learning_rate_low")
    assert result.history["learning_rate"][-1] >= 1e-4


@pytest.mark.parametrize("strategy", ["rules", "random"])
def test_the_same_seed_makes_the_same_repair(strategy: str, chain: Any, ring: Any) -> None:
    def once() -> Any:
        result = fit(chain(*deep("sigmoid")), *ring, epochs=4, strategy=strategy, max_repairs=2)
        decisions = [{**d.model_dump(), "seconds": 0} for d in result.decisions]
        return (
            decisions,
            result.history["loss"],
            [np.asarray(w).tobytes() for w in result.model.get_weights()],
        )

    assert once() == once()


def test_the_users_model_stays_as_it_is(chain: Any, ring: Any) -> None:
    model = chain(*deep("sigmoid"))
    before, settings = [w.copy() for w in model.get_weights()], model.optimizer.get_config()
    result = fit(model, *ring, epochs=3, max_repairs=1)
    assert result.model is not model
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert model.optimizer.get_config() == settings
    assert int(model.optimizer.iterations) == 0


def test_no_remedy_is_tried_twice_for_a_symptom_and_none_beyond_the_count(chain: Any, ring: Any) -> None:
    result = fit(chain(*deep("sigmoid")), *ring, epochs=6, strategy="random", max_repairs=3, seed=1)
    failed = [(d.symptom, d.layer, d.remedy) for d in result.decisions if not d.kept]
    assert len(failed) == len(set(failed))
    assert len(result.decisions) <= 3
    assert fit(chain(*deep("sigmoid")), *ring, epochs=1, max_repairs=0).decisions == ()


class Unappeasable(Detector):
    """Sees a fault wherever it looks, so that every trial is dropped."""

    name = "unappeasable"

    def look(self, statistics: Any) -> Symptom | None:
        return Symptom(self.name) if statistics.layers else None


def test_a_repair_that_is_rolled_back_leaves_the_run_as_if_nothing_had_been_tried(
    chain: Any, ring: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = fit(relu_net(chain), *ring, epochs=4)
    monkeypatch.setattr(
        type(DETECTORS), "create_all", lambda self: tried if self is DETECTORS else created(self)
    )
    tried, created = (Unappeasable(),), lambda registry: tuple(registry.create(n) for n in registry.names())
    result = fit(relu_net(chain), *ring, epochs=4, max_repairs=3)
    assert len(result.decisions) == 3
    assert not any(d.kept for d in result.decisions)
    assert result.history["loss"] == plain.history["loss"]
    assert result.history["val_loss"] == plain.history["val_loss"]


def test_a_fault_in_a_frozen_layer_is_said_and_left(chain: Any, ring: Any) -> None:
    model = chain(
        L.Dense(4, activation="relu", kernel_initializer="zeros", name="held"), L.Dense(4, activation="relu")
    )
    result = fit(model, *ring, epochs=1, frozen=["held"])
    said = [d for d in result.decisions if d.remedy == NO_REMEDY]
    assert [(d.layer, d.kept) for d in said] == [("held", False)]
    assert "layer 'held' is frozen" in said[0].reason
    assert not result.model.get_layer("held").kernel.numpy().any()


class Overfit(Detector):
    """Says so after the third epoch."""

    name = "overfit"

    def look(self, statistics: Any) -> Symptom | None:
        return Symptom("overfitting") if statistics.epoch_end and statistics.epoch == 3 else None


def test_where_nothing_else_helps_training_may_end_with_the_best_state(
    chain: Any, ring: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = type(DETECTORS).create_all
    monkeypatch.setattr(
        type(DETECTORS), "create_all", lambda self: (Overfit(),) if self is DETECTORS else created(self)
    )
    monkeypatch.setattr(Rules, "rank", lambda self, context: [r for r in context.remedies if r.stops])
    result = fit(relu_net(chain), *ring, epochs=9, strategy="rules")
    (decision,) = result.decisions
    assert (decision.remedy, decision.kept, decision.epoch) == ("stop_early", True, 3)
    assert result.history["epoch"] == [0, 1, 2]
    plain = fit(relu_net(chain), *ring, epochs=9, strategy="rules", max_repairs=0)
    assert plain.decisions == ()
    assert len(plain.history["epoch"]) == 9


def test_a_dataset_and_a_dict_of_inputs_train_too(graph: Any, ring: Any) -> None:
    (x, y), (vx, vy) = ring
    both = {"left": x, "right": -x}
    arrays = fit(graph(), (both, y), ({"left": vx, "right": -vx}, vy), epochs=3)
    batches = tf.data.Dataset.from_tensor_slices((both, y)).batch(32)
    streamed = fit(graph(), batches, ({"left": vx, "right": -vx}, vy), epochs=3)
    assert arrays.history["loss"][-1] < arrays.history["loss"][0]
    assert streamed.history["loss"][-1] < streamed.history["loss"][0]


@pytest.mark.parametrize(
    ("units", "activation", "loss"),
    [(1, "sigmoid", "binary_crossentropy"), (2, "softmax", "categorical_crossentropy")],
)
def test_accuracy_follows_the_compiled_loss(units: int, activation: str, loss: str, ring: Any) -> None:
    (x, y), (vx, vy) = ring
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((2,)), L.Dense(16, activation="relu"), L.Dense(units, activation=activation)]
    )
    model.compile(keras.optimizers.Adam(0.02), loss, metrics=["accuracy"])
    form = (
        (lambda a: a[:, None].astype("float32")) if units == 1 else (lambda a: np.eye(2, dtype="float32")[a])
    )
    result = fit(model, (x, form(y)), (vx, form(vy)), epochs=5)
    found = result.model.evaluate(vx, form(vy), verbose=0, return_dict=True)
    best = result.candidates[result.best]
    assert found["accuracy"] == pytest.approx(best.value, abs=1e-6)
    assert found["loss"] == pytest.approx(best.loss, abs=1e-5)


class Recorder(keras.callbacks.Callback):
    def __init__(self, stop_at: int) -> None:
        super().__init__()
        self.events: list[Any] = []
        self.stop_at = stop_at

    def on_train_begin(self, logs: Any = None) -> None:
        self.events.append("begin")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.events.append(("batch", batch))
        assert np.isfinite(logs["loss"])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.events.append(("epoch", epoch))
        assert set(logs) == {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"}
        self.model.stop_training = epoch == self.stop_at

    def on_train_end(self, logs: Any = None) -> None:
        self.events.append("end")


def test_callbacks_hear_every_batch_and_epoch_and_can_stop(chain: Any, ring: Any) -> None:
    recorder = Recorder(stop_at=1)
    result = fit(relu_net(chain), *ring, epochs=9, batch_size=128, callbacks=[recorder])
    batches = [("batch", i) for i in range(3)]
    assert recorder.events == ["begin", *batches, ("epoch", 0), *batches, ("epoch", 1), "end"]
    assert result.history["epoch"] == [0, 1]


def test_callbacks_that_monitor_a_metric_or_count_epochs(chain: Any, ring: Any) -> None:
    train, validation = ring
    told: list[tuple[str, int]] = []

    class Ear(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            told.append(("begin", epoch))

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            told.append(("end", epoch))

    model = chain(*deep("sigmoid"))
    model.compile(model.optimizer, model.loss, metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=20)
    result = fit(model, train, validation, epochs=6, callbacks=[Ear(), stop])
    assert any(decision.kept for decision in result.decisions)
    assert told == [(what, epoch) for epoch in range(6) for what in ("begin", "end")]


def test_a_layer_that_leaves_its_name_out_of_its_configuration_keeps_its_weights(ring: Any) -> None:
    class Own(L.Layer):  # type: ignore[misc]
        def __init__(self, units: int, **other: Any) -> None:
            super().__init__(**other)
            self.units = units

        def build(self, shape: Any) -> None:
            self.kernel = self.add_weight(shape=(shape[-1], self.units), initializer="he_normal")

        def call(self, x: Any) -> Any:
            return keras.ops.relu(x @ self.kernel)

    class Closed(Own):
        def get_config(self) -> dict[str, Any]:
            return {"units": 3}

    train, validation = ring
    for made, wanted in ((Own(16, trainable=False), True), (Closed(16), False)):
        model = keras.Sequential([keras.Input((2,)), made, L.Dense(2, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        before = made.get_weights()
        if not wanted:
            with pytest.raises(BadInput, match="of class Closed cannot be copied with its weights"):
                fit(model, train, validation, epochs=1)
            continue
        result = fit(model, train, validation, epochs=2, max_repairs=0)
        assert np.array_equal(result.model.layers[0].get_weights()[0], before[0])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda x, y: (np.where(np.arange(len(x))[:, None] == 300, np.nan, x), y),
            "has 2 values that are NaN",
        ),
        (
            lambda x, y: (x, np.where(np.arange(len(y)) == 300, 5, y)),
            "its labels are 0 to 5; the model takes",
        ),
    ],
    ids=["missing", "label"],
)
def test_a_bad_row_far_down_a_dataset_is_named(spoil: Any, said: str, chain: Any, ring: Any) -> None:
    (x, y), validation = ring
    train = tf.data.Dataset.from_tensor_slices(tuple(map(np.asarray, spoil(x, y)))).batch(32)
    held_out = tf.data.Dataset.from_tensor_slices(validation).batch(32)
    with pytest.raises(BadInput, match=f"batch 9 of train .*{said}"):
        fit(relu_net(chain), train, held_out, epochs=2)


@pytest.mark.parametrize("activation", ["linear", "relu", "sigmoid"])
def test_a_regression_of_one_hot_classes_is_compared_with_what_mends_it(activation: str, ring: Any) -> None:
    (x, y), (x_val, y_val) = ring
    keras.utils.set_random_seed(0)
    hidden = [L.Dense(32, activation="relu") for _ in range(2)]
    model = keras.Sequential([keras.Input((2,)), *hidden, L.Dense(2, activation=activation)])
    model.compile(keras.optimizers.Adam(0.01), "mae")
    data = [(a, np.eye(2, dtype="float32")[b]) for a, b in ((x, y), (x_val, y_val))]
    result = fit(model, *data, epochs=10)
    assert np.isfinite(result.history["val_accuracy"]).all()
    assert max(result.history["val_accuracy"]) > 0.8
    for decision in result.decisions:
        assert (decision.remedy == "correct_output") <= decision.kept


@pytest.mark.parametrize(
    "loss",
    ["bce", keras.losses.BinaryCrossentropy(name="mine"), keras.losses.binary_crossentropy],
    ids=["short", "named", "function"],
)
def test_a_loss_is_known_by_whatever_name_it_comes(loss: Any, ring: Any) -> None:
    train, validation = ring
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((2,)), L.Dense(16, activation="relu"), L.Dense(1, activation="sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.01), loss)
    assert np.isfinite(fit(model, train, validation, epochs=2).history["val_accuracy"]).all()


def test_a_clock_that_runs_out_gives_the_best_so_far(chain: Any, ring: Any) -> None:
    result = fit(relu_net(chain), *ring, epochs=100_000, budget_seconds=4)
    assert 0 < len(result.history["epoch"]) < 100_000


def test_decisions_are_lines_of_json_even_when_nothing_was_measured(chain: Any, ring: Any) -> None:
    lines: list[str] = []
    result = fit(
        chain(*FAULTS["exploding"]), *ring, epochs=2, on_decision=lambda d: lines.append(d.model_dump_json())
    )
    assert len(lines) == len(result.decisions) > 0
    read = json.loads(lines[0], parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert read["before"] is None
    assert list(read) == list(Decision.model_fields)


def test_the_published_schema_of_a_decision_is_the_models(request: pytest.FixtureRequest) -> None:
    published = request.config.rootpath / "docs" / "schemas" / "decision.schema.json"
    assert json.loads(published.read_text()) == Decision.model_json_schema()


def test_inputs_are_scaled_before_faults_that_they_may_have_made(chain: Any, ring: Any) -> None:
    (x, y), (vx, vy) = ring
    wide = keras.initializers.RandomNormal(stddev=20.0, seed=1)
    model = chain(*deep("sigmoid", kernel_initializer=wide)[:2], optimizer=keras.optimizers.Adam(0.01))
    result = fit(model, (x + 100, y), (vx + 100, vy), epochs=20)
    first, *others = result.decisions
    assert (first.symptom, first.remedy, first.kept) == ("unscaled_input", "scale_input", True)
    assert "without a trial" in first.reason
    assert any(other.kept for other in others)
    assert accuracy(result.model, (vx + 100, vy)) > 0.85


def test_settings_that_hide_each_other_are_both_mended(chain: Any, ring: Any) -> None:
    """A penalty and inputs out of scale: a trial of one remedy shows nothing while the other fault stands."""
    (x, y), (vx, vy) = ring
    heavy = {"kernel_regularizer": keras.regularizers.L2(1.5), "activation": "relu"}
    model = chain(L.Dense(32, **heavy), L.Dense(32, **heavy), optimizer=keras.optimizers.Adam(3e-3))
    result = fit(model, (x + 100, y), (vx + 100, vy), epochs=30)
    kept = [decision.remedy for decision in result.decisions if decision.kept]
    assert {"lower_weight_decay", "scale_input"} <= set(kept)
    assert "without a trial" in result.decisions[0].reason
    assert accuracy(result.model, (vx + 100, vy)) > 0.85
