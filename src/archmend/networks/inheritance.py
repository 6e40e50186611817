"""Weights of one network as the start of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from archmend.networks.aligning import Mode
from archmend.networks.growing import grow
from archmend.networks.stages import Stage, Structure, placed, structure_of

if TYPE_CHECKING:
    import keras

Weights = Mapping[str, np.ndarray]
STRUCTURE = "structure"
"""Member of a model's weights that describes the network; the rest are arrays by place."""


@dataclass(frozen=True)
class Inheritance:
    """What a network took from another one.

    Attributes:
        share: of its weights.
        layers: how each layer began, by its place (a normalisation with the layer before it). `preserved`
            gives what the parent's layer gives for the same inputs; `copied` has of its weights what
            overlaps, or stands for it nearly; `fresh` has nothing of the parent.
        whole: whether the two are the same network, so that every value was taken as it is.
    """

    share: float
    layers: Mapping[str, Mode] = field(default_factory=dict)
    whole: bool = False

    @property
    def preserved(self) -> bool:
        """Whether the network now computes what its parent does, when it is not training."""
        return bool(self.layers) and set(self.layers.values()) == {"preserved"}

    @property
    def counts(self) -> dict[str, int]:
        """How many layers began in each way."""
        found = Counter(self.layers.values())
        return {mode: found[mode] for mode in ("preserved", "copied", "fresh")}


def weights_of(model: keras.Model) -> dict[str, np.ndarray]:
    """Return a model's weights by place, and what describes the network.

    A place is class and number of the layer (the last is the output) and number of the variable. It does not
    depend on layers' names, so that weights fit between networks that were made apart.
    """
    found = {name: variable.numpy() for name, variable in variables_of(model).items()}
    return {**found, STRUCTURE: structure_of(model).packed()}


def variables_of(model: Any) -> dict[str, Any]:
    """Return a model's weights by place, as variables."""
    return {
        f"{place}-{number}": variable
        for place, layer in placed(model)
        for number, variable in enumerate(layer.weights)
    }


def inherit(child: keras.Model, parent: keras.Model | Weights, *, seed: int = 0) -> Inheritance:
    """Start `child` from the weights of `parent`, and return what it took.

    The same network takes everything. A child that is wider or deeper begins as a network that computes the
    same as its parent (see `growing`); what cannot, takes the overlap and stays otherwise as it was
    initialised. So do networks that are no chain of dense layers and convolutions, layer by layer. Whatever
    the two are, the child is a network of its own shapes afterwards.

    Args:
        child: changed in place.
        parent: a model, or what `weights_of` returned of one.
        seed: of what is drawn where a layer grows.

    Raises:
        BadInput: the description among the parent's weights is damaged.
    """
    given = dict(parent) if isinstance(parent, Mapping) else weights_of(parent)
    packed = given.pop(STRUCTURE, None)
    theirs = None if packed is None else Structure.unpacked(packed)
    ours = structure_of(child)
    own = variables_of(child)
    shapes = {name: tuple(variable.shape) for name, variable in own.items()}
    whole = (
        theirs is not None
        and theirs.signature == ours.signature
        and all(name in given and given[name].shape == shape for name, shape in shapes.items())
    )
    modes: dict[str, Mode]
    if whole:
        arrays: dict[str, np.ndarray] = {name: given[name] for name in own}
        modes = {place: "preserved" for place, _ in placed(child)}
        if ours.stages is not None:
            modes = {stage.place: "preserved" for stage in ours.stages}
    elif theirs is not None and _can_grow(theirs.stages, given) and ours.stages is not None:
        assert theirs.stages is not None
        grown = grow(theirs.stages, given, ours.stages, shapes, seed)
        arrays, modes = grown.arrays, grown.modes
    else:
        arrays, modes = _overlapping(shapes, given)
    return Inheritance(_assign(own, arrays), modes, whole)


def _can_grow(stages: Sequence[Stage] | None, given: Weights) -> bool:
    """Whether all arrays of the stages are there."""
    if stages is None:
        return False
    needed = [f"{stage.place}-{i}" for stage in stages for i in range(2)]
    needed += [f"{stage.normalizer}-{i}" for stage in stages if stage.normalizer for i in range(4)]
    return all(name in given for name in needed)


def _overlapping(
    shapes: Mapping[str, tuple[int, ...]], given: Weights
) -> tuple[dict[str, np.ndarray], dict[str, Mode]]:
    """Return the slices that arrays of the same place share, and NaN beside them."""
    arrays: dict[str, np.ndarray] = {}
    modes: dict[str, Mode] = {}
    for name, shape in shapes.items():
        place = name.rpartition("-")[0]
        modes.setdefault(place, "fresh")
        other = given.get(name)
        if other is None or other.ndim != len(shape):
            continue
        overlap = tuple(slice(0, min(a, b)) for a, b in zip(shape, other.shape, strict=True))
        made = np.full(shape, np.nan)
        made[overlap] = other[overlap]
        arrays[name], modes[place] = made, "copied"
    return arrays, modes


def _assign(own: Mapping[str, Any], arrays: Weights) -> float:
    """Set the variables where there is something to set, and return which share of all that is."""
    taken = total = 0
    for name, variable in own.items():
        before = variable.numpy()
        total += before.size
        given = arrays.get(name)
        if given is None:
            continue
        held = np.isfinite(given)
        variable.assign(np.where(held, given, before).astype(before.dtype))
        taken += int(held.sum())
    return taken / total if total else 0.0
