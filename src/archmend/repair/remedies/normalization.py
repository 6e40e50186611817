"""Batch normalisation between each hidden kernel and its activation."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import keras

from archmend.repair.blocks import Block, blocks_of
from archmend.repair.cloning import clone_of, rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom


class BatchNormalization(Remedy):
    """Normalise what enters each hidden activation (Ioffe and Szegedy 2015)."""

    name: ClassVar[str] = "batch_normalization"
    kind: ClassVar[Literal["parameters", "structure"]] = "structure"

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """A hidden activation gets what nothing normalises."""
        return bool(_bare(model))

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Insert a normalisation before each such activation; a fused activation gets a layer of its own."""
        replace: dict[str, Any] = {}
        after: dict[str, list[Any]] = {}
        for block in _bare(model):
            after[block.name] = [keras.layers.BatchNormalization(name=f"{block.name}_normalization")]
            if block.end == block.name and block.activation != "linear":
                layer = model.get_layer(block.name)
                replace[block.name] = clone_of(layer, activation="linear")
                # The activation moves into a layer of its own, behind the normalisation.
                after[block.name].append(
                    keras.layers.Activation(layer.activation, name=f"{block.name}_activation")
                )
        return rebuild(model, replace=replace, after=after)


def _bare(model: Any) -> list[Block]:
    """The hidden blocks with an activation and nothing that normalises."""
    return [b for b in blocks_of(model) if not (b.output or b.normalized or b.activation == "linear")]
