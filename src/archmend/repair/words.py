"""A symptom in words: what was seen, with its numbers, and what to change in one's own code."""

from __future__ import annotations

import math
from collections.abc import Mapping

from archmend.repair.decision import NO_REMEDY, Decision
from archmend.repair.values import Symptom

_EXPECTED = {0: "linear", 1: "sigmoid", 2: "softmax"}
_LOSSES = {0: "a loss of regression", 1: "binary_crossentropy", 2: "categorical_crossentropy"}

_SEEN: Mapping[str, str] = {
    "labels_outside": "the labels go from {low} to {high}, which the output never reaches",
    "no_class": "the labels go from {low} to {high}, the output has {classes} classes, 0 to {reach_high}",
    "wrong_output": "the output's activation does not go with the loss",
    "wrong_loss": "the loss does not measure what the labels ask for",
    "heavy_dropout": "dropout drops {rate:%} of the units",
    "unscaled_input": "it reads a feature of size {input_scale}",
    "zero_initialization": "its weights are all zero, and their gradient is {gradient_norm}",
    "symmetric_initialization": "{identical:%} of its {units} units have the weights of the first one",
    "softmax_hidden": "a softmax inside the network makes its units sum to 1",
    "dying": "{inactive:%} of the units are zero on every row",
    "saturated": "{saturated:%} of its outputs sit at a bound of the activation",
    "vanishing": "the signal or its gradient has died away there",
    "entropy_collapse": "its outputs hardly differ from row to row: entropy {entropy} nats, {before} before",
    "weight_decay": "the penalty on weights outweighs the loss",
    "learning_rate_high": "steps at the learning rate {rate} raise the loss from {before} to {after}",
    "learning_rate_low": "at the learning rate {rate} all steps together move the weights by {reach:%}",
    "bottleneck": "it has {units} units, where {needed} are needed to keep the classes apart",
    "class_collapse": "one class is named for {commonest:%} of the rows",
    "oscillation": "the validation accuracy changes by {swing:%} from epoch to epoch, up and down",
    "slow_convergence": "the loss has fallen by {progress:%} since the first epoch",
    "plateau": "the loss stands still at {loss}, {learned:%} of the way from chance to perfection",
    "plasticity_loss": "{dormant:%} of its units are dormant, {dormant_first:%} at the start",
    "mended": "a network that could not learn now does, at the learning rate {learning_rate_before}",
    "overfitting": "the validation loss has risen from {val_loss_best} to {val_loss}",
}
_ADVICE: Mapping[str, str] = {
    "labels_outside": "scale or number the labels so that the output reaches them{or_linear}",
    "wrong_output": "give the output the activation {expected_activation}",
    "wrong_loss": "compile with {expected_loss} and the output activation {expected_activation}",
    "heavy_dropout": "use a rate of at most 0.5",
    "exploding": "initialise for the activation (He for ReLU, Glorot for tanh), normalise, or lower the rate",
    "unscaled_input": "scale the features to mean 0 and deviation 1, as keras.layers.Normalization does",
    "zero_initialization": "leave the kernel_initializer at its default",
    "symmetric_initialization": "use a random kernel_initializer, such as the default",
    "softmax_hidden": "use relu (or another activation by unit) there; softmax belongs to the output",
    "dying": "use elu or leaky_relu, he_normal weights and zero biases, or a lower learning rate",
    "saturated": "use glorot_uniform weights and scaled input, or relu",
    "vanishing": "use relu with he_normal or selu with lecun_normal, normalise, or take fewer layers",
    "entropy_collapse": "initialise for the activation, or put a normalisation before it",
    "weight_decay": "lower the factor of the penalty to 1e-4 or less",
    "learning_rate_high": "lower the learning rate{better_rate}",
    "learning_rate_low": "raise the learning rate{better_rate}",
    "bottleneck": "give it more units",
    "class_collapse": "lower the learning rate, and weigh the classes if one is rare",
    "oscillation": "lower the learning rate or take larger batches",
    "slow_convergence": "change the learning rate or the optimiser, or widen the layers",
    "plateau": "lower or raise the learning rate; if that changes nothing, widen the network",
    "plasticity_loss": "re-initialise the dormant units, or lower the learning rate",
    "overfitting": "add dropout or weight decay, stop earlier, or get more rows",
}


