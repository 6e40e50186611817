"""More dropout, or less."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import keras

from archmend.repair.blocks import consumers
from archmend.repair.cloning import clone_of, rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.places import free_name, hidden_blocks
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

RATE = 0.3
"""Share of units left out; also the highest that the built-in space `fc` offers."""
HIGHEST_KEPT = 0.25
"""A rate that is lowered goes to this or to half of it, whichever is less."""
NEGLIGIBLE = 0.05
KINDS = (
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
)


class Dropout(Remedy):
    """Leave out 30 % of each hidden dense layer's units in training (Srivastava et al. 2014)."""

    name: ClassVar[str] = "dropout"
    kind: ClassVar[Literal["parameters", "structure"]] = "structure"
    keeps_function = True

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """A hidden dense layer lacks dropout, or has less."""
        replace, after = _edits(model, constraints)
        return bool(replace or after)

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Insert the missing dropout layers and raise the rates that are lower."""
        replace, after = _edits(model, bench.constraints)
        made: dict[str, list[Any]] = {}
        for name in after:
            policy, own = model.get_layer(name).dtype_policy, free_name(model, f"{name}_dropout")
            made[name] = [keras.layers.Dropout(RATE, seed=bench.seed(), name=own, dtype=policy)]
        lower = {name: clone_of(model.get_layer(name), rate=RATE) for name in replace}
        return rebuild(model, replace=lower, after=made)


class LowerDropout(Remedy):
    """Leave out at most half as many units, and a quarter at most; rates of a few per cent end."""

    name: ClassVar[str] = "lower_dropout"
    kind: ClassVar[Literal["parameters", "structure"]] = "structure"
    keeps_function = True

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """A layer drops something."""
        return bool(_dropping(model, constraints))

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Lower all rates."""
        lower = {}
        for layer in _dropping(model, bench.constraints):
            rate = min(layer.rate / 2, HIGHEST_KEPT)
            lower[layer.name] = clone_of(layer, rate=rate if rate >= NEGLIGIBLE else 0.0)
        return rebuild(model, replace=lower)


def _dropping(model: Any, constraints: Constraints) -> list[Any]:
    frozen = constraints.frozen_in(model)
    return [x for x in model.layers if isinstance(x, KINDS) and x.rate > 0 and x.name not in frozen]


def _edits(model: Any, constraints: Constraints) -> tuple[list[str], list[str]]:
    """Return the dropout layers whose rate is to rise, and the layers that are to get one."""
    followers, layers = consumers(model), {layer.name: layer for layer in model.layers}
    frozen = constraints.frozen_in(model)
    replace, after = [], []
    for block in hidden_blocks(model, constraints):
        if not isinstance(layers[block.name], keras.layers.Dense):
            continue
        found = [layers[n] for n in followers[block.end] if isinstance(layers.get(n), KINDS)]
        replace += [layer.name for layer in found if layer.rate < RATE and layer.name not in frozen]
        # A block that ends in its own dropout has one, though nothing with a name of it follows.
        inside = [layers[n] for n in block.parts if isinstance(layers[n], KINDS)]
        replace += [layer.name for layer in inside if layer.rate < RATE]
        if not found and not inside:
            after.append(block.end)
    return list(dict.fromkeys(replace)), list(dict.fromkeys(after))
