"""Which convolutional networks become one program, and what they take.

Padding them to common filters would multiply their arithmetic, so those of one shape are together, as are a
grid of learning rates. The others are programs of their own: what is saved is Keras's overhead and the time
of its convolutions, not compilation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from archmend.spaces.layers import Layer
from archmend.training.fused.arrangement import Arrangement
from archmend.training.fused.conv.arrangement import ConvArrangement, ConvForm
from archmend.training.fused.recipe import Recipe

_COMPILING, _LAYER = 0.8, 0.6
"""Seconds that a program takes to compile, and more of them for each layer."""
_NORMALIZED = 1.5
"""A normalised layer counts as so many."""
_FLOP, _NUMBER = 2.2e-11, 5e-9
"""Seconds a step for each floating-point operation of its rows, and for each number of a kernel."""


@dataclass(frozen=True, slots=True)
class ConvCohort:
    """Networks of one shape.

    Attributes:
        networks: places in the population. numbers: that its arrays have, each counted as one of a kernel.
        step: seconds that a step takes, about.
    """

    networks: tuple[int, ...]
    numbers: int
    step: float

    def arranged(self, recipes: Sequence[Recipe]) -> Arrangement:
        """Lay out those of its networks that are there."""
        return ConvArrangement(recipes)


def planned(
    recipes: Sequence[Recipe], steps: int, most: int, batch_size: int
) -> tuple[float, list[ConvCohort]]:
    """Return about how many seconds a population takes, and its cohorts.

    Args:
        recipes: of the networks.
        steps: that they are trained for.
        most: numbers that a cohort may have for its memory; one network may exceed it.
        batch_size: rows a step.
    """
    alike: dict[tuple[Layer, ...], list[int]] = defaultdict(list)
    for place, recipe in enumerate(recipes):
        alike[recipe.layers].append(place)
    seconds, found = 0.0, list[ConvCohort]()
    for layers, places in alike.items():
        recipe = recipes[places[0]]
        numbers = _numbers(recipe, batch_size)
        each = max(1, most // numbers)
        kinds = sum(_NORMALIZED if layer.normalized else 1.0 for layer in layers)
        step = 3 * batch_size * recipe.flops * _FLOP + recipe.params * _NUMBER
        for members in (tuple(places[i : i + each]) for i in range(0, len(places), each)):
            found.append(ConvCohort(members, len(members) * numbers, len(members) * step))
        seconds += _COMPILING + _LAYER * kinds + len(places) * steps * step
    return seconds, found


def _numbers(recipe: Recipe, batch_size: int) -> int:
    """Return about how many numbers a network's arrays have, each counted as one of a kernel."""
    height, width, channels = recipe.shape
    form = ConvForm(1, (height, width, channels), recipe.layers)
    read = sum(
        min(channels * grid.taps * grid.outputs, layer.units * grid.taps * grid.inputs)
        + 3 * layer.units * grid.outputs
        for layer, grid, channels in form.blocks
    )
    # A kernel's number takes eight, with all that belongs to it.
    return recipe.params + batch_size * read // 8
