"""What the service, the experiments that use it and the manifests call alike."""

from __future__ import annotations

from collections.abc import Collection

from archmend.errors import BadInput, unknown_name
from archmend.search import strategy_names

PORT = 6789
"""Where Katib's controller looks for a suggestion service."""
HEALTH = "manager.v1beta1.Suggestion"
"""The name under which Katib's probes ask for its health."""
ARCHITECTURE = "architecture"
EPOCHS = "epochs"
ASKED = "asked"
"""The setting that the service writes itself: suggestions that have no finished trial in a request."""
TRIALS_PER_POD = "trials_per_pod"
"""The setting that puts several architectures into each trial."""
TRIALS = "max_trials"
"""The setting that says how many architectures there are, where the last trial has fewer than the others."""
MOST_TRIALS = 10_000
"""Ids of one experiment; etcd holds its trials' assignments as one object, so Katib ends long before."""
PREFIX = "archmend-"
"""Of the names of all our algorithms in Katib; what begins so is ours."""


def algorithm_name(strategy: str) -> str:
    """Return the name under which Katib knows a strategy."""
    return PREFIX + strategy.replace("_", "-")


def algorithm_names() -> tuple[str, ...]:
    """Return the names of all algorithms that are served.

    A strategy that waits for running trials is none: Katib refuses fewer suggestions than it asks for.
    """
    return tuple(map(algorithm_name, strategy_names(waiting=False)))


def strategy_of(algorithm: str) -> str:
    """Return the strategy behind an algorithm's name.

    Raises:
        BadInput: the name is none of ours, or of a strategy that waits.
    """
    served = strategy_names(waiting=False)
    for strategy in strategy_names():
        if algorithm_name(strategy) == algorithm:
            check_served(strategy, served)
            return strategy
    raise unknown_name("algorithm", algorithm, algorithm_names())


def check_served(strategy: str, served: Collection[str]) -> None:
    """Refuse a strategy that is not among those that Katib can be served with.

    Raises:
        BadInput: it waits for running trials.
    """
    if strategy not in served:
        raise BadInput(
            f"strategy {strategy!r} waits for running trials, and Katib always wants as many suggestions as "
            "it asks for; take another one, such as asha, or search with --engine local"
        )


def trial_name(experiment: str, number: int) -> str:
    """Return the name of the trial with this id."""
    return f"{experiment}-{number}"
