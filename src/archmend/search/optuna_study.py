"""A search's history as a study of Optuna's: choices as its distributions, trials as its trials.

Optuna is imported when the first study is made.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archmend.search.objectives import all_of
from archmend.search.types import Suggestion, TrialResult, Value
from archmend.spaces import Architecture, Choice, OpenIntegers, Scalar, Space

if TYPE_CHECKING:
    import optuna

_FAR = 14
"""Open integers end for Optuna this many times their mean above the minimum: one in a million lies higher."""


class Translation:
    """Between the architectures of a space and Optuna's parameters.

    An ordered choice is a whole number, its level; an unordered one a category, its place in the list; open
    integers are whole numbers on a logarithmic scale where that is defined. A choice without an alternative
    is no parameter. Inactive choices are absent, as where a trial never suggests them.
    """

    def __init__(self, space: Space) -> None:
        """Import Optuna."""
        import optuna

        self._space, self._optuna = space, optuna
        self._known: dict[str, Any] = {}

    def drawn(self, trial: optuna.Trial) -> Architecture:
        """Let a trial make every active choice, in the space's order."""

        def decide(choice: Choice, _: Mapping[str, Scalar]) -> Scalar:
            distribution = self._distribution(choice)
            return _value(choice, None if distribution is None else _suggested(trial, choice, distribution))

        return self._space.make(decide)

    def parameters(self, architecture: Architecture) -> tuple[dict[str, int], dict[str, Any]]:
        """Return an architecture's parameters and their distributions."""
        values: dict[str, int] = {}
        distributions: dict[str, Any] = {}

        def decide(choice: Choice, _: Mapping[str, Scalar]) -> Scalar:
            value, distribution = architecture[choice.name], self._distribution(choice)
            if distribution is not None:
                values[choice.name] = _parameter(choice, value, distribution)
                distributions[choice.name] = distribution
            return value

        self._space.make(decide)
        return values, distributions

    def _distribution(self, choice: Choice) -> Any:
        if choice.name not in self._known:
            self._known[choice.name] = self._made(choice)
        return self._known[choice.name]

    def _made(self, choice: Choice) -> Any:
        made = self._optuna.distributions
        if isinstance(choice.values, OpenIntegers):
            low, mean = choice.values.minimum, choice.values.mean
            return made.IntDistribution(low, low + math.ceil(_FAR * (mean - low + 1)), log=low > 0)
        if len(choice.values) == 1:
            return None
        if choice.ordered:
            return made.IntDistribution(0, len(choice.values) - 1)
        return made.CategoricalDistribution(tuple(range(len(choice.values))))


def _suggested(trial: optuna.Trial, choice: Choice, distribution: Any) -> int:
    if hasattr(distribution, "choices"):
        return int(trial.suggest_categorical(choice.name, distribution.choices))
    return trial.suggest_int(choice.name, distribution.low, distribution.high, log=distribution.log)


def _value(choice: Choice, parameter: int | None) -> Scalar:
    if isinstance(choice.values, OpenIntegers):
        assert parameter is not None
        return parameter
    return list(choice.levels)[parameter or 0]


def _parameter(choice: Choice, value: Scalar, distribution: Any) -> int:
    if isinstance(choice.values, OpenIntegers):
        return min(int(value), distribution.high)
    return choice.levels[value]


@dataclass(frozen=True)
class _Entry:
    """What the study holds of an id: `failed` is finished without a value."""

    id: int
    architecture: Architecture
    value: Value | None
    failed: bool


class HistoryStudy:
    """A study that is brought to a history before each question, by as little as has changed.

    What it then holds depends on that history alone: its trials in the order of the ids, the running ones
    with their parameters. Draws that led to nothing stay in it as failed trials, which samplers pass over.
    """

    def __init__(self, space: Space, objectives: int) -> None:
        """Take the space, and how many objectives there are."""
        self._objectives = objectives
        self._translation = Translation(space)
        self._reset()

    def follow(self, asked: Sequence[Suggestion], results: Mapping[int, TrialResult]) -> None:
        """Hold these suggestions, with what is known of them.

        A failed trial is the worst there is with one objective; with several it is left out, as is one that
        was over a limit of what is measured.
        """
        wanted = [e for s in asked if (e := self._entry(s, results.get(s.id))) is not None]
        held = [entry for entry, _ in self._held]
        if any(not _follows(a, b) for a, b in zip(held, wanted, strict=False)) or len(held) > len(wanted):
            self._reset()
        for place, entry in enumerate(wanted):
            if place >= len(self._held):
                self._add(entry)
            elif self._held[place][0] != entry:
                self._finish(place, entry)

    def draw(self, sampler: optuna.samplers.BaseSampler) -> Architecture:
        """Draw an architecture by a sampler."""
        self._study.sampler = sampler
        with quiet():
            trial = self._study.ask()
            drawn = self._translation.drawn(trial)
            self._study.tell(trial, state=self._states.FAIL)
        return drawn

    def _reset(self) -> None:
        import optuna

        self._states = optuna.trial.TrialState
        self._held: list[tuple[_Entry, int]] = []
        with quiet():
            self._study = optuna.create_study(
                directions=["maximize"] * self._objectives, sampler=optuna.samplers.RandomSampler(0)
            )

    def _entry(self, suggestion: Suggestion, result: TrialResult | None) -> _Entry | None:
        value = None if result is None else result.value
        failed = result is not None and value is None
        if failed and (self._objectives > 1 or (result is not None and result.status == "rejected")):
            return None
        return _Entry(suggestion.id, suggestion.architecture, value, failed)

    def _add(self, entry: _Entry) -> None:
        import optuna

        params, distributions = self._translation.parameters(entry.architecture)
        with quiet():
            made = optuna.trial.create_trial(
                state=self._state(entry),
                values=None if entry.value is None else all_of(entry.value),
                params=params,
                distributions=distributions,
            )
            self._study.add_trial(made)
        self._held.append((entry, len(self._study.get_trials(deepcopy=False)) - 1))

    def _finish(self, place: int, entry: _Entry) -> None:
        """Tell what became of a trial that ran."""
        number = self._held[place][1]
        with quiet():
            values = None if entry.value is None else all_of(entry.value)
            self._study.tell(number, values, state=self._state(entry))
        self._held[place] = (entry, number)

    def _state(self, entry: _Entry) -> Any:
        if entry.failed:
            return self._states.PRUNED
        return self._states.RUNNING if entry.value is None else self._states.COMPLETE


def _follows(held: _Entry, wanted: _Entry) -> bool:
    """Whether an entry can become the other: it is the same, or has finished meanwhile."""
    if held == wanted:
        return True
    running = held.value is None and not held.failed
    return running and (held.id, held.architecture) == (wanted.id, wanted.architecture)


@contextmanager
def quiet() -> Iterator[None]:
    """Let Optuna say nothing: neither of studies that it makes nor of settings that are experiments to it."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)
