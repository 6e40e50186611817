"""The seam for what is tried next: a strategy asks, and is told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from archmend.errors import BadInput, unknown_name
from archmend.search.objectives import check_value
from archmend.search.types import Budget, Suggestion, TrialResult
from archmend.spaces import Architecture, Space

NO_SETTINGS = ("name", "space", "seed", "budget", "objectives", "prior")
"""What a strategy is made with besides its settings, so that no setting can have such a name."""


class Settings(BaseModel):
    """Base of a strategy's settings: a subclass has one field each, with its default and its limits."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Strategy(ABC):
    """Chooses architectures. All of its state is the history, in the order of the suggestions' ids.

    A subclass says what to suggest under an id, given every suggestion with a smaller one and what is
    known of it; it keeps nothing else. So a strategy that is told a journal goes on as the one that
    wrote it, in whatever order the results came.

    Attributes:
        name: by which it is created. Settings: of this strategy. waits: whether it may have nothing to ask
            while trials run, so that only who can wait for their results can use it.
        space, seed, budget, objectives, settings: as given. prior: results of earlier runs.
    """

    name: ClassVar[str]
    Settings: ClassVar[type[Settings]] = Settings
    waits: ClassVar[bool] = False

    def __init__(
        self,
        space: Space,
        seed: int = 0,
        *,
        budget: Budget | None = None,
        objectives: Sequence[str] = ("accuracy",),
        prior: Iterable[TrialResult] = (),
        **settings: Any,
    ) -> None:
        """Check the settings.

        Raises:
            BadInput: an unknown setting, or a value that it does not take.
        """
        self.space = space
        self.seed = seed
        self.budget = budget or Budget()
        self.objectives = tuple(objectives)
        self.prior = tuple(prior)
        self.settings = _checked(type(self), settings)
        self._suggested: dict[int, Suggestion] = {}
        self._results: dict[int, TrialResult] = {}
        self._first_open = 0  # nothing is ever taken back, so no smaller id opens again

    def ask(self, n: int = 1) -> list[Suggestion]:
        """Return `n` suggestions, which count as running until told.

        There are fewer if the space is exhausted, or if the strategy waits for trials that run.

        An id that the told history leaves out (it was running when a search was cut) is asked first.

        Raises:
            BadInput: n is no whole number of at least 1.
        """
        if isinstance(n, bool) or not isinstance(n, Integral) or n < 1:
            raise BadInput(f"n must be a whole number of at least 1, got {n!r}")
        made: list[Suggestion] = []
        while len(made) < n:
            number = self._next_id()
            before = {i: s.architecture for i, s in self._suggested.items() if i < number}
            suggestion = self.propose(number, before)
            if suggestion is None:
                break
            self._suggested[number] = suggestion
            made.append(suggestion)
        return made

    def tell(self, results: Iterable[TrialResult]) -> None:
        """Take results in, in any order; also of suggestions that another object asked.

        A result that does not say for how many epochs it was asked has those of its suggestion.

        An id that was never asked here is taken, too, however large: a history may have gaps, come in parts
        and come from another object, and what is taken must not depend on whether this one has asked.

        Raises:
            BadInput: an architecture of another space; a result with another architecture than was suggested
                under its id, or more or fewer epochs where that says how many; a trial that was told before
                with another result; not one value an objective; no result at all. Nothing is then taken in.
        """
        if isinstance(results, TrialResult):
            raise BadInput(f"tell takes results in a list, got trial {results.id} alone; put it into one")
        suggested, finished = dict[int, Suggestion](), dict[int, TrialResult]()
        for result in results:
            if not isinstance(result, TrialResult):
                raise BadInput(f"tell takes results, got {result!r}; give a TrialResult for it")
            number = result.id
            if number not in self._suggested and result.architecture not in self.space:
                raise BadInput(
                    f"trial {number} has the architecture {result.architecture}, which the space "
                    f"{self.space.name!r} does not hold; tell results of this space"
                )
            check_value(result, self.objectives)
            fidelity = _checked_fidelity(suggested.get(number) or self._suggested.get(number), result)
            before = finished.get(number) or self._results.get(number)
            if before is not None and (before.status, before.value) != (result.status, result.value):
                raise BadInput(
                    f"trial {number} was told as {_said(before)} and now as {_said(result)}; "
                    "a trial has one result"
                )
            suggested[number] = Suggestion(number, result.architecture, fidelity)
            if result.status != "running":
                finished[number] = (
                    result if result.fidelity == fidelity else replace(result, fidelity=fidelity)
                )
        self._suggested |= suggested
        self._results |= finished

    @property
    def history(self) -> tuple[TrialResult, ...]:
        """What was told, in the order of the ids."""
        return tuple(self._results[i] for i in sorted(self._results))

    @property
    def fidelities(self) -> tuple[int, ...]:
        """The numbers of epochs that it asks for, from the fewest on; empty leaves them to the evaluator."""
        return ()

    @property
    def learns(self) -> bool:
        """Whether results change what it asks."""
        return True

    def asked_before(self, number: int) -> list[Suggestion]:
        """Return the suggestions with smaller ids, in their order."""
        return [self._suggested[i] for i in sorted(self._suggested) if i < number]

    def measured_before(self, number: int) -> list[TrialResult]:
        """Return the results with a value and a smaller id, in the order of the ids."""
        return [r for r in self.history if r.id < number and r.value is not None]

    def propose(self, number: int, before: Mapping[int, Architecture]) -> Suggestion | None:
        """Return the suggestion under an id: what `suggest` says, its epochs left to the evaluator.

        A strategy that chooses the epochs overrides this. It may ask an architecture again, for more epochs.

        Args:
            number: the id.
            before: as of `suggest`; `asked_before` has the epochs, too.
        """
        architecture = self.suggest(number, before)
        return None if architecture is None else Suggestion(number, architecture)

    @abstractmethod
    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        """Return what to try under an id, None where nothing is left.

        Args:
            number: the id.
            before: the architectures with smaller ids, finished or running; what is known of the finished
                ones is in `history`.
        """

    def _next_id(self) -> int:
        while self._first_open in self._suggested:
            self._first_open += 1
        return self._first_open


