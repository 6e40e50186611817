"""A hidden layer made wider without changing what the network computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import keras
import numpy as np

from archmend.repair.blocks import blocks_of, calls, consumers
from archmend.repair.cloning import clone_of, rebuild
from archmend.repair.constraints import Constraints
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
class _Path:
    """From the layer to widen to the one kernel that reads it, with the normalisations on the way."""

    layer: str
    normalizations: tuple[str, ...]
    following: str


class Widen(Remedy):
    """Double a hidden layer's units by copies that share their outgoing weights.

    Net2WiderNet (Chen et al. 2016). The copies share unevenly, so that their gradients differ and
    they part without added noise. Layers
    called more than once, forks, merges and grouped convolutions are left alone.
    """

    name: ClassVar[str] = "widen"
    kind: ClassVar[Literal["parameters", "structure"]] = "structure"
    keeps_function = True

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """A hidden layer feeds exactly one kernel, through layers that treat each unit alike."""
        return bool(_paths(model))

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Widen the symptom's layer if it can be, else the narrowest one."""
        paths = _paths(model)
        named = [path for path in paths if path.layer == symptom.layer]
        path = (
            named[0] if named else min(paths, key=lambda path: model.get_layer(path.layer).kernel.shape[-1])
        )
        layer = model.get_layer(path.layer)
        units = layer.kernel.shape[-1]
        # Every unit is copied once; `share` is what the original keeps of its outgoing weights.
        share = bench.rng.uniform(0.3, 0.7, units)
        width = next(name for kind, name in _WIDTH.items() if isinstance(layer, kind))
        edited = rebuild(
            model,
            replace={
                path.layer: clone_of(layer, **{width: 2 * units}),
                path.following: clone_of(model.get_layer(path.following)),
                **{name: clone_of(model.get_layer(name)) for name in path.normalizations},
            },
        )
        for name in (path.layer, *path.normalizations):
            for old, new in zip(model.get_layer(name).weights, edited.get_layer(name).weights, strict=True):
                new.assign(np.concatenate([old.numpy(), old.numpy()], axis=-1))
        old, new = model.get_layer(path.following), edited.get_layer(path.following)
        new.kernel.assign(_split(old.kernel.numpy(), units, share))
        if old.bias is not None:
            new.bias.assign(old.bias)
        return edited


def _split(kernel: np.ndarray, units: int, share: np.ndarray) -> np.ndarray:
    """Divide the weights that read each unit between it and its copy; axis -2 is units, or places x units."""
    *places, inputs, outputs = kernel.shape
    by_unit = kernel.reshape(*places, inputs // units, units, outputs)
    both = np.concatenate([by_unit * share[:, None], by_unit * (1 - share)[:, None]], axis=-2)
    return both.reshape(*places, 2 * inputs, outputs)


def _paths(model: Any) -> list[_Path]:
    """Return the layers that can be widened."""
    used, followers = calls(model), consumers(model)
    found = []
    for block in blocks_of(model):
        path = None if block.output else _follow(model, block.name, used, followers)
        if path is not None:
            found.append(path)
    return found


def _follow(model: Any, start: str, used: dict[str, int], followers: dict[str, list[str]]) -> _Path | None:
    # A softmax mixes a layer's units, so copies would change what it gives.
    if model.get_layer(start).get_config().get("activation") == "softmax":
        return None
    kinds, name = tuple(_WIDTH), start
    normalizations: list[str] = []
    while used[name] == 1 and len(followers[name]) == 1:
        name = followers[name][0]
        layer = model.get_layer(name)
        if isinstance(layer, kinds):
            whole = getattr(layer, "groups", 1) == 1 and used[name] == 1
            return _Path(start, tuple(normalizations), name) if whole else None
        softmax = layer.get_config().get("activation") == "softmax"
        if isinstance(layer, keras.layers.BatchNormalization) and layer.axis in (-1, layer.output.ndim - 1):
            normalizations.append(name)
        elif softmax or not isinstance(layer, (*_ALONG, keras.layers.Flatten)):
            return None
    return None
