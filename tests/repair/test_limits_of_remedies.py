"""What must not change does not: frozen layers, the interface, the budget, gates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from archmend.repair import Bench, Symptom, remedy_names
from archmend.repair.cloning import rebuild
from archmend.repair.constraints import Constraints, parameters
from archmend.repair.guard import Guard
from archmend.repair.remedies import REMEDIES

L = keras.layers
ROWS = np.random.default_rng(0).normal(3, 5, size=(64, 2)).astype("float32")
SIDES = (ROWS[:, 0] > 3).astype("int64")
GROWING = ["widen", "deepen", "residual", "batch_normalization", "layer_normalization"]


def frozen_first(*, hidden: str = "relu") -> Any:
    keras.utils.set_random_seed(0)
    layers = [L.Dense(4, hidden, name="first"), L.Dense(4, hidden, name="second"), L.Dense(4, hidden)]
    model = keras.Sequential([keras.Input((2,)), *layers, L.Dense(2, "softmax", name="head")])
    model.layers[0].trainable = False
    model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy")
    return model


@pytest.mark.parametrize("name", remedy_names())
def test_frozen_layers_stay_as_they_are(name: str) -> None:
    model, remedy = frozen_first(), REMEDIES.create(name)
    limits = Constraints(frozen=frozenset({"head"}))
    guard, dying = Guard(model, limits), Symptom("dying", "first")
    if remedy.applicable(model, dying, limits):
        edited = remedy.apply(model, dying, Bench(limits, np.random.default_rng(0), ROWS, SIDES))
        assert edited is None or guard.broken(edited) is None


def test_a_model_that_is_frozen_as_a_whole_gets_no_other_network() -> None:
    model = frozen_first(hidden="softmax")
    model.trainable = False
    model.compile("sgd", "sparse_categorical_crossentropy")
    names = [
        n for n in remedy_names() if REMEDIES.create(n).applicable(model, Symptom("dying"), Constraints())
    ]
    assert not {"reinitialize", "widen", "deepen", "activation_selu", "hidden_softmax_to_relu"} & set(names)


@pytest.mark.parametrize("name", GROWING)
def test_no_parameter_is_added_over_the_budget(name: str, chain: Callable[..., Any]) -> None:
    model, remedy = chain(L.Dense(4, "relu"), L.Dense(4, "relu")), REMEDIES.create(name)
    count = parameters(model)
    assert not remedy.applicable(model, Symptom("vanishing"), Constraints(max_params=count))
    edited = remedy.apply(
        model, Symptom("vanishing"), Bench(Constraints(), np.random.default_rng(0), ROWS, SIDES)
    )
    grown = parameters(edited)
    assert grown > count
    assert remedy.applicable(model, Symptom("vanishing"), Constraints(max_params=grown))
    assert not remedy.applicable(model, Symptom("vanishing"), Constraints(max_params=grown - 1))
    assert not Constraints(max_params=count).admits(edited)


def test_a_latency_over_the_budget_is_said(chain: Callable[..., Any]) -> None:
    model = chain(L.Dense(4, "relu"))
    assert Constraints(max_latency_ms=1e9).admits(model)
    assert "ms a row are over the limit of 1e-09" in str(Constraints(max_latency_ms=1e-9).over_budget(model))


def test_the_guard_names_what_was_broken() -> None:
    model, limits = frozen_first(), Constraints()
    guard = Guard(model, limits)
    assert guard.broken(rebuild(model)) is None
    other = rebuild(model)
    other.layers[0].kernel.assign_add(np.ones((2, 4)))
    assert guard.broken(other) == "the frozen layer 'first' has other weights"
    assert "interface" in str(guard.broken(rebuild(model, without=["head"])))
    assert guard.broken(rebuild(model, without=["first"])) == "the frozen layer 'first' is gone"


def test_gates_keep_their_activation() -> None:
    rows = keras.Input((2,))
    value = L.Dense(4, "tanh", name="value")(rows)
    weights = L.Dense(4, "softmax", name="weights")(value)
    joined = L.Dense(3, "sigmoid", name="gate")(value) * L.Dense(3, "tanh", name="inner")(value * weights)
    model = keras.Model(rows, L.Dense(2, "softmax")(joined))
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert not REMEDIES.create("hidden_softmax_to_relu").applicable(
        model, Symptom("softmax_hidden"), Constraints()
    )
    remedy = REMEDIES.create("activation_elu")
    edited = remedy.apply(
        model, Symptom("vanishing"), Bench(Constraints(), np.random.default_rng(0), ROWS, SIDES)
    )
    used = {x.name: x.activation.__name__ for x in edited.layers if isinstance(x, L.Dense)}
    assert (used["value"], used["weights"], used["gate"]) == ("tanh", "softmax", "sigmoid")


@pytest.mark.filterwarnings("ignore::UserWarning:keras")
def test_a_graph_with_a_loss_of_the_users_own_is_copied(graph: Callable[..., Any]) -> None:
    def own(y: Any, p: Any) -> Any:
        return keras.losses.sparse_categorical_crossentropy(y, p)

    model = graph()
    model.compile("sgd", own)
    assert rebuild(model).loss is own
