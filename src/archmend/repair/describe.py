"""What does not change while a network trains, read once: its output, its loss, its labels."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from archmend.repair.blocks import KERNEL_LAYERS, activation_of, blocks_of, consumers
from archmend.repair.check import loss_name
from archmend.repair.labels import Labels
from archmend.repair.measures import Description, LabelFacts

MOST_VALUES = 1000
"""Different label values are counted up to here: more of them are no classes."""

_PASSING = (
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    keras.layers.Dropout,
    keras.layers.Flatten,
    keras.layers.Reshape,
)


def describe(model: Any, labels: Labels, facts: LabelFacts) -> Description:
    """Return what a compiled Sequential or Functional model with one output is made for.

    Args:
        model: built and compiled.
        labels: how its loss reads them.
        facts: of the labels that were looked at.
    """
    heads = [block for block in blocks_of(model) if block.output]
    activation, before = _last_activations(model)
    return Description(
        head=heads[-1].name if heads else model.layers[-1].name,
        units=int(model.outputs[0].shape[-1] or 0),
        activation=activation,
        before=before,
        loss=loss_name(model),
        kind=labels.kind,
        from_logits=labels.from_logits,
        labels=facts,
        softmaxes=_softmaxes(model),
        dropouts=tuple((one.name, float(one.rate)) for one in model.layers if hasattr(one, "rate")),
        penalties=_penalties(model),
        optimizer=type(model.optimizer).__name__,
        decay=float(model.optimizer.weight_decay or 0.0),
    )


def label_facts(y: np.ndarray) -> LabelFacts:
    """Return what labels (rows, ...) are as numbers."""
    if y.size == 0 or not np.issubdtype(y.dtype, np.number):
        return LabelFacts()
    values = np.unique(y[: MOST_VALUES * 10])
    whole = bool((y == np.round(y)).all())
    one_hot = y.ndim > 1 and y.shape[-1] > 1 and whole and y.min() >= 0 and bool((y.sum(axis=-1) == 1).all())
    return LabelFacts(
        low=float(y.min()),
        high=float(y.max()),
        whole=whole,
        values=min(len(values), MOST_VALUES),
        one_hot=one_hot,
        negative=float((y < 0).mean()),
        above_one=float((y > 1).mean()),
    )


def _last_activations(model: Any) -> tuple[str, str]:
    """Return the activation of the output, and one that lies directly under it."""
    found: list[str] = []
    for layer in reversed(model.layers):
        activation = activation_of(layer)
        if activation not in (None, "linear"):
            found.append(str(activation))
        if isinstance(layer, KERNEL_LAYERS) or len(found) == 2:
            break
    return (*found, "linear", "linear")[0], (*found, "linear", "linear")[1]


def _softmaxes(model: Any) -> tuple[str, ...]:
    """Return the hidden blocks that end in a softmax which only kernels read: no gates, no attention."""
    followers, layers = consumers(model), {layer.name: layer for layer in model.layers}

    def read_by_kernels(name: str) -> bool:
        readers = [(n, layers.get(n)) for n in followers[name]]
        return bool(readers) and all(
            isinstance(one, KERNEL_LAYERS) or (isinstance(one, _PASSING) and read_by_kernels(n))
            for n, one in readers
        )

    return tuple(
        block.name
        for block in blocks_of(model)
        if not block.output and block.activation == "softmax" and read_by_kernels(block.end)
    )


def _penalties(model: Any) -> tuple[tuple[str, float], ...]:
    found = []
    for layer in model.layers:
        factor = getattr(getattr(layer, "kernel_regularizer", None), "l2", None)
        if factor is not None and float(factor) > 0:
            found.append((layer.name, float(factor)))
    return tuple(found)
