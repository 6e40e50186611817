"""Hidden layers that are narrower than the network is deep, made wider."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import keras

from archmend.repair.blocks import blocks_of
from archmend.repair.cloning import clone_of, rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.initializing import initialize
from archmend.repair.remedies.optimizers import reset_moments
from archmend.repair.remedies.widen import WidthPath, width_paths
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

LEAST = 8
"""Units of any such layer. Of eight draws of four layers of 5 units one never learned two circles, and the
median took 42 epochs to 0.8; with 8 units all did, in 24."""


class WidenToDepth(Remedy):
    """As many units in every hidden dense layer as there are layers, 8 at least, and all weights start again.

    What a signal gains or loses by chance on its way grows with depth over width (Hanin, NeurIPS 2018;
    Roberts, Yaida and Hanin 2022): above 1 it is luck whether a draw of weights can be trained.
    """

    name: ClassVar[str] = "widen_to_depth"
    kind: ClassVar[Literal["parameters", "structure"]] = "structure"

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """Some hidden dense layer that feeds another one has fewer units than that."""
        return bool(_narrow(model, constraints))

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Widen them all; what reads them is made anew."""
        narrow, units = _narrow(model, bench.constraints), _units(model)
        renewed = {n for path in narrow for n in (*path.normalizations, path.following)}
        replace = {name: clone_of(model.get_layer(name)) for name in renewed}
        replace |= {path.layer: clone_of(model.get_layer(path.layer), units=units) for path in narrow}
        edited = rebuild(model, replace=replace)
        initialize(edited, bench)
        reset_moments(edited)
        return edited


def _narrow(model: Any, constraints: Constraints) -> list[WidthPath]:
    units = _units(model)
    layers = [(path, model.get_layer(path.layer)) for path in width_paths(model, constraints)]
    return [path for path, x in layers if isinstance(x, keras.layers.Dense) and x.units < units]


def _units(model: Any) -> int:
    """Return how many layers with a kernel come before the output, at least `LEAST`."""
    return max(LEAST, sum(not block.output for block in blocks_of(model)))
