"""How many trials of a search are trained together."""

from __future__ import annotations

import math
from dataclasses import dataclass

from archmend.errors import BadInput
from archmend.search import Budget, Strategy, create_strategy
from archmend.spaces import Space
from archmend.training.fused.paying import why_it_does_not_pay
from archmend.training.fused.planning import BYTES
from archmend.training.fused.recipe import recipe_of, why_alone
from archmend.training.fused.rules import RULES

MEMORY = 2 << 30
"""Bytes that a search's workers take together unless told otherwise."""
_WORKER = 850 << 20
"""Bytes of a worker without data and networks: TensorFlow, and what it compiles with."""
_LEAST = 64 << 20
_MOST = 64
"""Trials of a worker: more of them are hardly faster, and a crash would cost more."""
_ROUNDS = 6
"""Times that a strategy which learns is told results before its last ask, at least."""
_LEARNING = 16
"""Trials of a worker where results decide what is asked next."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """How trials are grouped.

    Attributes:
        population: trials that a worker trains together; None trains each by itself.
        reason: why it does. memory: bytes for the arrays of networks in each worker.
    """

    population: int | None
    reason: str | None = None
    memory: int | None = None


def grouping(
    space: Space,
    strategy: Strategy,
    budget: Budget,
    optimizer: str,
    *,
    steps: int,
    workers: int,
    data_bytes: int,
    batch_size: int = 32,
    learning_rate: float | None = None,
    inherits: bool = False,
    population: int | None = None,
    max_memory: int | None = None,
) -> Grouping:
    """Return how the trials of a search are grouped; it depends on what is asked for alone.

    Args:
        space: to search.
        strategy: one that learns from results is not asked for many trials at once.
        budget: of the search.
        optimizer: by name.
        steps: that a trial is trained for.
        workers: how many processes.
        data_bytes: of the encoded rows, which they share.
        batch_size: rows a step.
        learning_rate: None where the space or the optimiser has it.
        inherits: whether trials begin with the weights of earlier ones, which there have to be.
        population: trials that a worker shall train together; None chooses by what takes least time.
        max_memory: bytes for all workers together; None is `MEMORY`, or what they take without networks where
            that is more.

    Raises:
        BadInput: a limit of memory that the workers exceed before they have a network.
    """
    reason = why_alone(space, optimizer)
    if reason is not None:
        return Grouping(None, reason)
    least = data_bytes + workers * (_WORKER + _LEAST)
    if max_memory is not None and max_memory < least:
        raise BadInput(
            f"--max-memory is {max_memory / (1 << 20):,.4g} MiB, and TensorFlow and the data take "
            f"{(least >> 20) + 1:,} MiB at least with --workers {workers}; give more memory, or fewer workers"
        )
    each = ((MEMORY if max_memory is None else max_memory) - data_bytes) // workers
    memory = max(_LEAST, each - _WORKER)
    if population is not None:
        return Grouping(population, None, memory)
    trials = budget.trials
    if trials is None and math.isfinite(space.size):
        trials = int(space.size)
    share = _MOST if trials is None else -(-trials // workers)
    most = _MOST
    if strategy.learns or strategy.fidelities or inherits:
        most, share = _LEARNING, share // _ROUNDS
    number = min(most, share)
    if number < 2:
        return Grouping(None, None, memory)
    # Random ones stand for those that will be asked for.
    drawn = create_strategy("random", space, budget=budget).ask(number)
    recipes = [recipe_of(space, one.architecture, RULES[optimizer], learning_rate) for one in drawn]
    reason = why_it_does_not_pay(recipes, steps, memory // BYTES, batch_size)
    return Grouping(None if reason else number, reason, memory)


def in_one_process(
    space: Space, optimizer: str, trials: int, *, data_bytes: int, max_memory: int | None = None
) -> Grouping:
    """Return how trials that are all known are grouped in a process that has nothing else to do, as in a pod.

    Args:
        space: of the trials.
        optimizer: by name.
        trials: how many there are.
        data_bytes: of the encoded rows.
        max_memory: bytes for the process; None is `MEMORY`.
    """
    reason = why_alone(space, optimizer)
    if reason is not None:
        return Grouping(None, reason)
    memory = (MEMORY if max_memory is None else max_memory) - data_bytes - _WORKER
    return Grouping(trials, None, max(_LEAST, memory))
