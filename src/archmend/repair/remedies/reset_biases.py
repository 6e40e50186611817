"""Biases back to zero."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from archmend.repair.constraints import Constraints
from archmend.repair.remedies.optimizers import forget
from archmend.repair.remedies.places import open_blocks
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom


class ResetBiases(Remedy):
    """Set biases to zero, so that about half of the rows reach each rectified unit again.

    A unit whose bias has run far below its weighted inputs is dead on every row (Lu et al. 2020); its
    weights are kept. The symptom's layer alone where its bias is not zero, else all hidden ones.
    """

    name: ClassVar[str] = "reset_biases"
    kind: ClassVar[Literal["parameters", "structure"]] = "parameters"

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """A bias is not zero."""
        return bool(_places(model, symptom, constraints))

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Assign zeros in place."""
        biases = [model.get_layer(name).bias for name in _places(model, symptom, bench.constraints)]
        for bias in biases:
            bias.assign(np.zeros(bias.shape))
        forget(model, {id(bias): True for bias in biases})
        return model


def _places(model: Any, symptom: Symptom, constraints: Constraints) -> list[str]:
    shifted = {
        block.name: block.output
        for block in open_blocks(model, constraints)
        if model.get_layer(block.name).bias is not None and np.any(model.get_layer(block.name).bias.numpy())
    }
    if symptom.layer in shifted:
        return [symptom.layer]
    return [name for name, output in shifted.items() if not output]
