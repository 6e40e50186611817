"""Asking a strategy and answering it, for the checks of its contract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from archmend.search import Strategy, Suggestion, TrialResult, Value
from archmend.spaces import Architecture, Space


class Make(Protocol):
    """What makes a new strategy: its class, or a function such as `create_strategy` with a name."""

    def __call__(self, space: Space, seed: int, **given: Any) -> Strategy:
        """Return a strategy; `given` may hold budget, objectives and prior, as for `create_strategy`."""


def answered(suggestion: Suggestion, value: Callable[[Architecture], Value] | None = None) -> TrialResult:
    """Return a result with this value; without one, with some fixed function of the architecture."""
    found = (value or _some_value)(suggestion.architecture)
    return TrialResult(suggestion.id, suggestion.architecture, found, fidelity=suggestion.fidelity)


def without_value(suggestion: Suggestion, kind: int = 0) -> TrialResult:
    """Return a result without a value: it failed, was over a limit, or was stopped too soon."""
    status, reason = (
        ("failed", "out of memory"),
        ("rejected", "latency_ms 9 is over the limit of 5"),
        ("stopped", "the time is over"),
    )[kind % 3]
    return TrialResult(
        suggestion.id,
        suggestion.architecture,
        None,
        status,  # type: ignore[arg-type]
        suggestion.fidelity,
        reason=reason,
    )


def running(suggestion: Suggestion) -> TrialResult:
    """Return what is told of a trial that runs."""
    return TrialResult(suggestion.id, suggestion.architecture, None, "running", suggestion.fidelity)


def what(suggestion: Suggestion) -> tuple[Architecture, int | None]:
    """Return what is asked: never the same twice, though an architecture may be asked for more epochs."""
    return suggestion.architecture, suggestion.fidelity


def play(
    strategy: Strategy, count: int, value: Callable[[Architecture], Value] | None = None
) -> list[Suggestion]:
    """Ask and answer one by one, at most `count` times, and check each question."""
    asked: list[Suggestion] = []
    for _ in range(count):
        made = strategy.ask(1)
        if not made:
            break
        strategy.tell([answered(made[0], value)])
        asked += made
    check_questions(strategy, asked)
    return asked


def check_questions(strategy: Strategy, asked: Sequence[Suggestion]) -> None:
    """Each is of the space, within the limits of cost that the strategy was given, and there once."""
    space = strategy.space
    seen: set[tuple[Architecture, int | None]] = set()
    for suggestion in asked:
        architecture = suggestion.architecture
        assert architecture in space, f"{architecture} is not of the space {space.name}"
        assert what(suggestion) not in seen, f"{architecture} is asked twice on {space.name}"
        seen.add(what(suggestion))


def check_limits_kept(strategy: Strategy, asked: Sequence[Suggestion]) -> None:
    """Nothing is over the limits of cost that the strategy was given."""
    for suggestion in asked:
        excess = strategy.budget.excess(strategy.space.cost(suggestion.architecture))
        assert excess is None, f"{suggestion.architecture} is asked on {strategy.space.name} and its {excess}"


def _some_value(architecture: Architecture) -> float:
    return float(sum(str(architecture).encode()) % 97)
