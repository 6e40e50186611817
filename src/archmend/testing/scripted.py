"""An evaluator that trains nothing: values come from a function."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from archmend.search import Suggestion, TrialResult
from archmend.spaces import Architecture


class ScriptedEvaluator:
    """Answers each suggestion with `value(architecture)`; an exception of it, or NaN, is a failed trial.

    Attributes:
        asked: every suggestion so far, in the order of asking.
    """

    def __init__(self, value: Callable[[Architecture], float]) -> None:
        """Take the function that is searched."""
        self._value = value
        self.asked: list[Suggestion] = []

    def __call__(self, suggestions: list[Suggestion]) -> Iterator[TrialResult]:
        """Yield one result a suggestion, in order."""
        for suggestion in suggestions:
            self.asked.append(suggestion)
            try:
                value = float(self._value(suggestion.architecture))
                if not math.isfinite(value):
                    raise ValueError(f"the value is {value}")
            except Exception as error:  # as an evaluator does with whatever a user's function raises
                yield TrialResult(
                    suggestion.id,
                    suggestion.architecture,
                    None,
                    "failed",
                    suggestion.fidelity,
                    reason=f"{type(error).__name__}: {error}",
                )
                continue
            yield TrialResult(
                suggestion.id,
                suggestion.architecture,
                value,
                fidelity=suggestion.fidelity,
                metrics={"accuracy": value},
            )
