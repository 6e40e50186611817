"""New weights for dormant units alone."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import keras
import numpy as np

from archmend.repair.blocks import Block, blocks_of, calls, consumers, inputs_of
from archmend.repair.constraints import Constraints
from archmend.repair.engine import DORMANT_SCORE
from archmend.repair.remedies.optimizers import forget, matching_initializer
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

SYMPTOMS = ("dying", "plasticity_loss", "bottleneck", "entropy_collapse")
"""Where units that do nothing are the fault or a part of it."""


class ReinitializeDormant(Remedy):
    """Recycle dormant units: new incoming weights, zero outgoing ones, moments reset (Sokar et al. 2023).

    Layers called more than once, and units whose outgoing weights do not stand in one dense kernel right
    after, are left alone.
    """

    name: ClassVar[str] = "reinitialize_dormant"
    kind: ClassVar[Literal["parameters", "structure"]] = "parameters"

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """Dead units are the symptom, and there are some whose outgoing weights can be found."""
        return symptom.name in SYMPTOMS and bool(_pairs(model, constraints))

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Recycle in place, by the activations on the bench's rows; None where no unit is dormant."""
        pairs = _pairs(model, bench.constraints)
        ends = [model.get_layer(block.end).output for block, _ in pairs]
        activations = keras.Model(inputs_of(model), ends)(bench.x, training=False)
        found = [
            (*pair, _dormant(values))
            for pair, values in zip(pairs, keras.tree.flatten(activations), strict=True)
        ]
        if not any(dormant.any() for _, _, dormant in found):
            return None
        where: dict[int, Any] = {}
        for block, _, dormant in found:
            layer = model.get_layer(block.name)
            _renew_incoming(layer, dormant, block, bench)
            _mark(where, layer.kernel, np.broadcast_to(dormant, layer.kernel.shape))
            if layer.bias is not None:
                _mark(where, layer.bias, dormant)
        # After all the new weights, so that none of them speaks for a recycled unit of the layer before.
        for _, following, dormant in found:
            kernel = model.get_layer(following).kernel
            kernel.assign(np.where(dormant[:, None], 0.0, kernel.numpy()))
            _mark(where, kernel, np.broadcast_to(dormant[:, None], kernel.shape))
        forget(model, where)
        return model


def _pairs(model: Any, constraints: Constraints) -> list[tuple[Block, str]]:
    """Return the hidden dense blocks whose units feed exactly one dense kernel, and that kernel's layer."""
    used, followers, frozen = calls(model), consumers(model), constraints.frozen_in(model)
    found = []
    for block in blocks_of(model):
        after = followers[block.end]
        while len(after) == 1 and isinstance(_layer(model, after[0]), keras.layers.Dropout):
            after = followers[after[0]]
        single = used[block.name] == used[block.end] == 1 and len(after) == 1 and used[after[0]] == 1
        layers = [model.get_layer(block.name), *(_layer(model, name) for name in after)]
        names = {block.name, block.end, *after}
        dense = all(isinstance(x, keras.layers.Dense) and x.trainable_weights for x in layers)
        if single and dense and frozen.isdisjoint(names) and model.get_layer(block.end).output.ndim == 2:
            found.append((block, after[0]))
    return found


def _layer(model: Any, name: str) -> Any:
    """Return the layer of this name; None for an operation, which has a place in the graph too."""
    return next((layer for layer in model.layers if layer.name == name), None)


def _dormant(values: Any) -> np.ndarray:
    """Return which units have a ReDo score at or below the limit; all of a layer that is silent."""
    size: np.ndarray = np.abs(np.asarray(values, dtype="float32")).mean(axis=0)
    return size <= DORMANT_SCORE * max(float(size.mean()), float(np.finfo(np.float32).tiny))


def _renew_incoming(layer: Any, dormant: np.ndarray, block: Block, bench: Bench) -> None:
    start = matching_initializer(block.activation, bench.seed())(layer.kernel.shape, dtype=layer.kernel.dtype)
    layer.kernel.assign(np.where(dormant, np.asarray(start), layer.kernel.numpy()))
    if layer.bias is not None:
        layer.bias.assign(np.where(dormant, 0.0, layer.bias.numpy()))


def _mark(where: dict[int, Any], variable: Any, mask: np.ndarray) -> None:
    """Note weights of a variable beside those that are noted already."""
    where[id(variable)] = mask | where.get(id(variable), False)