def _checked_fidelity(known: Suggestion | None, result: TrialResult) -> int | None:
    """Return the epochs that a result was asked for, by its suggestion where it does not say."""
    if known is None:
        return result.fidelity
    if known.architecture != result.architecture:
        raise BadInput(
            f"trial {result.id} was suggested as {known.architecture} and is told as "
            f"{result.architecture}; tell the history of this search alone"
        )
    if None not in (known.fidelity, result.fidelity) and known.fidelity != result.fidelity:
        raise BadInput(
            f"trial {result.id} was suggested for {known.fidelity} epochs and is told for "
            f"{result.fidelity}; tell the history of this search alone"
        )
    return known.fidelity if result.fidelity is None else result.fidelity


def _said(result: TrialResult) -> str:
    return result.status if result.value is None else f"{result.status} with {result.value}"


def check_settings(strategy: type[Strategy], names: Iterable[str]) -> None:
    """Refuse names of settings that stand for something else.

    Raises:
        BadInput: with the first of them.
    """
    for name in names:
        if name in NO_SETTINGS:
            raise BadInput(
                f"{name!r} is no setting of strategy {strategy.name!r} but of the search; leave it out"
            )


def _checked(strategy: type[Strategy], given: Mapping[str, Any]) -> Settings:
    known = strategy.Settings.model_fields
    for name in given:
        if name not in known:
            if not known:
                raise BadInput(
                    f"strategy {strategy.name!r} has no settings, got {name}={given[name]}; leave it out"
                )
            raise unknown_name(f"setting of strategy {strategy.name!r}", name, known)
    try:
        return strategy.Settings.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise BadInput(
            f"setting {name}={first['input']} of strategy {strategy.name!r} is wrong: {first['msg'].lower()}"
        ) from error
