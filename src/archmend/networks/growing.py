"""A child's weights made of its parent's: what grows computes the same, what does not takes what overlaps.

Net2Net (Chen, Goodfellow, Shlens, 2016). A unit that is added is a copy of one that is there, and the weights
that read the copies are shares of those that read the original: their sum is the same, and each is drawn
at random for every weight, so that the copies part. (One share a unit would not do under Adam, which divides
a gradient by its own size.) A layer that is added hands on what it gets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from archmend.networks.aligning import LEAST, LINEAR_ABOVE, Mode, Step, align
from archmend.networks.stages import Stage

Arrays = Mapping[str, np.ndarray]
_GENTLE = 0.5
"""How far an activation that is nowhere linear is driven where it shall hand on what it gets."""


@dataclass(frozen=True)
class Grown:
    """What became of a child's stages.

    Attributes:
        arrays: by place; NaN where nothing was inherited.
        modes: by place of the stage's kernel.
    """

    arrays: dict[str, np.ndarray]
    modes: dict[str, Mode]


@dataclass(frozen=True)
class _Carried:
    """What flows between two of the child's stages, in terms of the parent.

    Attributes:
        origin: for each unit of the child the parent's, -1 for none.
        units: how many the parent has. source: place of the stage that they are of, -1 for the rows.
        grid: of the child's values, and `parent_grid` of the parent's; None where they are flat.
        shift, gain: the child's value is the parent's x gain + shift.
        moments: mean and variance of the parent's units, each (units,), as far as that is known.
    """

    origin: np.ndarray
    units: int
    source: int
    grid: tuple[int, int] | None = None
    parent_grid: tuple[int, int] | None = None
    shift: float = 0.0
    gain: float = 1.0
    moments: tuple[np.ndarray, np.ndarray] | None = None

    def reaches(self, source: int) -> bool:
        """Whether it has something of the parent's stage `source`."""
        return self.source == source and bool((self.origin >= 0).any())

    @property
    def whole(self) -> bool:
        """Whether all of the parent's units are there, nothing else, and at the same places."""
        there = bool((self.origin >= 0).all()) and len(np.unique(self.origin)) == self.units
        return there and self.grid == self.parent_grid


def grow(
    parent: Sequence[Stage],
    given: Arrays,
    child: Sequence[Stage],
    shapes: Mapping[str, tuple[int, ...]],
    seed: int,
) -> Grown:
    """Return the child's weights as far as they come from the parent.

    Args:
        parent: its stages.
        given: its arrays, by place and number of the variable.
        child: its stages.
        shapes: of its arrays, likewise.
        seed: of what is drawn: which units are doubled, and the shares.
    """
    return _Growth(parent, given, child, shapes, np.random.default_rng(seed)).made()


