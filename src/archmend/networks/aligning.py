"""Which layer of a parent each layer of its child goes on from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from archmend.networks.stages import Stage

Role = Literal["match", "identity", "mirror", "fresh"]
Mode = Literal["preserved", "copied", "fresh"]
Grid = tuple[int, int] | None
LINEAR_ABOVE: dict[str, float | None] = {"linear": None, "relu": 0.0, "elu": 0.0}
"""Activations that give back what is above a bound; None where they give back everything."""
LEAST: dict[str, float] = {"relu": 0.0, "elu": -1.0, "tanh": -1.0}
"""The least that an activation gives."""
NEARLY = ("tanh", "relu", "elu", "linear")
"""Activations that hand on well enough what they get, if it is small."""
_DROPPED, _FRESH, _NEARLY, _MIRROR = 2.0, 3.0, 1.5, 0.25


@dataclass(frozen=True)
class Step:
    """What a child's stage is made of.

    Attributes:
        role: `match` takes the parent's stage `source`; `identity` hands on what the parent's stage
            `source` gives; `mirror` gives the parent's output layer twice, with both signs, so that a
            rectifier loses nothing; `fresh` has no counterpart.
        source: place in the parent's stages.
        exact: whether the stage can give exactly what its source gives, if its inputs are the parent's.
    """

    role: Role
    source: int
    exact: bool


def align(parent: Sequence[Stage], child: Sequence[Stage]) -> list[Step]:
    """Return one step a stage of the child, such that as many as can be are exact.

    Both orders are kept, and the output layer goes on from the output layer. Of the parent only the last
    hidden stages are left out: weights that read something else than they were trained on stand for nothing.
    The cheapest alignment is found by dynamic programming over the hidden stages.
    """
    last = len(parent) - 1
    best: dict[tuple[int, int], tuple[float, list[Step]]] = {(0, 0): (0.0, [])}

    def offer(key: tuple[int, int], cost: float, steps: list[Step]) -> None:
        if key not in best or cost < best[key][0] - 1e-9:
            best[key] = (cost, steps)

    for k in range(len(child)):
        for i in range(len(parent)):
            if (k, i) not in best:
                continue
            cost, steps = best[k, i]
            if k == len(child) - 1:
                if i < last:
                    offer((k, i + 1), cost + _DROPPED, steps)
                continue
            if i < last and child[k].kind == parent[i].kind:
                exact, lacking = _match(parent[i], child[k])
                offer((k + 1, i + 1), cost + (0 if exact else 1 + lacking), [*steps, Step("match", i, exact)])
            grid_before = child[k - 1].grid if k else None
            for step, price in _inserted(parent, child, k, i, grid_before):
                offer((k + 1, i), cost + price, [*steps, step])
    _, steps = best[len(child) - 1, last]
    exact = child[-1].kind == parent[-1].kind and _match(parent[-1], child[-1])[0]
    return [*steps, Step("match", last, exact and child[-1].units == parent[-1].units)]


def _match(parent: Stage, child: Stage) -> tuple[bool, float]:
    """Return whether the child's stage can be the parent's or more, and which share of units it lacks."""
    alike = (
        parent.activation == child.activation
        and parent.stride == child.stride
        and parent.pool == child.pool
        and parent.grid == child.grid
        and _fits(parent, child)
    )
    return alike and child.units >= parent.units, 1 - min(parent.units, child.units) / parent.units


def _fits(parent: Stage, child: Stage) -> bool:
    """Whether the parent's kernel has a place in the child's where it reads the same cells.

    Padding goes by the size, and is not even where that is; with a stride above the size there is none.
    """
    larger = child.size > parent.size and (child.size - parent.size) % 2 == 0
    return child.size == parent.size or (larger and parent.size >= parent.stride)


def _inserted(
    parent: Sequence[Stage], child: Sequence[Stage], k: int, i: int, grid_before: tuple[int, int] | None
) -> list[tuple[Step, float]]:
    """Return what a stage can be that stands between what came of the parent's stages `i - 1` and `i`."""
    stage, found = child[k], [(Step("fresh", i, False), _FRESH)]
    mirrored = stage.activation == "relu" and stage.units >= 2 * parent[-1].units
    if k == len(child) - 2 and i == len(parent) - 1 and stage.kind == "dense" and mirrored:
        found.append((Step("mirror", i, True), _MIRROR))
    if i == 0:
        return found
    before = parent[i - 1]
    if stage.kind == "conv" and before.kind == "conv":
        width, in_place = before.units, grid_before == (1, 1)
    elif stage.kind == "dense":
        width, in_place = before.units * before.cells, grid_before == before.grid
    else:
        return found
    exact = in_place and stage.units >= width and hands_on(before.activation, stage)
    if exact:
        found.append((Step("identity", i - 1, True), 0.0))
    elif 2 * stage.units >= width and stage.activation in NEARLY:
        found.append((Step("identity", i - 1, False), _NEARLY + 1 - min(1.0, stage.units / width)))
    return found


