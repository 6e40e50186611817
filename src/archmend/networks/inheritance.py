"""Weights of one network as the start of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras

Weights = Mapping[str, np.ndarray]
_OUTPUT = "output"


def weights_of(model: keras.Model) -> dict[str, np.ndarray]:
    """Return a model's weights by place: class and number of the layer (the last is the output), variable.

    Places do not depend on layers' names, so that they fit between networks that were made apart.
    """
    return {place: variable.numpy() for place, variable in _placed(model)}


def inherit(child: keras.Model, parent: keras.Model | Weights) -> float:
    """Start `child` from the weights of `parent`, and return which share of its weights that was.

    Where a layer is the same it takes all of them (Keras's `set_weights`); where it is smaller or larger,
    the overlapping slice is copied and the rest stays as it was initialised.

    Args:
        child: changed in place.
        parent: a model, or what `weights_of` returned of one.
    """
    given = parent if isinstance(parent, Mapping) else weights_of(parent)
    copied = total = 0
    for place, variable in _placed(child):
        value = variable.numpy().copy()
        total += value.size
        other = given.get(place)
        if other is None or other.ndim != value.ndim:
            continue
        overlap = tuple(slice(0, min(a, b)) for a, b in zip(value.shape, other.shape, strict=True))
        value[overlap] = other[overlap]
        variable.assign(value)
        copied += int(np.prod([part.stop for part in overlap], dtype=np.int64))
    return copied / total if total else 0.0


def _placed(model: Any) -> Iterator[tuple[str, Any]]:
    weighted = [layer for layer in model.layers if layer.weights]
    seen: Counter[str] = Counter()
    for layer in weighted:
        kind = _OUTPUT if layer is weighted[-1] else type(layer).__name__
        seen[kind] += 1
        for number, variable in enumerate(layer.weights):
            yield f"{kind}-{seen[kind]}-{number}", variable
