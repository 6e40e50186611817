"""New weights for a model's layers, drawn by the bench."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from archmend.repair.blocks import blocks_of
from archmend.repair.remedies.optimizers import matching_initializer
from archmend.repair.remedy import Bench


def initialize(model: Any, bench: Bench) -> None:
    """Give every layer that is not frozen fresh weights.

    A kernel starts as matches its activation and its bias at zero; all other layers start as they are
    configured, normalisations with their statistics. What was adapted to data and is not trained stays.
    """
    blocks = {block.name: block for block in blocks_of(model)}
    frozen = bench.constraints.frozen_in(model)
    for layer in model.layers:
        if layer.name in frozen or not layer.trainable_weights:
            continue
        if layer.name in blocks:
            start = matching_initializer(blocks[layer.name].activation, bench.seed())
            layer.kernel.assign(start(layer.kernel.shape, dtype=layer.kernel.dtype))
            if layer.bias is not None:
                layer.bias.assign(np.zeros(layer.bias.shape))
        elif isinstance(layer, keras.Sequential) or type(layer).__name__ == "Functional":
            initialize(layer, bench)
        else:
            _start_again(layer, bench)


def renewable(model: Any, frozen: frozenset[str]) -> bool:
    """Whether there is a layer with weights that may start again."""
    return any(layer.trainable_weights and layer.name not in frozen for layer in model.layers)


def _start_again(layer: Any, bench: Bench) -> None:
    try:
        twin = type(layer).from_config(_reseeded(layer.get_config(), bench))
        twin.build_from_config(layer.get_build_config())
    except (TypeError, ValueError, NotImplementedError, AttributeError):
        return  # a user's layer that cannot be made anew keeps its weights
    if [tuple(w.shape) for w in twin.weights] == [tuple(w.shape) for w in layer.weights]:
        for here, fresh in zip(layer.weights, twin.weights, strict=True):
            here.assign(fresh)


def _reseeded(config: Any, bench: Bench) -> Any:
    """Return a layer's configuration whose initialisers draw by the bench."""
    if isinstance(config, list | tuple):
        return [_reseeded(value, bench) for value in config]
    if not isinstance(config, dict):
        return config
    made = {name: _reseeded(value, bench) for name, value in config.items()}
    if str(made.get("module", "")).startswith("keras.initializers") and "seed" in (made.get("config") or {}):
        made["config"]["seed"] = bench.seed()
    return made
