"""A residual branch that starts as nothing."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import keras

from archmend.repair.blocks import Block, blocks_of, calls
from archmend.repair.cloning import rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.optimizers import matching_initializer
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom


class Residual(Remedy):
    """Add to a hidden layer's output a small branch of it whose last kernel is zero.

    After He et al. 2016 and, for the zero start, Zhang et al. 2019. The function is kept at
    first; a Sequential model becomes a Functional one.
    """

    name: ClassVar[str] = "residual"
    kind: ClassVar[Literal["parameters", "structure"]] = "structure"
    keeps_function = True

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """A hidden dense layer can take a branch."""
        return _place(model) is not None

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Bridge the deepest such layer."""
        block = _place(model)
        assert block is not None
        units = model.get_layer(block.name).units
        activation = "relu" if block.activation == "linear" else block.activation
        start = matching_initializer(activation, bench.seed())
        branch = [
            keras.layers.Dense(
                units, activation=activation, kernel_initializer=start, name=f"{block.end}_branch_in"
            ),
            keras.layers.Dense(units, kernel_initializer="zeros", name=f"{block.end}_branch_out"),
        ]
        return rebuild(model, branch={block.end: branch})


def _place(model: Any) -> Block | None:
    """Return the deepest hidden dense block that has no branch yet."""
    used, names = calls(model), {layer.name for layer in model.layers}
    for block in reversed(blocks_of(model)):
        dense = isinstance(model.get_layer(block.name), keras.layers.Dense)
        plain = block.activation in ("relu", "elu", "selu", "tanh", "gelu", "silu", "leaky_relu", "linear")
        free = used[block.end] == 1 and f"{block.end}_branch_in" not in names and "_branch_" not in block.name
        if dense and plain and free and not block.output:
            return block
    return None
