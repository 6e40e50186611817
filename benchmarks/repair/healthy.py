"""Draws networks that train well: what faults are injected into."""

from __future__ import annotations

from typing import Any

import numpy as np
from benchmarks.repair.case import Case
from benchmarks.repair.small_data import SOURCES, training_rows

INITIALIZERS: dict[str, dict[str, Any]] = {
    "relu": {
        "class_name": "VarianceScaling",
        "config": {"scale": 2.0, "mode": "fan_in", "distribution": "truncated_normal"},
    },
    "elu": {
        "class_name": "VarianceScaling",
        "config": {"scale": 2.0, "mode": "fan_in", "distribution": "uniform"},
    },
    "selu": {
        "class_name": "VarianceScaling",
        "config": {"scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal"},
    },
    "tanh": {
        "class_name": "VarianceScaling",
        "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform"},
    },
}
"""The initialiser that goes with each activation."""
OUTPUT = INITIALIZERS["tanh"]
OPTIMIZERS = (
    {"name": "Adam", "kwargs": {"learning_rate": 1e-3}},
    {"name": "Adam", "kwargs": {"learning_rate": 3e-3}},
    {"name": "RMSprop", "kwargs": {"learning_rate": 1e-3}},
    {"name": "SGD", "kwargs": {"learning_rate": 0.03, "momentum": 0.9}},
)
STEPS = 1500
"""Optimiser steps of a training, about: enough for each of these data sets."""


def healthy(seed: int) -> Case:
    """Return a network that trains well, on a small data set; a pure function of the seed."""
    rng = np.random.default_rng((seed, 1))
    data = str(rng.choice(list(SOURCES)))
    source = SOURCES[data]
    activation = str(rng.choice(list(INITIALIZERS), p=(0.55, 0.15, 0.1, 0.2)))
    convolutional = source.image is not None and rng.random() < 0.5
    body = _convolutions(rng, activation) if convolutional else _dense(rng, activation)
    if rng.random() < 0.2:
        body.append({"type": "Dropout", "rate": float(rng.choice((0.1, 0.2)))})
    output, loss = _output(rng, source.classes)
    batch = int(rng.choice((16, 32, 64)))
    return Case(
        id=f"healthy-{seed}",
        data=data,
        label="normal",
        layers=(*body, output),
        input_shape=source.image if convolutional and source.image else (source.features,),
        optimizer=OPTIMIZERS[rng.integers(len(OPTIMIZERS))],
        loss=loss,
        batch_size=batch,
        epochs=int(np.clip(STEPS * batch // training_rows(data), 20, 150)),
        symptom="healthy",
    )


def dense(units: int, activation: str) -> dict[str, Any]:
    """Return a dense layer with the initialiser that its activation needs."""
    return {
        "type": "Dense",
        "units": units,
        "activation": activation,
        "kernel_initializer": INITIALIZERS.get(activation, OUTPUT),
    }


def _dense(rng: np.random.Generator, activation: str) -> list[dict[str, Any]]:
    width = int(rng.choice((16, 32, 48, 64)))
    layers: list[dict[str, Any]] = []
    for _ in range(rng.integers(1, 5)):
        layers.append(dense(width, activation))
        if activation == "relu" and rng.random() < 0.1:
            layers.append({"type": "BatchNormalization"})
    return layers


def _convolutions(rng: np.random.Generator, activation: str) -> list[dict[str, Any]]:
    layers: list[dict[str, Any]] = []
    for filters in (8, 16)[: rng.integers(1, 3)]:
        conv = {"type": "Conv2D", "filters": filters, "kernel_size": [3, 3], "padding": "same"}
        layers.append({**conv, "activation": activation, "kernel_initializer": INITIALIZERS[activation]})
        layers.append({"type": "MaxPooling2D", "pool_size": [2, 2]})
    return [*layers, {"type": "Flatten"}, dense(32, activation)]


def _output(rng: np.random.Generator, classes: int) -> tuple[dict[str, Any], str]:
    if classes == 2 and rng.random() < 0.7:
        return dense(1, "sigmoid"), "binary_crossentropy"
    loss = str(rng.choice(("categorical_crossentropy", "sparse_categorical_crossentropy")))
    return dense(classes, "softmax"), loss
