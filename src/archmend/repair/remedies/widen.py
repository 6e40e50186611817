"""A hidden layer made wider without changing what the network computes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import keras
import numpy as np

from archmend.repair.blocks import activation_of, blocks_of, calls, consumers
from archmend.repair.cloning import clone_of, rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.fresh_units import fresh_units
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

_WIDTH = {keras.layers.Dense: "units", keras.layers.Conv1D: "filters", keras.layers.Conv2D: "filters"}
_ALONG = (
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.ELU,
    keras.layers.Dropout,
    keras.layers.MaxPooling1D,
    keras.layers.MaxPooling2D,
    keras.layers.AveragePooling1D,
    keras.layers.AveragePooling2D,
    keras.layers.GlobalAveragePooling1D,
    keras.layers.GlobalAveragePooling2D,
)


@dataclass(frozen=True)
class WidthPath:
    """From a layer that can be made wider to the one kernel that reads it.

    Attributes:
        layer: name of the first. normalizations: names of those on the way. following: name of the second.
    """

    layer: str
    normalizations: tuple[str, ...]
    following: str


class Widen(Remedy):
    """Double a hidden layer, or make a bottleneck as wide as the widest layer, by fresh units or by copies.

    Between two dense layers, where labels are at hand, new units are those that the loss asks for most,
    read by weights that start at zero (after GradMax, Evci et al. 2022). Everywhere else they are copies
    that share their outgoing weights (Net2WiderNet, Chen et al. 2016). Each weight is shared in
    proportions of its own, below zero too, that sum to 1 and keep its expected square: so a unit and its
    copies get gradients of different directions and signs, and part without added noise. One proportion a
    unit would only scale their gradients, and Adam divides by the scale. Layers called more than once,
    forks, merges and grouped convolutions are left alone.
    """

    name: ClassVar[str] = "widen"
    kind: ClassVar[Literal["parameters", "structure"]] = "structure"
    keeps_function = True

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """A hidden layer feeds exactly one kernel, through layers that treat each unit alike."""
        return bool(width_paths(model, constraints))

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Widen the symptom's layer if it can be, else the narrowest one."""
        paths = width_paths(model, bench.constraints)
        named = [path for path in paths if path.layer == symptom.layer]
        path = (
            named[0] if named else min(paths, key=lambda path: model.get_layer(path.layer).kernel.shape[-1])
        )
        layer = model.get_layer(path.layer)
        units = layer.kernel.shape[-1]
        width = next(name for kind, name in _WIDTH.items() if isinstance(layer, kind))
        times = _times(model, path, symptom, bench.constraints)
        edited = rebuild(
            model,
            replace={
                path.layer: clone_of(layer, **{width: times * units}),
                path.following: clone_of(model.get_layer(path.following)),
                **{name: clone_of(model.get_layer(name)) for name in path.normalizations},
            },
        )
        if _between_dense(model, path) and bench.y is not None:
            fresh = fresh_units(model, path.layer, path.following, (times - 1) * units, bench)
            if fresh is not None:
                _add(model, edited, path, fresh)
                return edited
        for name in (path.layer, *path.normalizations):
            for old, new in zip(model.get_layer(name).weights, edited.get_layer(name).weights, strict=True):
                new.assign(np.concatenate(times * [old.numpy()], axis=-1))
        old, new = model.get_layer(path.following), edited.get_layer(path.following)
        new.kernel.assign(_split(old.kernel.numpy(), units, times, bench.rng))
        if old.bias is not None:
            new.bias.assign(old.bias)
        return edited


def _between_dense(model: Any, path: WidthPath) -> bool:
    """Whether a vector goes from one dense layer into the other, with a bias and no normalisation between."""
    first, second = model.get_layer(path.layer), model.get_layer(path.following)
    dense = isinstance(first, keras.layers.Dense) and isinstance(second, keras.layers.Dense)
    flat = dense and first.input.ndim == second.input.ndim == 2
    # A separate activation layer is applied by name alone, which custom settings would belie.
    alone = flat and not path.normalizations and activation_of(first) != "linear"
    return bool(alone and first.bias is not None)


