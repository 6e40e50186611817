"""Into which programs a population is cut, by what its networks are."""

from __future__ import annotations

from collections.abc import Sequence

from archmend.training.fused import widths
from archmend.training.fused.arrangement import Cohort
from archmend.training.fused.conv import cohorts as convolutional
from archmend.training.fused.recipe import Recipe

BYTES = 4 * 8
"""For each number of a kernel: itself and two moments, twice while a stretch runs, gradient, what is kept."""


def planned(
    recipes: Sequence[Recipe], steps: int, most: int, batch_size: int
) -> tuple[float, Sequence[Cohort]]:
    """Return about how many seconds a population takes, and the cohorts with which it takes so few.

    Args:
        recipes: of networks of one space.
        steps: that they are trained for.
        most: numbers of kernels that a cohort may have for its memory; one network may exceed it.
        batch_size: rows a step.
    """
    if recipes[0].convolutional:
        return convolutional.planned(recipes, steps, most, batch_size)
    return widths.planned(recipes, steps, most)
