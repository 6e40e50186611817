"""The peer's rules name what they should, and its remedies change what they should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.repair.autotrainer_remedies import REMEDIES, batch_normalization, rate_down, selu
from benchmarks.repair.autotrainer_rules import at_once, symptom
from benchmarks.repair.faults import generate
from benchmarks.repair.healthy import dense
from benchmarks.repair.network import build
from benchmarks.repair.training import Epoch


def history(values: list[float]) -> list[Epoch]:
    return [Epoch(1.0, value, 1.0, value) for value in values]


FLAT = history([0.5] * 30)
RISING = history(list(np.linspace(0.3, 0.95, 30)))
SWINGING = history([0.5, 0.8] * 15)
ONES = [np.ones((3, 3))] * 3


@pytest.mark.parametrize(
    ("past", "gradients", "found"),
    [
        (FLAT, [100 * ONES[0], ONES[0]], "exploding"),
        (FLAT, [np.zeros((9, 3)), 1e-9 * ONES[0]], "dying"),
        (FLAT, [1e-9 * ONES[0], ONES[0]], "vanishing"),
        (FLAT, ONES, "slow"),
        (RISING, [1e-9 * ONES[0], ONES[0]], None),
        (SWINGING, ONES, "oscillating"),
    ],
)
def test_the_rules_name_what_history_and_gradients_show(
    past: list[Epoch], gradients: list[np.ndarray], found: str | None
) -> None:
    assert symptom(past, gradients) == found


def test_values_that_are_not_finite_count_at_once() -> None:
    assert at_once(Epoch(1.0, 0.5, 1.0, 0.5), [np.array([np.nan])], [])
    assert at_once(Epoch(2000.0, 0.5, 1.0, 0.5), ONES, ONES)
    assert not at_once(Epoch(1.0, 0.5, 1.0, 0.5), ONES, ONES)


def test_selu_is_set_in_hidden_layers_alone() -> None:
    activations = [layer["activation"] for layer in selu(generate(0, fault="vanishing_depth")).layers]
    assert set(activations[:-1]) == {"selu"}
    assert activations[-1] in ("sigmoid", "softmax")


def test_selu_takes_the_place_of_an_activation_layer() -> None:
    split = [{**dense(4, "linear")}, {"type": "Activation", "activation": "relu"}, {**dense(2, "linear")}]
    layers = (*split, {"type": "Activation", "activation": "softmax"})
    case = replace(generate(0, fault="healthy"), layers=layers)
    assert [layer["activation"] for layer in selu(case).layers] == ["linear", "selu", "linear", "softmax"]


def test_normalisation_stands_behind_each_hidden_layer() -> None:
    case = generate(0, fault="vanishing_depth")
    kinds = [layer["type"] for layer in batch_normalization(case).layers]
    assert kinds == ["Dense", "BatchNormalization"] * (len(case.layers) - 1) + ["Dense"]


def test_all_remedies_together_give_a_network_that_builds() -> None:
    case = replace(generate(0, fault="healthy"), layers=(dense(4, "relu"), dense(2, "softmax")))
    rate = case.optimizer["kwargs"]["learning_rate"]
    assert rate_down(case).optimizer["kwargs"]["learning_rate"] == pytest.approx(rate / 10)
    for remedy in {each for remedies in REMEDIES.values() for each in remedies}:
        case = remedy(case)
    build(case, 0)
