"""One layer started again so that its signal has variance 1."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import keras
import numpy as np

from archmend.repair.blocks import calls, inputs_of
from archmend.repair.cloning import clone_of
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.optimizers import forget
from archmend.repair.remedies.places import open_blocks
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

ROUNDS = 10
TOLERANCE = 0.1
"""The paper's own: how often a kernel is scaled at most, and how near to 1 its variance has to come."""


class ReinitializeLayer(Remedy):
    """Orthonormal weights, scaled until the layer's outputs have variance 1 on training rows.

    Layer-sequential unit-variance initialisation (Mishkin and Matas, ICLR 2016), of the symptom's layer, or
    of all kernels in their order where the symptom names none that can be.
    """

    name: ClassVar[str] = "reinitialize_layer"
    kind: ClassVar[Literal["parameters", "structure"]] = "parameters"

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """There is a kernel layer that is called once."""
        return bool(_places(model, symptom, constraints))

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Assign new weights in place."""
        where = {}
        for name in _places(model, symptom, bench.constraints):
            layer = model.get_layer(name)
            start = keras.initializers.Orthogonal(seed=bench.seed())
            layer.kernel.assign(start(layer.kernel.shape, dtype=layer.kernel.dtype))
            if layer.bias is not None:
                layer.bias.assign(np.zeros(layer.bias.shape))
            _scale(model, layer, bench.x)
            where.update({id(variable): True for variable in layer.trainable_variables})
        forget(model, where)
        return model


def _places(model: Any, symptom: Symptom, constraints: Constraints) -> list[str]:
    used = calls(model)
    names = [
        block.name
        for block in open_blocks(model, constraints)
        if used[block.name] == 1 and model.get_layer(block.name).trainable_weights
    ]
    return [symptom.layer] if symptom.layer in names else names


def _scale(model: Any, layer: Any, x: Any) -> None:
    """Divide the kernel by its outputs' deviation until that is 1; a silent input is left alone."""
    given = keras.Model(inputs_of(model), layer.input)(x, training=False)
    # The variance is of what enters the activation, so a twin without one is asked.
    twin = clone_of(layer, activation="linear", kernel_regularizer=None, activity_regularizer=None)
    twin.build(layer.input.shape)
    for _ in range(ROUNDS):
        for here, value in zip(twin.weights, layer.weights, strict=True):
            here.assign(value)
        variance = float(np.var(np.asarray(twin(given), dtype="float64")))
        if not np.isfinite(variance) or variance < 1e-12 or abs(variance - 1) < TOLERANCE:
            return
        layer.kernel.assign(layer.kernel.numpy() / np.sqrt(variance))
