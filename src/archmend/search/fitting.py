"""Architectures within cost limits: drawn where most fit, reached by small changes where few do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np

from archmend.errors import BadInput
from archmend.search.types import Budget
from archmend.spaces import Architecture, Space

_DRAWS = 64
_LISTED = 20_000
_STARTS = 20
_SPREAD = 2_000


def limits_cost(budget: Budget) -> bool:
    """Whether the budget limits what the space can say of an architecture without building it."""
    return budget.params is not None or budget.flops is not None


def draw_within(
    space: Space, budget: Budget, rng: np.random.Generator, wanted: Callable[[Architecture], bool]
) -> Architecture | None:
    """Return a random architecture within the limits that is `wanted`, None if none is found.

    First plain draws; if these fail, each draw is made cheaper by small changes until it fits. In a space
    small enough to list, None means that there is none.
    """
    for attempt in range(4 * _DRAWS):
        drawn: Architecture | None = space.sample(rng)
        if attempt >= _DRAWS and drawn is not None:
            drawn = _made_cheaper(space, budget, drawn, rng)
        if drawn is not None and wanted(drawn) and budget.excess(space.cost(drawn)) is None:
            return drawn
    if space.size > _LISTED:
        return _by_steps(space, budget, rng, wanted)
    left = [a for a in space if wanted(a) and budget.excess(space.cost(a)) is None]
    return left[int(rng.integers(len(left)))] if left else None


def draw_unseen(
    space: Space, budget: Budget, rng: np.random.Generator, seen: Collection[Architecture]
) -> Architecture | None:
    """Return a random architecture within the limits that is not among `seen`, None where none is left.

    What a strategy falls back on whose own proposals are used up, and how it draws its first ones. `seen`
    is asked often: give a set or a dict.
    """
    if len(seen) >= space.size and all(a in seen for a in space):
        return None
    found = draw_within(space, budget, rng, lambda a: a not in seen)
    if found is None and space.is_finite and not limits_cost(budget):
        return next((a for a in space if a not in seen), None)
    return found


def count_fitting(space: Space, budget: Budget) -> float:
    """Return how many architectures are within the cost limits; all of them in a space too large to list."""
    if space.size > _LISTED or not limits_cost(budget):
        return space.size
    return sum(budget.excess(space.cost(architecture)) is None for architecture in space)


def refuse_impossible(space: Space, budget: Budget) -> None:
    """Refuse cost limits that no architecture of the space fits.

    Raises:
        BadInput: with the cheapest one found; also where the space does not know costs.
    """
    if not limits_cost(budget):
        return
    if not space.has_cost:
        raise BadInput(
            f"the budget limits params or flops and space {space.name!r} knows no costs; "
            "give the space a cost function"
        )
    known = space.cost(space.example())
    for name in _limited(budget):
        if name not in known:
            raise BadInput(
                f"the budget limits {name} and the cost function of space {space.name!r} gives "
                f"{', '.join(known) or 'nothing'}; let it give {name}, too"
            )
    rng = np.random.default_rng(0)
    cheapest: Mapping[str, float] | None = None
    for _ in range(_STARTS):
        start = space.sample(rng)
        if budget.excess(space.cost(start)) is None:
            return
        fitting = _made_cheaper(space, budget, start, rng)
        if fitting is not None:
            return
        for name in _limited(budget):
            cost = space.cost(_descended(space, start, name))
            if cheapest is None or _excess(budget, cost) < _excess(budget, cheapest):
                cheapest = cost
    if space.size <= _LISTED and any(budget.excess(space.cost(a)) is None for a in space):
        return
    assert cheapest is not None
    found = ", ".join(f"{name} {cheapest[name]:,.0f}" for name in _limited(budget))
    asked = ", ".join(f"{name} {getattr(budget, name):,.0f}" for name in _limited(budget))
    raise BadInput(
        f"no architecture of space {space.name!r} fits {asked}; the cheapest found has {found}: "
        "raise the limit"
    )


def _limited(budget: Budget) -> list[str]:
    return [name for name in ("params", "flops") if getattr(budget, name) is not None]


def _excess(budget: Budget, cost: Mapping[str, float]) -> float:
    return max(cost[name] / getattr(budget, name) for name in _limited(budget))


def _made_cheaper(
    space: Space, budget: Budget, start: Architecture, rng: np.random.Generator
) -> Architecture | None:
    """Change one choice at a time, each time to something nearer to the limits, until within them."""
    here, excess = start, _excess(budget, space.cost(start)) if limits_cost(budget) else 0.0
    while excess > 1:
        nearer = [
            (other, e)
            for other in space.neighbours(here)
            if (e := _excess(budget, space.cost(other))) < excess
        ]
        if not nearer:
            return None
        here, excess = nearer[int(rng.integers(len(nearer)))]
    return here


def _descended(space: Space, start: Architecture, name: str) -> Architecture:
    here = start
    while True:
        cheaper = min(space.neighbours(here), key=lambda a: space.cost(a)[name], default=here)
        if space.cost(cheaper)[name] >= space.cost(here)[name]:
            return here
        here = cheaper


def _by_steps(
    space: Space, budget: Budget, rng: np.random.Generator, wanted: Callable[[Architecture], bool]
) -> Architecture | None:
    """Spread by small changes among the architectures that fit, none twice, until one is wanted."""
    starts = (_made_cheaper(space, budget, space.sample(rng), rng) for _ in range(_STARTS))
    reached = dict.fromkeys(a for a in starts if a is not None)
    edge = list(reached)
    for _ in range(_SPREAD):
        if not edge:
            break
        here = edge.pop(int(rng.integers(len(edge))))
        if wanted(here):
            return here
        new = [a for a in space.neighbours(here) if a not in reached and budget.excess(space.cost(a)) is None]
        reached.update(dict.fromkeys(new))
        edge += new
    return None