def _add(model: Any, edited: Any, path: WidthPath, fresh: tuple[np.ndarray, np.ndarray]) -> None:
    """Set the weights of a widened layer: its old units, then fresh ones that are read by zeros."""
    old, new = model.get_layer(path.layer), edited.get_layer(path.layer)
    new.kernel.assign(np.concatenate([old.kernel.numpy(), fresh[0]], axis=1))
    new.bias.assign(np.concatenate([old.bias.numpy(), fresh[1]]))
    old, new = model.get_layer(path.following), edited.get_layer(path.following)
    unread = np.zeros((len(fresh[1]), old.kernel.shape[1]))
    new.kernel.assign(np.concatenate([old.kernel.numpy(), unread]))
    if old.bias is not None:
        new.bias.assign(old.bias)


def _times(model: Any, path: WidthPath, symptom: Symptom, constraints: Constraints) -> int:
    """Return by how much to multiply the width: 2, or what a bottleneck's neighbours ask for and fits."""
    units = model.get_layer(path.layer).kernel.shape[-1]
    asked = symptom.evidence.get("wider", 0.0) if path.layer == symptom.layer else 0.0
    fits = 1 + constraints.room(model) / _growth(model, path)
    return max(2, int(min(asked / units, fits)))


def _split(kernel: np.ndarray, units: int, times: int, rng: np.random.Generator) -> np.ndarray:
    """Divide the weights that read each unit among it and its copies; axis -2 is units, or places x units."""
    *places, inputs, outputs = kernel.shape
    by_unit = kernel.reshape(*places, inputs // units, units, outputs)
    drawn = rng.normal(scale=times**-0.5, size=(times, *by_unit.shape))
    shares = (1 / times + drawn - drawn.mean(axis=0)).astype(kernel.dtype)
    every = np.concatenate([by_unit * share for share in shares], axis=-2)
    return every.reshape(*places, times * inputs, outputs)


def width_paths(model: Any, constraints: Constraints) -> list[WidthPath]:
    """Return the layers that can be widened."""
    used, followers, frozen = calls(model), consumers(model), constraints.frozen_in(model)
    found = []
    for block in blocks_of(model):
        path = None if block.output else _follow(model, block.name, used, followers)
        if path is None or not frozen.isdisjoint((path.layer, *path.normalizations, path.following)):
            continue
        if _growth(model, path) <= constraints.room(model):
            found.append(path)
    return found


def _growth(model: Any, path: WidthPath) -> int:
    """Return how many weights a doubling adds: as many again as are of these units, in and out."""
    own = [v for n in (path.layer, *path.normalizations) for v in model.get_layer(n).trainable_variables]
    return sum(math.prod(v.shape) for v in (*own, model.get_layer(path.following).kernel))


def _follow(
    model: Any, start: str, used: dict[str, int], followers: dict[str, list[str]]
) -> WidthPath | None:
    # A softmax mixes a layer's units, so copies would change what it gives.
    if not _widenable(model.get_layer(start)):
        return None
    layers, kinds, name = {layer.name: layer for layer in model.layers}, tuple(_WIDTH), start
    normalizations: list[str] = []
    while used[name] == 1 and len(followers[name]) == 1:
        name = followers[name][0]
        layer = layers.get(name)
        if isinstance(layer, kinds):
            whole = _one_group(layer) and used[name] == 1
            return WidthPath(start, tuple(normalizations), name) if whole else None
        softmax = _activation(layer) == "softmax"
        if isinstance(layer, keras.layers.BatchNormalization) and layer.axis in (-1, layer.output.ndim - 1):
            normalizations.append(name)
        elif softmax or not isinstance(layer, (*_ALONG, keras.layers.Flatten)) or _first(layer):
            return None
    return None


def _widenable(layer: Any) -> bool:
    return isinstance(layer, tuple(_WIDTH)) and _activation(layer) != "softmax" and _one_group(layer)


def _one_group(layer: Any) -> bool:
    return getattr(layer, "groups", 1) == 1 and not _first(layer)


def _first(layer: Any) -> bool:
    """Whether the channels stand before the places, where units are not the last axis."""
    return getattr(layer, "data_format", None) == "channels_first"


def _activation(layer: Any) -> Any:
    return layer.get_config().get("activation") if layer is not None else None
