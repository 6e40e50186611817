"""Whether a population pays: what its networks take as one program beside one by one.

A program is compiled for seconds before its first step; a network by itself is built and traced for one or
two, and takes longer a step. Measured on one core of an AMD EPYC with TensorFlow 2.21; only the ratio counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from archmend.training.fused.planning import planned
from archmend.training.fused.recipe import Recipe

_NETWORK, _LAYER = 1.0, 0.2
"""Seconds that a network by itself takes besides its steps, and more of them for each hidden layer."""
_STEP, _STEP_LAYER, _STEP_NUMBER = 3.5e-4, 1.5e-4, 3e-9
"""Seconds of a step, more of them for each hidden layer, and for each number of a kernel."""
_FLOP = 7e-11
"""Seconds of a step for each floating-point operation of convolutions."""
_NORMALIZED = 2.0
"""A normalised layer counts as so many."""
_SURELY = 0.7
"""Share of the time one by one that a population may take: its results come all together at its end."""


def why_it_does_not_pay(recipes: Sequence[Recipe], steps: int, memory: int, batch_size: int) -> str | None:
    """Return why networks had better be trained one by one, None where a population takes less.

    Args:
        recipes: of networks as they will be asked for.
        steps: that each is trained for.
        memory: numbers of kernels that a cohort may have.
        batch_size: rows a step.
    """
    together = planned(recipes, steps, memory, batch_size)[0]
    alone = sum(_alone(recipe, steps, batch_size) for recipe in recipes)
    if together <= _SURELY * alone:
        return None
    return f"for {steps} steps {len(recipes)} networks would take longer as one program, with its compilation"


def _alone(recipe: Recipe, steps: int, batch_size: int) -> float:
    layers = sum(_NORMALIZED if layer.normalized else 1.0 for layer in recipe.hidden)
    numbers = sum(a * b for a, b in recipe.sizes)
    step = _STEP + _STEP_LAYER * layers + _STEP_NUMBER * numbers
    if recipe.convolutional:
        step += 3 * batch_size * recipe.flops * _FLOP
    return _NETWORK + _LAYER * layers + steps * step