def seen(symptom: Symptom) -> str:
    """Return what was seen in one clause with the layer and the numbers, such as `layer 'b': ...`."""
    where = "" if symptom.layer is None else f"layer {symptom.layer!r}: "
    if symptom.name == "exploding":
        return where + _exploding(symptom)
    indices = symptom.name == "labels_outside" and "classes" in symptom.evidence
    known = _SEEN.get("no_class" if indices else symptom.name)
    numbers = ", ".join(f"{name} {_number(value)}" for name, value in symptom.evidence.items())
    if known is None:
        return f"{where}{symptom.name} ({numbers})"
    try:
        return where + known.format_map({n: _Told(v) for n, v in symptom.evidence.items()})
    except KeyError:  # the same symptom by another sign
        return f"{where}{known.partition('{')[0].rstrip(' :,')} ({numbers})"


def in_words(decision: Decision) -> str:
    """Return what was seen, what was tried, what it did and whether it was kept, in one sentence."""
    evidence = {n: math.nan if v is None else v for n, v in decision.evidence.items()}
    told = seen(Symptom(decision.symptom, decision.layer, evidence))
    if decision.remedy == NO_REMEDY:
        return f"{told}; {decision.reason}"
    if decision.before is not None and decision.after is not None:
        did = (
            f"validation loss {_number(decision.before)} -> {_number(decision.after)} after as many batches, "
        )
    else:
        did = ""
    kept = "kept" if decision.kept else "undone"
    return f"{told}; tried {decision.remedy}: {did}{kept}: {decision.reason}"


def advice(symptom: Symptom) -> str:
    """Return what to change in the code that made the network; empty for an unknown symptom."""
    if symptom.name == "labels_outside" and "classes" in symptom.evidence:
        return _numbered(symptom.evidence)
    expected = int(symptom.evidence.get("expected", 2))
    better = symptom.evidence.get("better")
    return _ADVICE.get(symptom.name, "").format_map(
        {
            "expected_activation": _EXPECTED.get(expected, "softmax"),
            "expected_loss": _LOSSES.get(expected, "categorical_crossentropy"),
            "or_linear": ", or give it no activation" if expected == 0 else "",
            "better_rate": "" if better is None else f" to about {_number(better)}",
        }
    )


class _Told(float):
    """A number as it is said: three digits, or with `%` a share in percent."""

    def __format__(self, how: str) -> str:
        return f"{self * 100:.3g} %" if how == "%" else _number(float(self))


_NOT_FINITE = ({"finite"}, {"loss"}, {"val_loss"})
"""Evidence of values that are not finite, by which a decision is known to be about them."""
_EXPLODED: Mapping[str, str] = {
    "chance_loss": "the signal grows from here on: the loss begins at {loss}, where knowing nothing costs "
    "{chance_loss}",
    "gradient_norm": "the gradient has grown to the norm {gradient_norm}, where the weights' own is "
    "{weight_norm}",
    "best": "the loss has risen to {loss}, where its best mean of ten batches was {best}",
    "limit": "the loss has risen to {loss}, above the limit of {limit}",
}
"""What was seen by the evidence that tells it from the others, the first that is there."""


def _exploding(symptom: Symptom) -> str:
    evidence = symptom.evidence
    if symptom.fatal or set(evidence) in _NOT_FINITE:
        return "values are no longer finite numbers"
    for sign, sentence in _EXPLODED.items():
        if sign in evidence:
            return sentence.format_map({name: _number(value) for name, value in evidence.items()})
    return ", ".join(f"{name} {_number(value)}" for name, value in evidence.items())


def _numbered(evidence: Mapping[str, float]) -> str:
    """Return what to do about indices that are no classes of the output."""
    low, high, classes = (evidence[name] for name in ("low", "high", "classes"))
    if low == 0:
        return f"give the layer {_number(high + 1)} units, or leave out the labels of other classes"
    if high - low < classes:
        return f"number the classes from 0 to {_number(high - low)}"
    units = _number(high - low + 1)
    return f"number the classes from 0 to {_number(high - low)}, and give the layer {units} units"


def _number(value: float) -> str:
    return (
        f"{value:.0f}"
        if math.isfinite(value) and value == round(value, 0) and abs(value) < 1e4
        else f"{value:.3g}"
    )
