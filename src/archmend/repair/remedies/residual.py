"""A residual branch that starts as nothing."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from archmend.repair.blocks import Block, calls
from archmend.repair.cloning import rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.optimizers import matching_initializer
from archmend.repair.remedies.places import SPAN, free_name, hidden_blocks, same_size
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

_ALIVE = ("relu", "elu", "selu", "tanh", "gelu", "silu", "leaky_relu", "softsign")
"""Activations that the branch may have; others' blocks get a ReLU in theirs."""


class Residual(Remedy):
    """Add to a hidden layer's output a small branch of it whose last kernel is zero.

    After He et al. 2016 and, for the zero start, Zhang et al. 2019. The function is kept at
    first; a Sequential model becomes a Functional one. The symptom's layer, else the deepest one.
    """

    name: ClassVar[str] = "residual"
    kind: ClassVar[Literal["parameters", "structure"]] = "structure"
    keeps_function = True

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """A hidden layer can take a branch, and there is room for its weights."""
        return _place(model, symptom, constraints) is not None

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Bridge that layer."""
        block = _place(model, symptom, bench.constraints)
        assert block is not None
        layer = model.get_layer(block.name)
        activation = block.activation if block.activation in _ALIVE else "relu"
        start = matching_initializer(activation, bench.seed())
        first = free_name(model, f"{block.end}_branch_in")
        last = free_name(model, f"{block.end}_branch_out")
        branch = [
            same_size(layer, activation=activation, kernel_initializer=start, name=first),
            same_size(layer, kernel_initializer="zeros", name=last),
        ]
        return rebuild(model, branch={block.end: branch})


def _place(model: Any, symptom: Symptom, constraints: Constraints) -> Block | None:
    """Return the hidden block to bridge: one that has no branch yet and is none."""
    used, names = calls(model), {layer.name for layer in model.layers}
    room = constraints.room(model)
    found = [
        block
        for block in reversed(hidden_blocks(model, constraints))
        if used[block.end] == 1
        and f"{block.end}_branch_in" not in names
        and "_branch_" not in block.name
        and block.activation != "softmax"
        and _weights(model.get_layer(block.name)) <= room
    ]
    named = [block for block in found if symptom.layer in block.parts]
    return next(iter(named or found), None)


def _weights(layer: Any) -> int:
    """Return the weights of a branch of a layer."""
    units, places = layer.kernel.shape[-1], np.prod([SPAN] * (len(layer.kernel.shape) - 2), dtype=int)
    return int(2 * (places * units * units + units))
