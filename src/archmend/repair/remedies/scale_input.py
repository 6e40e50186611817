"""The inputs brought to mean 0 and deviation 1 inside the model."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, ClassVar, Literal

import keras
import numpy as np

from archmend.repair.blocks import KERNEL_LAYERS, consumers, input_names
from archmend.repair.cloning import rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.places import free_name
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

BATCHES = 200
"""Training batches from which mean and deviation are measured."""
FARTHEST = 10.0
"""No training row is to lie further from 0: a feature that is almost constant is not blown up."""
_THROUGH = (
    keras.layers.Flatten,
    keras.layers.Reshape,
    keras.layers.ZeroPadding1D,
    keras.layers.ZeroPadding2D,
    keras.layers.Dropout,
    keras.layers.Concatenate,
)
_READERS = (
    *KERNEL_LAYERS,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D,
    keras.layers.SeparableConv2D,
    keras.layers.LSTM,
    keras.layers.GRU,
    keras.layers.SimpleRNN,
)
"""Layers that read numbers as numbers; what an embedding or a look-up reads is no scale."""


class ScaleInput(Remedy):
    """Put a Normalization layer, adapted to the training rows, behind each input (LeCun et al. 1998).

    By feature for vectors and sequences, by channel for images. It is saved with the model, which goes on
    taking the data as it comes.
    """

    name: ClassVar[str] = "scale_input"
    kind: ClassVar[Literal["parameters", "structure"]] = "structure"

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """An input goes into a kernel as it is."""
        return bool(_raw(model))

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Insert them; None where every input is scaled already."""
        after = {}
        for number, name in _raw(model).items():
            mean, deviation = _moments(_parts(model, bench, number))
            near = np.abs(mean).max() < 0.05 and np.abs(deviation - 1).max() < 0.05
            if not near and np.isfinite(mean).all() and np.isfinite(deviation).all():
                after[name] = [
                    keras.layers.Normalization(
                        mean=mean.tolist(),
                        variance=np.square(deviation).tolist(),
                        name=free_name(model, f"{name}_scaling"),
                        dtype=model.layers[-1].dtype_policy,
                    )
                ]
        return rebuild(model, after=after) if after else None


def _raw(model: Any) -> dict[int, str]:
    """Return number and name of the numeric inputs that only layers read which take numbers as they are."""
    layers, followers = {layer.name: layer for layer in model.layers}, consumers(model)
    if isinstance(model, keras.Sequential):
        followers = {model.inputs[0].name: [model.layers[0].name], **followers}
        names: tuple[str, ...] = (model.inputs[0].name,)
    else:
        names = input_names(model)

    def takes_numbers(name: str) -> bool:
        layer = layers.get(name)
        if isinstance(layer, _THROUGH):
            return bool(followers[name]) and all(takes_numbers(after) for after in followers[name])
        return isinstance(layer, _READERS)

    return {
        number: name
        for number, (name, tensor) in enumerate(zip(names, model.inputs, strict=True))
        if "string" not in str(tensor.dtype)
        and "bool" not in str(tensor.dtype)
        and len(tensor.shape) > 1
        and tensor.shape[-1] is not None
        and followers[name]
        and all(takes_numbers(after) for after in followers[name])
    }


def _parts(model: Any, bench: Bench, number: int) -> Iterator[np.ndarray]:
    """Yield rows of one input as (values, features)."""
    batches = [(bench.x, bench.y)] if bench.batches is None else islice(bench.batches(), BATCHES)
    name, size = model.inputs[number].name, model.inputs[number].shape[-1]
    for x, _ in batches:
        values = x[name] if isinstance(x, dict) else keras.tree.flatten(x)[number]
        yield np.asarray(values, dtype="float64").reshape(-1, size)


def _moments(parts: Iterator[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation by feature, the latter large enough that no row lies too far out."""
    rows = np.concatenate(list(parts))
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    deviation = np.maximum(deviation, np.abs(rows - mean).max(axis=0) / FARTHEST)
    return mean, np.where(deviation > 0, deviation, 1.0)
