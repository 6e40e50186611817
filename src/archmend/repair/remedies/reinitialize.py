"""New weights for the whole network, or for its dormant units alone."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import keras
import numpy as np

from archmend.repair.blocks import Block, blocks_of, calls, consumers, inputs_of
from archmend.repair.constraints import Constraints
from archmend.repair.engine import DORMANT_SCORE
from archmend.repair.remedies.optimizers import matching_initializer, reset_moments
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom


def initialize(model: Any, bench: Bench) -> None:
    """Give every trainable kernel fresh weights that match its activation, and zero its bias."""
    for block in blocks_of(model):
        layer = model.get_layer(block.name)
        if layer.trainable_weights:
            start = matching_initializer(block.activation, bench.seed())
            layer.kernel.assign(start(layer.kernel.shape, dtype=layer.kernel.dtype))
            if layer.bias is not None:
                layer.bias.assign(np.zeros(layer.bias.shape))


class Reinitialize(Remedy):
    """Start all kernels again with the initialisation that matches each one's activation."""

    name: ClassVar[str] = "reinitialize"
    kind: ClassVar[Literal["parameters", "structure"]] = "parameters"

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """There is a kernel to start again."""
        return bool(blocks_of(model))

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Assign new weights in place."""
        initialize(model, bench)
        reset_moments(model)
        return model


class ReinitializeDormant(Remedy):
    """Recycle dormant units: new incoming weights, zero outgoing ones, moments reset (Sokar et al. 2023).

    Layers called more than once, and units whose outgoing weights do not stand in one dense kernel right
    after, are left alone.
    """

    name: ClassVar[str] = "reinitialize_dormant"
    kind: ClassVar[Literal["parameters", "structure"]] = "parameters"

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """Dead units are the symptom, and there are some whose outgoing weights can be found."""
        return symptom.name == "dying" and bool(_pairs(model))

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Recycle in place, by the activations on the bench's rows."""
        pairs = _pairs(model)
        ends = [model.get_layer(block.end).output for block, _ in pairs]
        activations = keras.Model(inputs_of(model), ends)(bench.x, training=False)
        found = [
            (*pair, _dormant(values))
            for pair, values in zip(pairs, keras.tree.flatten(activations), strict=True)
        ]
        for block, _, dormant in found:
            _renew_incoming(model.get_layer(block.name), dormant, block, bench)
        # After all the new weights, so that none of them speaks for a recycled unit of the layer before.
        for _, following, dormant in found:
            kernel = model.get_layer(following).kernel
            kernel.assign(np.where(dormant[:, None], 0.0, kernel.numpy()))
        reset_moments(model)
        return model


def _pairs(model: Any) -> list[tuple[Block, str]]:
    """Return the hidden dense blocks whose units feed exactly one dense kernel, and that kernel's layer."""
    used, followers = calls(model), consumers(model)
    found = []
    for block in blocks_of(model):
        after = followers[block.end]
        while len(after) == 1 and isinstance(model.get_layer(after[0]), keras.layers.Dropout):
            after = followers[after[0]]
        single = used[block.name] == used[block.end] == 1 and len(after) == 1 and used[after[0]] == 1
        layers = [model.get_layer(block.name), *(model.get_layer(name) for name in after)]
        if single and all(isinstance(x, keras.layers.Dense) and x.trainable_weights for x in layers):
            found.append((block, after[0]))
    return found


def _dormant(values: Any) -> np.ndarray:
    """Return which units have a ReDo score at or below the limit; all of a layer that is silent."""
    size: np.ndarray = np.abs(np.asarray(values)).mean(axis=0)
    return size <= DORMANT_SCORE * max(float(size.mean()), float(np.finfo(np.float32).tiny))


def _renew_incoming(layer: Any, dormant: np.ndarray, block: Block, bench: Bench) -> None:
    start = matching_initializer(block.activation, bench.seed())(layer.kernel.shape, dtype=layer.kernel.dtype)
    layer.kernel.assign(np.where(dormant, np.asarray(start), layer.kernel.numpy()))
    if layer.bias is not None:
        layer.bias.assign(np.where(dormant, 0.0, layer.bias.numpy()))
