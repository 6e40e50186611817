"""Faults that show before the first batch: output, loss, labels, input, first weights, learning rate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from archmend.repair import LayerStatistics, Symptom, TrainingStatistics
from archmend.repair.detectors import DETECTORS
from archmend.repair.values import Description, LabelFacts, RateTest
from archmend.repair.watch import ACT, symptoms

ONE_HOT = LabelFacts(low=0, high=1, whole=True, values=2, one_hot=True)
BINARY = LabelFacts(low=0, high=1, whole=True, values=2)
NUMBERS = LabelFacts(low=-3.2, high=4.1, values=300, negative=0.4, above_one=0.3)
CLASSES = Description("out", 3, "softmax", loss="categorical_crossentropy", kind="onehot", labels=ONE_HOT)
TWO = Description("out", 1, "sigmoid", loss="binary_crossentropy", kind="binary", labels=BINARY)
INDICES = replace(CLASSES, loss="sparse_categorical_crossentropy", kind="index")
REGRESSION = Description("out", 1, "linear", loss="mean_squared_error", labels=NUMBERS)


def layer(name: str, **changes: Any) -> LayerStatistics:
    healthy: dict[str, Any] = {"activation": "relu", "output": False, "gradient_norm": 0.1}
    healthy |= {"weight_norm": 5.0, "entropy": 0.8, "dormant": 0.1, "inactive": 0.1}
    healthy |= {"units": 16, "scale": 1.0, "identical": 0.0, "alike": 0.0, "rank": 4.0}
    return LayerStatistics(name, **{**healthy, **changes})


FIRST = layer("a", input_mean=0.1, input_scale=1.1, input_least=0.2)
LAYERS = (FIRST, layer("b"), layer("out", output=True, activation="softmax", loss=1.2, units=3))


def statistics(description: Description = CLASSES, **changes: Any) -> TrainingStatistics:
    common: dict[str, Any] = {"epoch": 0, "batch": 0, "steps": 0, "epochs": 20, "batches_per_epoch": 60}
    common |= {"layers": LAYERS, "chance": 0.4, "validation_rows": 400, "description": description}
    return TrainingStatistics(**{**common, **changes})


def named(found: TrainingStatistics, *, act: bool = True) -> list[tuple[str, str | None]]:
    return [
        (s.name, s.layer)
        for s in symptoms(DETECTORS.create_all(), found)
        if (s.confidence >= ACT) is act or (act and s.fatal)
    ]


def the_only(found: TrainingStatistics) -> Symptom:
    (symptom,) = (s for s in symptoms(DETECTORS.create_all(), found) if s.confidence >= ACT)
    return symptom


@pytest.mark.parametrize(
    "described",
    [
        CLASSES,
        TWO,
        REGRESSION,
        replace(CLASSES, activation="linear", from_logits=True),
        replace(
            CLASSES, loss="sparse_categorical_crossentropy", kind="index", labels=LabelFacts(0, 2, True, 3)
        ),
        replace(REGRESSION, activation="relu", labels=LabelFacts(0.0, 9.0, values=90, above_one=0.8)),
        replace(REGRESSION, activation="sigmoid", labels=LabelFacts(0.0, 1.0, values=256)),
    ],
)
def test_a_fitting_output_is_no_symptom(described: Description) -> None:
    assert named(statistics(described)) == []
    assert named(statistics(described), act=False) == []


@pytest.mark.parametrize("activation", ["linear", "relu", "tanh"])
@pytest.mark.parametrize(("described", "expected"), [(CLASSES, 2.0), (TWO, 1.0)])
def test_a_cross_entropy_cannot_read_what_is_no_probability(
    described: Description, expected: float, activation: str
) -> None:
    symptom = the_only(statistics(replace(described, activation=activation)))
    assert (symptom.name, symptom.layer, symptom.confidence) == ("wrong_output", "out", 1.0)
    assert symptom.evidence["expected"] == expected


def test_a_softmax_of_one_unit_says_nothing() -> None:
    symptom = the_only(statistics(replace(TWO, activation="softmax")))
    assert (symptom.name, symptom.evidence["expected"]) == ("wrong_output", 1.0)


def test_sigmoids_that_keras_turns_into_a_softmax_are_told_and_left_alone() -> None:
    found = statistics(replace(CLASSES, activation="sigmoid"))
    assert (named(found), named(found, act=False)) == ([], [("wrong_output", "out")])


def test_logits_squashed_before_the_softmax_are_a_fault() -> None:
    assert named(statistics(replace(CLASSES, before="sigmoid"))) == [("wrong_output", "out")]


@pytest.mark.parametrize("loss", ["mean_absolute_error", "mean_absolute_percentage_error"])
def test_a_loss_of_regression_on_classes_is_wrong(loss: str) -> None:
    assert named(statistics(replace(CLASSES, loss=loss))) == [("wrong_loss", "out")]
    assert named(statistics(replace(REGRESSION, loss=loss))) == []


def test_probabilities_into_a_loss_for_logits_are_wrong() -> None:
    assert named(statistics(replace(TWO, from_logits=True))) == [("wrong_loss", "out")]


def test_labels_that_the_output_never_reaches() -> None:
    symptom = the_only(statistics(replace(REGRESSION, activation="sigmoid")))
    assert (symptom.name, symptom.evidence["low"], symptom.evidence["reach_high"]) == (
        "labels_outside",
        -3.2,
        1,
    )
    indices = replace(INDICES, labels=LabelFacts(0, 5, True, 6))
    assert named(statistics(indices)) == [("labels_outside", "out")]
    one_more = replace(INDICES, units=99, labels=LabelFacts(0, 99, True, 100))
    assert named(statistics(one_more)) == [("labels_outside", "out")]


def test_a_softmax_inside_is_named_before_what_it_does_to_the_signal() -> None:
    layers = (layer("a", activation="softmax", entropy=1e-2), layer("b", entropy=1e-9), LAYERS[-1])
    found = statistics(replace(CLASSES, softmaxes=("a",)), layers=layers)
    assert named(found)[0] == ("softmax_hidden", "a")


def test_input_of_thousands_or_of_nearly_nothing() -> None:
    def of(scale: float, **changes: Any) -> list[tuple[str, str | None]]:
        return named(statistics(layers=(replace(FIRST, input_scale=scale, **changes), *LAYERS[1:])))

    assert of(1000.0) == of(0.001) == [("unscaled_input", "a")]
    assert of(8.0) == of(0.1) == []
    assert of(300.0, normalized=True) == []


def test_zero_weights_are_a_fault_unless_they_begin_a_residual_branch_or_the_output() -> None:
    def of(*layers: LayerStatistics) -> list[tuple[str, str | None]]:
        return named(statistics(layers=layers))

    nothing = {"weight_norm": 0.0, "gradient_norm": 0.0, "entropy": 0.0}
    assert of(FIRST, layer("b", **nothing), LAYERS[-1])[0] == ("zero_initialization", "b")
    branch = layer("b", weight_norm=0.0, gradient_norm=0.2, branch=True)
    assert of(FIRST, branch, LAYERS[-1]) == []
    still = {"gradient_norm": 0.0}
    begun = replace(LAYERS[-1], weight_norm=0.0)
    assert of(replace(FIRST, **still), layer("b", **still), begun) == []


def test_units_that_are_alike_and_stay_so() -> None:
    alike = (replace(FIRST, identical=1.0, alike=1.0), layer("b", identical=1.0, alike=0.0), LAYERS[-1])
    symptom = the_only(statistics(layers=alike))
    assert (symptom.name, symptom.layer, symptom.confidence) == ("symmetric_initialization", "a", 1.0)


def test_a_signal_that_grows_from_layer_to_layer_explodes_where_it_begins_to() -> None:
    grown = (FIRST, layer("b", scale=50.0), replace(LAYERS[-1], loss=80.0))
    assert named(statistics(layers=grown)) == [("exploding", "b")]


def test_units_at_their_bounds() -> None:
    layers = (replace(FIRST, activation="tanh", saturated=0.95), *LAYERS[1:])
    assert named(statistics(layers=layers)) == [("saturated", "a")]


def test_penalties_that_outweigh_the_loss() -> None:
    def of(factor: float, pull: float = 0.1) -> list[tuple[str, str | None]]:
        layers = (replace(FIRST, decay_norm=pull * 0.1732), *LAYERS[1:])
        return named(statistics(replace(CLASSES, penalties=(("a", factor),)), layers=layers))

    assert of(0.2) == of(1e-3, pull=5.0) == [("weight_decay", "a")]
    assert of(0.01) == of(0.04) == []
    assert named(statistics(replace(CLASSES, decay=2.0))) == [("weight_decay", None)]


def test_heavy_dropout_is_named_by_its_rate() -> None:
    assert named(statistics(replace(CLASSES, dropouts=(("d1", 0.3), ("d2", 0.9))))) == [
        ("heavy_dropout", "d2")
    ]
    assert named(statistics(replace(CLASSES, dropouts=(("d1", 0.5),)))) == []


def tried(*after: float, travel: float = 0.03) -> tuple[RateTest, ...]:
    factors = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
    return tuple(RateTest(1e-3 * f, f, 1.0, a, 8, travel * f) for f, a in zip(factors, after, strict=True))


def test_the_range_test_tells_rates_that_overshoot_from_rates_that_lead_nowhere() -> None:
    healthy = tried(0.999, 0.99, 0.9, 1.3, 40.0, 900.0)
    assert named(statistics(rates=healthy)) == []
    high = the_only(statistics(rates=tried(0.9, 0.95, 12.0, 1e4, 1e6, float("nan"))))
    assert (high.name, high.evidence["better"]) == ("learning_rate_high", pytest.approx(1e-5))
    low = the_only(statistics(rates=tried(1.0, 1.0, 0.9999, 0.999, 0.99, 0.9, travel=1e-6)))
    assert (low.name, low.evidence["better"]) == ("learning_rate_low", pytest.approx(1.0))
    # What moving averages of a normalisation do to the validation is no fall of the loss.
    drifting = tried(1.5, 1.5, 1.4999, 1.499, 1.49, 1.4, travel=1e-6)
    assert the_only(statistics(rates=drifting)).name == "learning_rate_low"
    # Small steps of a long run still arrive.
    assert named(statistics(rates=tried(1.0, 1.0, 0.9999, 0.999, 0.99, 0.9, travel=1e-6), epochs=10**6)) == []
