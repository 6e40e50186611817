"""What no edit may touch, held before it and compared after it: the interface and the frozen layers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from archmend.repair.constraints import Constraints


class Guard:
    """Holds a model's interface and its frozen layers as they are now."""

    def __init__(self, model: Any, constraints: Constraints) -> None:
        """Copy what must stay."""
        self._interface = _interface(model)
        frozen = constraints.frozen_in(model)
        self._frozen = {x.name: (_settings(x), _values(x)) for x in model.layers if x.name in frozen}

    def broken(self, model: Any) -> str | None:
        """Return in words what an edited model has changed that it must not; None where all is kept."""
        if _interface(model) != self._interface:
            return f"the interface was {self._interface} and is {_interface(model)}"
        there = {layer.name: layer for layer in model.layers}
        for name, (settings, values) in self._frozen.items():
            layer = there.get(name)
            if layer is None:
                return f"the frozen layer {name!r} is gone"
            if _settings(layer) != settings:
                return f"the frozen layer {name!r} has other settings"
            held = _values(layer)
            if len(held) != len(values) or not all(map(_same, held, values)):
                return f"the frozen layer {name!r} has other weights"
        return None


def _interface(model: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Return name, shape and type of the inputs, and shape and type of the outputs."""
    inputs = [(t.name, tuple(t.shape), str(t.dtype)) for t in model.inputs]
    return {"inputs": inputs, "outputs": [(tuple(t.shape), str(t.dtype)) for t in model.outputs]}


def _settings(layer: Any) -> str:
    return json.dumps(layer.get_config(), sort_keys=True, default=repr)


def _values(layer: Any) -> list[np.ndarray]:
    # A copy: NumPy's view of a variable could follow it.
    return [np.array(v.numpy()) for v in layer.weights]


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and a.tobytes() == b.tobytes()
