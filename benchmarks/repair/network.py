"""A case's layers -> a compiled Keras model whose weights come from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

import keras
from benchmarks.repair.case import Case, Layer, layer_names


def build(case: Case, seed: int, *, jit_compile: Any = "auto") -> keras.Model:
    """Return the case's compiled model; equal seeds give equal weights.

    Args:
        case: what to build.
        seed: of the initial weights, and of everything in this process that draws from Keras's or
            TensorFlow's global generators afterwards.
        jit_compile: as `keras.Model.compile` takes it.
    """
    keras.utils.set_random_seed(seed)
    layers = [keras.Input(case.input_shape)]
    for name, layer in zip(layer_names(case.layers), case.layers, strict=True):
        layers.append(_layer(layer, name))
    model = keras.Sequential(layers, name="network")
    model.compile(
        optimizer=optimizer(case.optimizer),
        loss=_loss(case.loss),
        metrics=["accuracy"],
        jit_compile=jit_compile,
    )
    return model


def optimizer(described: Mapping[str, Any]) -> keras.optimizers.Optimizer:
    """Return a new optimiser; `lr` is the learning rate, and arguments that it does not know are left out.

    The mutants exchanged an optimiser's name and kept the other one's arguments, which Keras 2 ignored.
    """
    made = getattr(keras.optimizers, described["name"])
    arguments = dict(described["kwargs"])
    if "lr" in arguments:
        arguments["learning_rate"] = arguments.pop("lr")
    known = signature(made.__init__).parameters
    if "learning_rate" in arguments:  # Keras makes a variable of integers of a whole one
        arguments["learning_rate"] = float(arguments["learning_rate"])
    return made(**{name: value for name, value in arguments.items() if name in known})


def _layer(described: Layer, name: str) -> keras.layers.Layer:
    arguments = {key: _restored(key, value) for key, value in described.items() if key != "type"}
    return getattr(keras.layers, described["type"])(name=name, **arguments)


def _restored(key: str, value: Any) -> Any:
    if isinstance(value, Mapping) and "class_name" in value:
        room = keras.regularizers if key.endswith("regularizer") else keras.initializers
        return room.get({"class_name": value["class_name"], "config": dict(value["config"])})
    return tuple(value) if isinstance(value, list) else value


def _loss(described: Any) -> Any:
    if isinstance(described, Mapping):
        return getattr(keras.losses, described["class_name"])(**described["config"])
    return described