class _Growth:
    def __init__(
        self,
        parent: Sequence[Stage],
        given: Arrays,
        child: Sequence[Stage],
        shapes: Mapping[str, tuple[int, ...]],
        rng: np.random.Generator,
    ) -> None:
        self._parent, self._given, self._child = parent, given, child
        self._shapes, self._rng = shapes, rng
        self._grown = Grown({}, {})

    def made(self) -> Grown:
        first, own = self._child[0].place, self._parent[0].place
        inputs, held = self._shapes[f"{first}-0"][-2], self._given[f"{own}-0"].shape[-2]
        rows = np.arange(inputs)
        carried = _Carried(np.where(rows < held, rows, -1), held, -1)
        for step, stage in zip(align(self._parent, self._child), self._child, strict=True):
            make = {"match": self._matched, "identity": self._identity, "mirror": self._mirrored}
            carried = make[step.role](stage, step, carried) if step.role in make else self._fresh(stage)
        return self._grown

    def _matched(self, stage: Stage, step: Step, carried: _Carried) -> _Carried:
        source = self._parent[step.source]
        kernel, bias = (self._given[f"{source.place}-{i}"] for i in range(2))
        norm = None
        if source.normalizer is not None:
            norm = [self._given[f"{source.normalizer}-{i}"] for i in range(4)]
            norm[3] = norm[3] + source.epsilon
        if step.source == len(self._parent) - 1 and carried.source == step.source:  # behind a mirror
            units = kernel.shape[-1]
            kernel, bias = np.concatenate([np.eye(units), -np.eye(units)]), np.zeros(units)
        elif not carried.reaches(step.source - 1):
            return self._fresh(stage)
        if norm is not None and stage.normalizer is None:
            scale = norm[0] / np.sqrt(norm[3])
            kernel, bias, norm = kernel * scale, (bias - norm[2]) * scale + norm[1], None
        units = kernel.shape[-1]
        origin = self._units_for(stage.units, units)
        spread = _spread(kernel)
        self._put(stage, self._reading(stage, kernel[..., origin], carried), bias[origin], carried)
        if stage.normalizer is not None:
            if norm is None:  # what the parent does not normalise, by its own mean and a guess of its spread
                deviation = np.sqrt(np.maximum(spread, 1e-6))
                norm = [deviation, bias, bias, np.square(deviation)]
            self._normalize(stage, [part[origin] for part in norm])
        self._grown.modes[stage.place] = "preserved" if step.exact and carried.whole else "copied"
        moments = _moments(norm[1], norm[0], source.activation) if norm is not None else None
        return _Carried(origin, units, step.source, stage.grid, source.grid, moments=moments)

    def _identity(self, stage: Stage, step: Step, carried: _Carried) -> _Carried:
        if not carried.reaches(step.source):
            return self._fresh(stage)
        before = self._parent[step.source].activation
        if stage.kind == "dense":
            carried = _flattened(carried)
        there = np.unique(carried.origin[carried.origin >= 0])
        origin = there[self._units_for(stage.units, len(there))]
        exact = step.exact and carried.whole
        bound = LINEAR_ABOVE.get(stage.activation, 0.0)
        shift = 0.0
        if bound is not None and stage.kind == "dense" and stage.activation in LINEAR_ABOVE:
            shift = max(0.0, bound - LEAST.get(before, 0.0))
        drive = 1.0 if stage.activation in LINEAR_ABOVE else _GENTLE
        eye: np.ndarray = np.zeros((carried.units, len(origin)))
        eye[origin, np.arange(len(origin))] = drive
        kernel = eye
        if stage.kind == "conv":
            kernel = np.zeros((stage.size, stage.size, *eye.shape))
            middle = (stage.size - 1) // 2
            kernel[middle, middle] = eye
        self._put(stage, self._reading(stage, kernel, carried), np.full(len(origin), shift), carried)
        mean, variance = carried.moments or (np.zeros(carried.units), np.ones(carried.units))
        if stage.normalizer is not None:
            mean, deviation = drive * mean[origin] + shift, drive * np.sqrt(variance[origin])
            self._normalize(stage, [deviation, mean, mean, np.square(deviation)])
        self._grown.modes[stage.place] = "preserved" if exact else "copied"
        return replace(
            carried,
            origin=origin,
            grid=stage.grid,
            shift=shift,
            gain=1.0 if drive == 1.0 else float(np.tanh(drive)),
        )

    def _mirrored(self, stage: Stage, step: Step, carried: _Carried) -> _Carried:
        source = self._parent[step.source]
        kernel, bias = (self._given[f"{source.place}-{i}"] for i in range(2))
        if not carried.reaches(step.source - 1):
            return self._fresh(stage)
        kernel, bias = np.concatenate([kernel, -kernel], axis=-1), np.concatenate([bias, -bias])
        origin = self._units_for(stage.units, len(bias))
        self._put(stage, self._reading(stage, kernel[..., origin], carried), bias[origin], carried)
        if stage.normalizer is not None:
            deviation = np.sqrt(np.maximum(_spread(kernel), 1e-6))
            self._normalize(stage, [part[origin] for part in (deviation, bias, bias, np.square(deviation))])
        self._grown.modes[stage.place] = "preserved" if carried.whole else "copied"
        return _Carried(origin, len(bias), step.source)

    def _fresh(self, stage: Stage) -> _Carried:
        for place in (stage.place, stage.normalizer):
            for name, shape in self._shapes.items():
                if place is not None and name.rpartition("-")[0] == place:
                    self._grown.arrays[name] = np.full(shape, np.nan)
        self._grown.modes[stage.place] = "fresh"
        return _Carried(np.full(stage.units, -1), 0, -2, stage.grid)

    def _units_for(self, wanted: int, there: int) -> np.ndarray:
        """Return which of the parent's units each unit of the child is: all, then copies of some."""
        more = max(0, wanted - there)
        copies = self._rng.choice(there, more, replace=more > there) if more else np.arange(0)
        return np.concatenate([np.arange(min(wanted, there)), copies])

    def _reading(self, stage: Stage, kernel: np.ndarray, carried: _Carried) -> np.ndarray:
        """Return a kernel of the parent's inputs as one of the child's, NaN for those that are not known."""
        if stage.kind == "conv":
            return self._shared(_resized(kernel, stage.size), carried) / carried.gain
        if carried.parent_grid is None and carried.grid is None:
            return self._shared(kernel, carried) / carried.gain
        parent_grid, grid = carried.parent_grid or (1, 1), carried.grid or (1, 1)
        cells = kernel.reshape(*parent_grid, -1, kernel.shape[-1])
        read = self._shared(_regridded(cells, grid), carried) / carried.gain
        return read.reshape(-1, kernel.shape[-1])

    def _shared(self, kernel: np.ndarray, carried: _Carried) -> np.ndarray:
        """Divide the weights that read each of the parent's units among the units that it is in the child."""
        origin = carried.origin
        *cells, _, outputs = kernel.shape
        known = np.flatnonzero(origin >= 0)
        made = np.full((*cells, len(origin), outputs), np.nan)
        if len(np.unique(origin[known])) == len(known):
            made[..., known, :] = kernel[..., origin[known], :]
            return made
        drawn = self._rng.uniform(0.5, 1.5, (*cells, len(known), outputs))
        sums = np.zeros(kernel.shape)
        reads: Any = (..., origin[known], slice(None))
        np.add.at(sums, reads, drawn)
        made[..., known, :] = kernel[reads] * (drawn / sums[reads])
        return made

    def _put(self, stage: Stage, kernel: np.ndarray, bias: np.ndarray, carried: _Carried) -> None:
        if carried.shift:
            bias = bias - carried.shift * np.nansum(kernel, axis=tuple(range(kernel.ndim - 1)))
        self._grown.arrays[f"{stage.place}-0"] = kernel
        self._grown.arrays[f"{stage.place}-1"] = bias

    def _normalize(self, stage: Stage, parts: Sequence[np.ndarray]) -> None:
        """Set scale, offset, mean and variance; the variance is given with the epsilon in it."""
        scale, offset, mean, variance = parts
        # Below the layer's own epsilon no variance is left to it, so the scale makes up for that.
        kept = np.maximum(variance - stage.epsilon, 0.0)
        scale = scale * np.sqrt((kept + stage.epsilon) / variance)
        for number, part in enumerate((scale, offset, mean, kept)):
            self._grown.arrays[f"{stage.normalizer}-{number}"] = part


