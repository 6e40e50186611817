"""Into which cohorts fully connected networks are cut, and into which widths the layers of each are sorted.

A cohort is one program. A few large ones waste arithmetic on padding and outgrow the processor's caches; many
small ones take long to compile. What is weighed here was measured on two cores, see docs/speed.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from archmend.training.fused.arrangement import Arrangement
from archmend.training.fused.dense import DenseArrangement
from archmend.training.fused.recipe import Recipe

MOST_BUCKETS = 3
_COMPILING = 0.4
"""Seconds for each level of a program with one bucket; two buckets have four kinds of products."""
_KIND = 0.3
"""By how much of that each further activation, normalisation and dropout make it longer."""
_NUMBER = 5e-9
"""Seconds a step for each number of a padded kernel while all of them lie in the caches."""
_CACHED = 500_000
"""Numbers from which on they do not: then it is about twice as much."""
_CUTS, _WIDTHS = 12, 16
"""Places at which a population may be cut, and widths of buckets to choose from: more would take longer."""


@dataclass(frozen=True, slots=True)
class DenseCohort:
    """Networks of one program.

    Attributes:
        networks: places in the population. widths: of the buckets, rising.
        numbers: of kernels, padded. step: seconds that a step takes, about.
    """

    networks: tuple[int, ...]
    widths: tuple[int, ...]
    numbers: int
    step: float

    def arranged(self, recipes: Sequence[Recipe]) -> Arrangement:
        """Lay out those of its networks that are there."""
        return DenseArrangement(recipes, self.widths)


def planned(recipes: Sequence[Recipe], steps: int, most: int) -> tuple[float, list[DenseCohort]]:
    """Return about how many seconds a population takes, and the cohorts with which it takes so few.

    Args:
        recipes: of the networks.
        steps: that they are trained for.
        most: numbers of kernels, padded, that a cohort may have for its memory; one network may exceed it.
    """
    order = sorted(range(len(recipes)), key=lambda n: (max(recipes[n].widths), recipes[n].depth, n))

    stride = max(1, len(order) // _CUTS)

    @cache
    def best(begin: int) -> tuple[float, tuple[DenseCohort, ...]]:
        if begin == len(order):
            return 0.0, ()
        options: list[tuple[float, tuple[DenseCohort, ...]]] = []
        for end in [*range(begin + stride, len(order), stride), len(order)]:
            members = tuple(order[begin:end])
            seconds, numbers, step, widths = _cheapest([recipes[n] for n in members], steps)
            if numbers > most and options:
                break
            rest, others = best(end)
            options.append((seconds + rest, (DenseCohort(members, widths, numbers, step), *others)))
        return min(options, key=lambda option: option[0])

    # Asked from the end on, so that no question goes deep.
    for begin in reversed(range(0, len(order), stride)):
        best(begin)
    seconds, cut = best(0)
    return seconds, list(cut)


def _cheapest(recipes: Sequence[Recipe], steps: int) -> tuple[float, int, float, tuple[int, ...]]:
    """Return the seconds of a cohort, its padded numbers, the seconds of a step and its buckets."""
    levels = max(recipe.depth for recipe in recipes)
    kinds = len({recipe.activation for recipe in recipes}) - 1
    kinds += any(recipe.normalized for recipe in recipes) + any(recipe.dropout for recipe in recipes)
    compiling = _COMPILING * (1 + _KIND * kinds)
    options = []
    for widths in bucket_widths(recipes):
        numbers = sum(_padded(recipe, widths) for recipe in recipes)
        step = numbers * _NUMBER * (2 if numbers > _CACHED else 1)
        seconds = compiling * (1 + levels * len(widths) ** 1.5) + steps * step
        options.append((seconds, numbers, step, widths))
    return min(options)


def _padded(recipe: Recipe, widths: Sequence[int]) -> int:
    sizes = [next(most for most in widths if width <= most) for width in recipe.widths]
    inner = sum(a * b for a, b in pairwise(sizes))
    return recipe.inputs * recipe.widths[0] + inner + sizes[-1] * recipe.classes


def bucket_widths(recipes: Sequence[Recipe]) -> list[tuple[int, ...]]:
    """Return the best widths of one bucket, of two and of three, rising; the last holds the widest layer.

    Each layer is counted at the square of its padded width, which is nearly what it costs.
    """
    counts: dict[int, int] = {}
    widest = max(width for recipe in recipes for width in recipe.widths)
    step = -(-widest // _WIDTHS)
    for recipe in recipes:
        for width in recipe.widths:
            rounded = min(widest, -(-width // step) * step)
            counts[rounded] = counts.get(rounded, 0) + 1
    widths = sorted(counts)
    before = [sum(counts[w] for w in widths[:j]) for j in range(len(widths) + 1)]
    # For so many buckets the least cost of the first j widths, and the buckets.
    row: list[tuple[float, tuple[int, ...]]] = [(0.0, ()), *[(float("inf"), ())] * len(widths)]
    found = []
    for _ in range(min(MOST_BUCKETS, len(widths))):
        row = [
            min(
                (
                    (row[i][0] + (before[j] - before[i]) * widths[j - 1] ** 2, (*row[i][1], widths[j - 1]))
                    for i in range(j)
                ),
                default=(float("inf"), ()),
            )
            for j in range(len(widths) + 1)
        ]
        found.append(row[-1][1])
    return found
