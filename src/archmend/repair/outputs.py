"""How a model's last layer, its loss and the labels fit together, and what would make them fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras

from archmend.repair.blocks import ACTIVATION_LAYERS, KERNEL_LAYERS, activation_of, calls, consumers
from archmend.repair.check import labels_of
from archmend.repair.labels import Labels
from archmend.repair.losses import PROBABILITIES, REGRESSIONS
from archmend.repair.targets import Targets

_MARGIN_LOSSES = ("hinge", "squared_hinge", "categorical_hinge")
_SQUASHING = ("sigmoid", "hard_sigmoid", "softmax")
"""Activations whose values are probabilities."""
_REACH = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, float("inf")),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, float("inf")),
    "exponential": (0.0, float("inf")),
    "elu": (-1.0, float("inf")),
    "selu": (-1.7581, float("inf")),
    "gelu": (-0.17, float("inf")),
    "silu": (-0.279, float("inf")),
}
"""The values that an activation can give."""
_CLASS_LOSSES: Mapping[str, Any] = {
    "binary_crossentropy": keras.losses.BinaryCrossentropy,
    "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
}


@dataclass(frozen=True)
class Head:
    """The layer that makes a model's output.

    Attributes:
        layer: its name. activation: of the output. units: on the output's last axis.
        under: name of the layer right before an activation layer, if it has an activation of its own.
    """

    layer: str
    activation: str
    units: int
    under: str | None = None


@dataclass(frozen=True)
class Correction:
    """What makes output, loss and labels fit; None for what stays.

    Attributes:
        activation: of the output. loss: to compile with.
        under: name of the layer under the output's activation whose own is to go.
    """

    activation: str | None = None
    loss: Any = None
    under: str | None = None


def head_of(model: Any) -> Head | None:
    """Return the model's head; None where its last part is no kernel layer and no activation."""
    if len(model.outputs) != 1:
        return None
    name = model.outputs[0]._keras_history.operation.name
    if isinstance(model, keras.Sequential):
        name = model.layers[-1].name
    layer = next((layer for layer in model.layers if layer.name == name), None)
    units = model.outputs[0].shape[-1]
    if units is None or not isinstance(layer, (keras.layers.Activation, *KERNEL_LAYERS, *ACTIVATION_LAYERS)):
        return None
    return Head(name, activation_of(layer) or "linear", int(units), _under(model, layer))


def loss_name(model: Any) -> str | None:
    """Return the name of the loss if it is one of Keras' own; None for a user's."""
    loss = model.loss
    if isinstance(loss, list | tuple | dict):
        flat = keras.tree.flatten(loss)
        loss = flat[0] if len(flat) == 1 else None
    if isinstance(loss, str):
        try:
            loss = keras.losses.get(loss)
        except ValueError:
            return None
    if isinstance(loss, keras.Loss) and type(loss).__module__.startswith("keras."):
        loss = getattr(loss, "fn", None)
    ours = str(getattr(loss, "__module__", "")).startswith("keras.")
    return str(loss.__name__) if ours and hasattr(loss, "__name__") else None


def correction(model: Any, targets: Targets | None) -> Correction | None:
    """Return what the labels demand of the output and the loss; None where they fit or nobody can say.

    The output's shape stays, and so does the labels' form. A loss of the user's own is left alone, and so is
    a head that is no plain kernel layer or activation.
    """
    name, head = loss_name(model), head_of(model)
    if name is None or head is None:
        return None
    if name in PROBABILITIES:
        found = _of_probabilities(model, head, PROBABILITIES[name], targets)
    elif name in REGRESSIONS:
        found = _of_numbers(model, head, targets)
    elif name in _MARGIN_LOSSES and head.activation == "softmax" and head.units == 1:
        found = Correction("linear")
    else:
        found = Correction()
    if (found.activation or head.activation) in _SQUASHING and head.under is not None:
        # Whatever squashes the logits first keeps the probabilities from 0 or from 1.
        found = replace(found, under=head.under)
    if found.activation == head.activation:
        found = replace(found, activation=None)
    return None if found == Correction() else found


def measured_by(model: Any, targets: Targets | None) -> Labels:
    """Return how the model's output is compared with labels, by the labels where its loss does not say."""
    labels = labels_of(model)
    units = model.outputs[0].shape[-1]
    if labels.kind != "other" or targets is None or not targets.classes or units != targets.columns:
        return labels
    return Labels("onehot" if targets.form == "onehot" else "binary")


def _under(model: Any, layer: Any) -> str | None:
    """Return the kernel layer with a nonlinear activation that only an activation layer reads."""
    if isinstance(layer, KERNEL_LAYERS):
        return None
    followers, used = consumers(model), calls(model)
    for before in model.layers:
        if isinstance(before, KERNEL_LAYERS) and followers[before.name] == [layer.name]:
            alone = used[before.name] == used[layer.name] == 1
            return before.name if alone and activation_of(before) not in (None, "linear") else None
    return None


def _of_probabilities(model: Any, head: Head, wanted: str, targets: Targets | None) -> Correction:
    if wanted == "softmax" and head.units == 1 and targets is not None and targets.form == "zero_one":
        return Correction("sigmoid", _in_place_of(model, "binary_crossentropy"))
    if labels_of(model).from_logits:
        if head.activation not in _SQUASHING:
            return Correction("linear")
        loss = keras.tree.flatten(model.loss)[0]
        fitting = type(loss).from_config({**loss.get_config(), "from_logits": False})
        return Correction(_fitting(head, wanted), fitting)
    return Correction(_fitting(head, wanted))


def _fitting(head: Head, wanted: str) -> str:
    """Return the head's own activation where its values are probabilities, else the wanted one."""
    constant = head.activation == "softmax" and head.units == 1
    return head.activation if head.activation in _SQUASHING and not constant else wanted


def _of_numbers(model: Any, head: Head, targets: Targets | None) -> Correction:
    if targets is None or targets.columns != head.units:
        return Correction()
    if targets.classes:
        if targets.form == "onehot":
            return Correction("softmax", _in_place_of(model, "categorical_crossentropy"))
        return Correction("sigmoid", _in_place_of(model, "binary_crossentropy"))
    low, high = _REACH.get(head.activation, (float("-inf"), float("inf")))
    constant = head.activation == "softmax" and head.units == 1
    return Correction("linear") if constant or targets.low < low or targets.high > high else Correction()


def _in_place_of(model: Any, name: str) -> Any:
    """Return a loss by its name, with the reduction of the model's where that is an object."""
    loss = keras.tree.flatten(model.loss)[0]
    if not isinstance(loss, keras.Loss):
        return name
    return _CLASS_LOSSES[name](reduction=loss.reduction)