def _flattened(carried: _Carried) -> _Carried:
    """Return what a Flatten makes of it: each cell of each unit is a unit."""
    if carried.grid is None or carried.parent_grid is None:
        return carried
    rows, columns = (
        np.arange(here) * there // here for here, there in zip(carried.grid, carried.parent_grid, strict=True)
    )
    cell = (rows[:, None] * carried.parent_grid[1] + columns[None, :])[..., None]
    origin = np.where(carried.origin >= 0, cell * carried.units + carried.origin, -1).ravel()
    cells = carried.parent_grid[0] * carried.parent_grid[1]
    moments = carried.moments
    if moments is not None:
        moments = (np.tile(moments[0], cells), np.tile(moments[1], cells))
    return replace(
        carried, origin=origin, units=carried.units * cells, grid=None, parent_grid=None, moments=moments
    )


def _resized(kernel: np.ndarray, size: int) -> np.ndarray:
    """Return a convolution's kernel cut to a size or with zeros around it."""
    there = kernel.shape[0]
    if there >= size:
        first = (there - 1) // 2 - (size - 1) // 2
        return kernel[first : first + size, first : first + size]
    before = (size - 1) // 2 - (there - 1) // 2
    margin = (before, size - there - before)
    return np.pad(kernel, (margin, margin, (0, 0), (0, 0)))


def _regridded(kernel: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Return weights that read a grid of cells as weights of a coarser or finer one, sums being the same."""
    rows, columns = (_cells(there, here) for there, here in zip(kernel.shape[:2], grid, strict=True))
    return np.einsum("yY,xX,YXio->yxio", rows, columns, kernel)


def _cells(there: int, here: int) -> np.ndarray:
    """Return (here, there): which share of each cell's weight goes to which."""
    shares = np.zeros((here, there))
    if here <= there:
        shares[np.arange(there) * here // there, np.arange(there)] = 1.0
    else:
        nearest = np.arange(here) * there // here
        shares[np.arange(here), nearest] = 1.0
        shares /= shares.sum(axis=0, keepdims=True)
    return shares


def _spread(kernel: np.ndarray) -> np.ndarray:
    """Return the variance of each output if the inputs were independent and of second moment one."""
    return np.asarray(np.square(kernel).sum(axis=tuple(range(kernel.ndim - 1))))


def _moments(offset: np.ndarray, scale: np.ndarray, activation: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Return mean and variance behind an activation of what a normalisation makes, taken as normal."""
    functions: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
        "relu": lambda z: np.maximum(z, 0.0),
        "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0.0))),
        "tanh": np.tanh,
    }
    if activation not in functions:
        return None
    nodes, weights = np.polynomial.hermite_e.hermegauss(32)
    values = functions[activation](offset[:, None] + scale[:, None] * nodes)
    weights = weights / weights.sum()
    mean = values @ weights
    return mean, np.maximum(np.square(values) @ weights - np.square(mean), 1e-6)
