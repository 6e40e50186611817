"""A decision as a person is told of it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from archmend.repair.decision import NO_REMEDY, Decision
from archmend.repair.values import Symptom
from archmend.repair.words import advice, in_words, seen


def decision(**changes: Any) -> Decision:
    usual: dict[str, Any] = {
        "epoch": 0,
        "batch": 12,
        "symptom": "dying",
        "layer": "layer_2",
        "evidence": {"inactive": 0.94},
        "strategy": "rules",
        "remedy": "activation_elu",
        "before": 1.61,
        "after": 0.74,
        "kept": True,
        "reason": "better by more than noise",
        "epochs": 1.0,
        "seconds": 1.0,
    }
    return Decision(**{**usual, **changes})


def test_what_was_seen_tried_done_and_kept() -> None:
    assert in_words(decision()) == (
        "layer 'layer_2': 94 % of the units are zero on every row; tried activation_elu: "
        "validation loss 1.61 -> 0.74 after as many batches, kept: better by more than noise"
    )


def test_what_was_not_measured_is_not_said() -> None:
    said = in_words(decision(before=None, evidence={"inactive": None}, kept=False, reason="a reason"))
    assert said.endswith("tried activation_elu: undone: a reason")
    assert "->" not in said


def test_a_fault_that_nothing_may_mend_is_told_without_a_remedy() -> None:
    said = in_words(decision(remedy=NO_REMEDY, kept=False, reason="layer 'layer_2' is frozen"))
    assert said == "layer 'layer_2': 94 % of the units are zero on every row; layer 'layer_2' is frozen"


@pytest.mark.parametrize("evidence", [{"finite": 0.0}, {"loss": math.nan}, {"val_loss": math.inf}])
def test_values_that_are_not_finite_are_told_of_a_decision_too(evidence: dict[str, float]) -> None:
    said = in_words(decision(symptom="exploding", layer="a", evidence=evidence))
    assert said.startswith("layer 'a': values are no longer finite numbers; tried ")


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (
            {"gradient_norm": 218_000.0, "weight_norm": 4.07, "limit": 1e4},
            "the gradient has grown to the norm 2.18e+05, where the weights' own is 4.07",
        ),
        ({"loss": 4321.0, "limit": 1000.0}, "the loss has risen to 4321, above the limit of 1000"),
        (
            {"loss": 9.5, "best": 0.8, "factor": 10.0},
            "the loss has risen to 9.5, where its best mean of ten batches was 0.8",
        ),
    ],
)
def test_what_has_exploded_is_told_in_a_sentence(evidence: dict[str, float], said: str) -> None:
    assert seen(Symptom("exploding", None, evidence)) == said


@pytest.mark.parametrize(
    ("low", "high", "classes", "said"),
    [
        (1.0, 10.0, 10.0, "number the classes from 0 to 9"),
        (0.0, 9.0, 7.0, "give the layer 10 units, or leave out the labels of other classes"),
        (1.0, 10.0, 7.0, "number the classes from 0 to 9, and give the layer 10 units"),
    ],
)
def test_class_labels_outside_are_to_be_numbered_or_given_units(
    low: float, high: float, classes: float, said: str
) -> None:
    evidence = {"low": low, "high": high, "reach_low": 0.0, "reach_high": classes - 1, "classes": classes}
    assert advice(Symptom("labels_outside", "out", evidence)) == said


def test_no_activation_is_advised_where_the_loss_would_take_that() -> None:
    evidence = {"low": -3.0, "high": 3.0, "reach_low": 0.0}
    said = advice(Symptom("labels_outside", "out", {**evidence, "expected": 0.0}))
    assert said.endswith(", or give it no activation")
    assert "activation" not in advice(Symptom("labels_outside", "out", evidence))
