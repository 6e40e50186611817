"""A hidden layer left out."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from archmend.repair.blocks import KERNEL_LAYERS, Block, calls, consumers
from archmend.repair.cloning import clone_of, rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.optimizers import matching_initializer
from archmend.repair.remedies.places import hidden_blocks
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom


class RemoveLayer(Remedy):
    """Take out a hidden layer with its normalisation and activation, so that the signal has a shorter way.

    The symptom's layer if it can go, else one whose inputs are as many as its outputs, the deepest first.
    The others keep their weights, but for a kernel that reads another number of units now.
    """

    name: ClassVar[str] = "remove_layer"
    kind: ClassVar[Literal["parameters", "structure"]] = "structure"

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """A hidden layer can go, and another one with an activation is left."""
        return _place(model, symptom, constraints) is not None

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Leave it out; a kernel whose shape changes starts again."""
        block = _place(model, symptom, bench.constraints)
        assert block is not None
        reader = _reader(model, block)
        if reader is None:
            return rebuild(model, without=block.parts)
        layer = model.get_layer(reader)
        start = matching_initializer("relu", bench.seed())
        fresh = clone_of(layer, kernel_initializer=start)
        return rebuild(model, without=block.parts, replace={reader: fresh})


def _place(model: Any, symptom: Symptom, constraints: Constraints) -> Block | None:
    used, hidden = calls(model), hidden_blocks(model, constraints)
    nonlinear = [block for block in hidden if block.activation != "linear"]
    found = []
    for block in reversed(hidden):
        once = all(used[name] == 1 for name in block.parts)
        spare = len([other for other in nonlinear if other is not block]) > 0
        if not (once and spare):
            continue
        if _same_shape(model, block) or (symptom.layer in block.parts and _fits(model, block, constraints)):
            found.append(block)
    named = [block for block in found if symptom.layer in block.parts]
    return next(iter(named or found), None)


def _same_shape(model: Any, block: Block) -> bool:
    return bool(model.get_layer(block.name).input.shape == model.get_layer(block.end).output.shape)


def _fits(model: Any, block: Block, constraints: Constraints) -> bool:
    """Whether only the kernel right after would read another number of units."""
    given = model.get_layer(block.name).input.shape
    made = model.get_layer(block.end).output.shape
    reader = _reader(model, block)
    alike = given[1:-1] == made[1:-1] and len(given) == len(made)
    return alike and reader is not None and reader not in constraints.frozen_in(model)


def _reader(model: Any, block: Block) -> str | None:
    """Return the kernel layer that alone reads the block and gets another shape without it."""
    if _same_shape(model, block):
        return None
    used, after = calls(model), consumers(model)[block.end]
    layers = {layer.name: layer for layer in model.layers}
    one = len(after) == 1 and isinstance(layers.get(after[0]), KERNEL_LAYERS) and used[after[0]] == 1
    return after[0] if one else None