def hands_on(before: str, stage: Stage) -> bool:
    """Whether a stage can give back exactly what the activation `before` gave, perhaps with a shift.

    What is bounded below can be shifted to where a rectifier or ELU changes nothing; the layer behind takes
    the shift away through its bias. A convolution pads with zeros, which are not shifted, so not there.
    """
    if stage.activation == "linear":
        return True
    if before not in LEAST or stage.activation not in LINEAR_ABOVE:
        return False
    return stage.kind == "dense" or LEAST[before] >= 0


def modes_of(parent: Sequence[Stage], child: Sequence[Stage]) -> list[Mode]:
    """Return how each stage of the child begins if it inherits from the parent: a matter of sizes alone."""
    return _modes(align(parent, child), parent, child)


def _modes(steps: Sequence[Step], parent: Sequence[Stage], child: Sequence[Stage]) -> list[Mode]:
    modes: list[Mode] = []
    # What flows: of which of the parent's stages, whether all its units, any, and on which two grids.
    source, complete, some = -1, True, True
    grids: tuple[Grid, Grid] = (None, None)
    for step, stage in zip(steps, child, strict=True):
        here, there = grids
        whole = complete and here == there
        theirs = parent[step.source] if step.source < len(parent) else stage
        mirrored = step.role == "match" and source == step.source
        before = step.source if step.role == "identity" or mirrored else step.source - 1
        if step.role == "fresh" or source != before or not some:
            modes.append("fresh")
            source, complete, some, grids = -2, False, False, (stage.grid, None)
        elif step.role == "identity":
            modes.append("preserved" if step.exact and whole else "copied")
            cells = 1
            if stage.kind == "dense" and here is not None and there is not None:
                cells = there[0] * there[1]
                complete = complete and here[0] >= there[0] and here[1] >= there[1]
                there = None
            complete = complete and stage.units >= cells * theirs.units
            grids = (stage.grid, there)
        else:
            modes.append("preserved" if step.exact and whole else "copied")
            units = 2 * theirs.units if step.role == "mirror" else theirs.units
            source, complete, some = step.source, stage.units >= units, True
            grids = (stage.grid, theirs.grid if step.role == "match" else None)
    return modes


def likeness(parent: Sequence[Stage], child: Sequence[Stage]) -> float:
    """Return from 0 to 1 how much of a parent a child begins with: what each layer keeps, on average.

    A layer that computes what the parent's does counts 1, one that is added and hands on what it gets 3/4,
    one that has the parent's weights in part at most 1/2.
    """
    kept, steps = 0.0, align(parent, child)
    for step, stage, mode in zip(steps, child, _modes(steps, parent, child), strict=True):
        if mode == "preserved":
            kept += 1.0 if step.role == "match" else 0.75
        elif mode == "copied":
            units = parent[step.source].units
            kept += 0.5 * min(units, stage.units) / max(units, stage.units)
    return kept / len(child)
