"""A model's network and optimiser as plain values, and back."""

from __future__ import annotations

import re
from typing import Any

import keras

from archmend.repair.archive import SavedError
from archmend.repair.cloning import compile_like, finalize, rebuild
from archmend.repair.outputs import loss_name

_UNNAMED = re.compile(r"seed_generator(_\d+)?")
"""Random generators are numbered in the order in which a process makes them."""


def config_of(model: Any) -> dict[str, Any]:
    """Return what `model_of` makes network, optimiser and loss of, without their variables' values."""
    network = keras.saving.serialize_keras_object(model)
    # Metrics, and a loss of the user's, stay those of the fit's own model: a function has no configuration.
    network.pop("compile_config", None)
    optimizer = keras.saving.serialize_keras_object(model.optimizer)
    loss = model.loss if loss_name(model) and isinstance(model.loss, str | keras.Loss) else None
    return {
        "network": network,
        "optimizer": optimizer,
        "loss": None if loss is None else keras.saving.serialize_keras_object(loss),
        "variables": variables_of(model),
    }


def model_of(config: dict[str, Any], source: Any) -> Any:
    """Return a network like the one that `config` was taken of, compiled as `source` is.

    Raises:
        SavedError: Keras cannot make it, or makes another one of it.
    """
    known = {type(layer).__name__: type(layer) for layer in source.layers}
    known[type(source.optimizer).__name__] = type(source.optimizer)
    try:
        with keras.saving.custom_object_scope(known):
            model = keras.saving.deserialize_keras_object(config["network"])
            optimizer = keras.saving.deserialize_keras_object(config["optimizer"])
            loss = keras.saving.deserialize_keras_object(config.get("loss"))
        compile_like(model, source, optimizer, loss)
        # The paths of variables tell how a model was made, and remedies keep moments by these paths.
        if variables_of(model) != config["variables"]:
            model = rebuild(model)
    except Exception as error:  # whatever Keras raises on a layer that it does not know
        reason = str(error).strip().partition("\n")[0][:200]
        raise SavedError(f"its network cannot be built ({type(error).__name__}: {reason})") from error
    if variables_of(model) != config["variables"]:
        raise SavedError("its network has other variables than when it was saved")
    return model


def variables_of(model: Any) -> list[list[Any]]:
    """Return path, shape and type of each variable in the order of a snapshot."""
    return [
        [_UNNAMED.sub("seed_generator", v.path), list(v.shape), str(v.dtype)]
        for v in (*model.variables, *model.optimizer.variables)
    ]


def settle(model: Any) -> None:
    """Let layers take up variables that were set from outside."""
    for layer in model.layers:
        finalize(layer)
