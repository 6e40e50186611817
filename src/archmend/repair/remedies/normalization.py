"""A normalisation between each hidden kernel and its activation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal

import keras

from archmend.repair.blocks import Block
from archmend.repair.cloning import clone_of, rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.places import free_name, hidden_blocks
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom


class _Normalize(Remedy):
    kind: ClassVar[Literal["parameters", "structure"]] = "structure"
    made: ClassVar[Callable[..., Any]]

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """A hidden activation gets what nothing normalises, and there is room for scale and offset."""
        bare = _bare(model, constraints)
        units = sum(model.get_layer(block.name).kernel.shape[-1] for block in bare)
        return bool(bare) and 2 * units <= constraints.room(model)

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Insert one before each such activation; a fused activation gets a layer of its own."""
        replace: dict[str, Any] = {}
        after: dict[str, list[Any]] = {}
        for block in _bare(model, bench.constraints):
            layer = model.get_layer(block.name)
            first = getattr(layer, "data_format", None) == "channels_first"
            after[block.name] = [
                type(self).made(
                    axis=1 if first else -1,
                    name=free_name(model, f"{block.name}_normalization"),
                    dtype=layer.dtype_policy,
                )
            ]
            if block.end == block.name:
                replace[block.name] = clone_of(layer, activation="linear")
                # The activation moves into a layer of its own, behind the normalisation.
                name = free_name(model, f"{block.name}_activation")
                after[block.name].append(
                    keras.layers.Activation(layer.activation, name=name, dtype=layer.dtype_policy)
                )
        return rebuild(model, replace=replace, after=after)


class BatchNormalization(_Normalize):
    """Normalise what enters each hidden activation over the batch (Ioffe and Szegedy 2015)."""

    name: ClassVar[str] = "batch_normalization"
    made: ClassVar[Callable[..., Any]] = keras.layers.BatchNormalization


class LayerNormalization(_Normalize):
    """Normalise what enters each hidden activation over a row's units (Ba et al. 2016), batch or not."""

    name: ClassVar[str] = "layer_normalization"
    made: ClassVar[Callable[..., Any]] = keras.layers.LayerNormalization


def _bare(model: Any, constraints: Constraints) -> list[Block]:
    """The hidden blocks with an activation and nothing that normalises."""
    return [b for b in hidden_blocks(model, constraints) if not (b.normalized or b.activation == "linear")]
