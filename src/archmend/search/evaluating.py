"""Both kinds of evaluator as one: those that take suggestions one by one, and plain callables."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, runtime_checkable

from archmend.errors import BadInput
from archmend.search.types import Suggestion, TrialResult

Evaluator = Callable[[list[Suggestion]], Iterable[TrialResult]]
"""Suggestions in, results out as they finish."""


@runtime_checkable
class Pool(Protocol):
    """An evaluator that works on several suggestions at once and takes new ones while others run.

    Attributes:
        concurrency: how many it works on at once.

    One that has results in groups may say by an attribute `ready` how many can be had without waiting: all of
    them are told before the next question, so that a search which was cut between two groups goes on alike.
    """

    concurrency: int

    def submit(self, suggestion: Suggestion) -> None:
        """Begin with a suggestion."""

    def next_result(self) -> TrialResult:
        """Wait for the next one that finishes."""


class OneByOne:
    """A plain callable as a pool: it gets `batch` suggestions at a time, one unless it says otherwise."""

    def __init__(self, evaluator: Evaluator) -> None:
        """Wrap `evaluator`; its attribute `batch` says how many suggestions it takes in one call."""
        self._evaluator = evaluator
        self.concurrency = int(getattr(evaluator, "batch", 1))
        self._waiting: deque[Suggestion] = deque()
        self._running: Iterator[TrialResult] | None = None
        self._open: set[int] = set()
        self._surplus: object = None

    def submit(self, suggestion: Suggestion) -> None:
        """Keep a suggestion for the next call."""
        self._waiting.append(suggestion)

    def next_result(self) -> TrialResult:
        """Return a result of the call under way, or of the next call.

        Raises:
            BadInput: no result, a wrong one, or one more than the last call was asked for.
        """
        if self._surplus is not None:
            raise BadInput(
                f"the evaluator gave {_said(self._surplus)} after each trial had one; give one each"
            )
        if not self._open:
            batch = list(self._waiting)
            self._waiting.clear()
            self._open = {suggestion.id for suggestion in batch}
            self._running = iter(self._evaluator(batch))
        assert self._running is not None
        result = next(self._running, None)
        if not isinstance(result, TrialResult) or result.id not in self._open:
            raise BadInput(
                f"the evaluator gave {_said(result)} and trials {sorted(self._open)} are open; give one each"
            )
        self._open.discard(result.id)
        if not self._open:
            # What a generator does behind its last result is done now; one more is told once this one is.
            self._surplus = next(self._running, None)
        return result


def _said(given: object) -> str:
    if given is None:
        return "nothing"
    if isinstance(given, TrialResult):
        return f"a result of trial {given.id}"
    return f"{given!r}, no TrialResult,"
