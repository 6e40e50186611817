"""Architectures within cost limits, drawn at random; limits that nothing fits, refused."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import islice

import numpy as np

from archmend.errors import BadInput
from archmend.search.feasible import PLAIN, feasible
from archmend.search.types import COSTS, Budget
from archmend.spaces import Architecture, Space
from archmend.spaces.costs import is_cost

_DRAWS = 256
_STEPS = 200
_LISTED = 20_000
_LISTABLE, _MOSTLY = 1_000_000, 0.9
_STARTS = 20
_SPREAD = 2_000


def limits_cost(budget: Budget) -> bool:
    """Whether the budget limits what a space can say of an architecture without building it."""
    return bool(budget.limits())


def fits(space: Space, budget: Budget, architecture: Architecture) -> bool:
    """Whether an architecture is within the limits; without any, its cost is not asked for."""
    return not limits_cost(budget) or budget.excess(space.cost(architecture)) is None


def draw_within(
    space: Space, budget: Budget, rng: np.random.Generator, wanted: Callable[[Architecture], bool]
) -> Architecture | None:
    """Return a random architecture within the limits that is `wanted`, None if none is found.

    It comes from the space's own distribution, restricted to what fits: by plain draws where these fit, else
    as `Feasible` draws. Where what is wanted is rarer than that, a space small enough is listed, so that None
    means that there is none; a large one is searched by small changes.
    """
    within = feasible(space, budget) if limits_cost(budget) else None
    if within is None or not within.rare:
        for _ in range(_DRAWS):
            drawn = space.sample(rng)
            if wanted(drawn) and fits(space, budget, drawn):
                return drawn
    if within is not None:
        for drawn in islice(within.draws(rng), _STEPS):
            if wanted(drawn):
                return drawn
    if space.size > _LISTED:
        starts = within.population if within is not None else [space.sample(rng) for _ in range(_STARTS)]
        found = _by_steps(space, budget, rng, starts, wanted)
        if found is None and within is not None:
            return next(filter(wanted, within.plain_draws(rng)), None)
        return found
    left = [a for a in _all_within(space, budget) if wanted(a)]
    return left[int(rng.integers(len(left)))] if left else None


def draw_unseen(
    space: Space, budget: Budget, rng: np.random.Generator, seen: Collection[Architecture]
) -> Architecture | None:
    """Return a random architecture within the limits that is not among `seen`, None where none is left.

    What a strategy falls back on whose own proposals are used up, and how it draws its first ones. `seen`
    is asked often: give a set or a dict.
    """
    if _MOSTLY * space.size <= len(seen) and space.size <= _LISTABLE and not limits_cost(budget):
        left = [a for a in space if a not in seen]
        return left[int(rng.integers(len(left)))] if left else None
    found = draw_within(space, budget, rng, lambda a: a not in seen)
    if found is None and space.is_finite and not limits_cost(budget):
        return next((a for a in space if a not in seen), None)
    return found


def count_fitting(space: Space, budget: Budget) -> float:
    """Return how many architectures are within the cost limits; all of them in a space too large to list."""
    if space.size > _LISTED or not limits_cost(budget):
        return space.size
    return len(_all_within(space, budget))


def refuse_impossible(space: Space, budget: Budget) -> None:
    """Refuse cost limits that no architecture of the space fits.

    Raises:
        BadInput: with the cheapest one found; also where the space does not know costs.
    """
    if not limits_cost(budget):
        return
    _refuse_unknown_costs(space, budget)
    within = feasible(space, budget)
    if not within.empty or (space.size <= _LISTED and _all_within(space, budget)):
        return
    cost = space.cost(within.nearest[0])
    limits = [(name, limit) for name, limit in budget.limits() if name in cost]
    asked = ", ".join(f"{COSTS[name][0]} {_figure(limit)}" for name, limit in limits)
    found = ", ".join(f"{_called(name)} {_figure(cost[name])}" for name, _ in limits)
    # Where costs lead nowhere, what is rarer than the draws may have been missed.
    missed = within.flat and space.size > _LISTED
    which = f"no architecture among {PLAIN:,} drawn from space" if missed else "no architecture of space"
    raise BadInput(f"{which} {space.name!r} fits {asked}; the cheapest found has {found}: raise the limit")


def _refuse_unknown_costs(space: Space, budget: Budget) -> None:
    limited = [name for name in ("params", "flops") if getattr(budget, name) is not None]
    if limited and not space.has_cost:
        raise BadInput(
            f"the budget limits params or flops and space {space.name!r} knows no costs; "
            "give the space a cost function"
        )
    known = space.cost(space.example())
    for name, value in known.items():
        if not is_cost(value):
            raise BadInput(
                f"the cost function of space {space.name!r} gives {name} {value!r} for {space.example()}; "
                "let it give finite numbers of at least 0"
            )
    for name in limited:
        if name not in known:
            raise BadInput(
                f"the budget limits {name} and the cost function of space {space.name!r} gives "
                f"{', '.join(known) or 'nothing'}; let it give {name}, too"
            )


def _called(name: str) -> str:
    return COSTS[name][1]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == round(value) else f"{value:.3g}"


def _all_within(space: Space, budget: Budget) -> list[Architecture]:
    return [a for a in space if fits(space, budget, a)]


def _by_steps(
    space: Space,
    budget: Budget,
    rng: np.random.Generator,
    starts: Sequence[Architecture],
    wanted: Callable[[Architecture], bool],
) -> Architecture | None:
    """Spread by small changes among the architectures that fit, none twice, until one is wanted."""
    reached = dict.fromkeys(a for a in starts if fits(space, budget, a))
    edge = list(reached)
    for _ in range(_SPREAD):
        if not edge:
            break
        here = edge.pop(int(rng.integers(len(edge))))
        if wanted(here):
            return here
        new = [a for a in space.neighbours(here) if a not in reached and fits(space, budget, a)]
        reached.update(dict.fromkeys(new))
        edge += new
    return None
