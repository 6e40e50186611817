"""Dropout behind the hidden dense layers."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import keras

from archmend.repair.blocks import blocks_of, consumers
from archmend.repair.cloning import clone_of, rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

RATE = 0.3
"""Share of units left out; also the highest that the built-in space `fc` offers."""


class Dropout(Remedy):
    """Leave out 30 % of each hidden dense layer's units in training (Srivastava et al. 2014)."""

    name: ClassVar[str] = "dropout"
    kind: ClassVar[Literal["parameters", "structure"]] = "structure"
    keeps_function = True

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """A hidden dense layer lacks dropout, or has less."""
        replace, after = _edits(model)
        return bool(replace or after)

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Insert the missing dropout layers and raise the rates that are lower."""
        replace, after = _edits(model)
        return rebuild(
            model,
            replace={name: clone_of(model.get_layer(name), rate=RATE) for name in replace},
            after={
                name: [keras.layers.Dropout(RATE, seed=bench.seed(), name=f"{name}_dropout")]
                for name in after
            },
        )


def _edits(model: Any) -> tuple[list[str], list[str]]:
    """Return the dropout layers whose rate is to rise, and the layers that are to get one."""
    followers = consumers(model)
    replace, after = [], []
    for block in blocks_of(model):
        if block.output or not isinstance(model.get_layer(block.name), keras.layers.Dense):
            continue
        found = [
            model.get_layer(n)
            for n in followers[block.end]
            if isinstance(model.get_layer(n), keras.layers.Dropout)
        ]
        replace += [layer.name for layer in found if layer.rate < RATE]
        if not found:
            after.append(block.end)
    return replace, list(dict.fromkeys(after))
