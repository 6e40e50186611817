"""The seam for what is tried next: a strategy asks, and is told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from archmend.errors import BadInput, unknown_name
from archmend.search.types import Budget, Suggestion, TrialResult
from archmend.spaces import Architecture, Space


class Settings(BaseModel):
    """Base of a strategy's settings: a subclass has one field each, with its default and its limits."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Strategy(ABC):
    """Chooses architectures. All of its state is the history, in the order of the suggestions' ids.

    A subclass says what to suggest under an id, given every suggestion with a smaller one and what is
    known of it; it keeps nothing else. So a strategy that is told a journal goes on as the one that
    wrote it, in whatever order the results came.

    Attributes:
        name: by which it is created. Settings: of this strategy.
        space, seed, budget, objectives, settings: as given. prior: results of earlier runs.
    """

    name: ClassVar[str]
    Settings: ClassVar[type[Settings]] = Settings

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
        self._suggested: dict[int, Architecture] = {}
        self._results: dict[int, TrialResult] = {}
        self._first_open = 0  # nothing is ever taken back, so no smaller id opens again

    def ask(self, n: int = 1) -> list[Suggestion]:
        """Return `n` suggestions, fewer if the space is exhausted; they count as running until told.

        An id that the told history leaves out (it was running when a search was cut) is asked first.

        Raises:
            BadInput: n below 1.
        """
        if n < 1:
            raise BadInput(f"n must be at least 1, got {n}")
        made: list[Suggestion] = []
        while len(made) < n:
            number = self._next_id()
            architecture = self.suggest(number, {i: a for i, a in self._suggested.items() if i < number})
            if architecture is None:
                break
            self._suggested[number] = architecture
            made.append(Suggestion(number, architecture))
        return made

    def tell(self, results: Iterable[TrialResult]) -> None:
        """Take results in, in any order; also of suggestions that another object asked.

        Raises:
            BadInput: a result with another architecture than was suggested under its id.
        """
        for result in results:
            known = self._suggested.get(result.id)
            if known is not None and known != result.architecture:
                raise BadInput(
                    f"trial {result.id} was suggested as {known} and is told as {result.architecture}; "
                    "tell the history of this search alone"
                )
            self._suggested[result.id] = result.architecture
            if result.status != "running":
                self._results[result.id] = result

    @property
    def history(self) -> tuple[TrialResult, ...]:
        """What was told, in the order of the ids."""
        return tuple(self._results[i] for i in sorted(self._results))

    def measured_before(self, number: int) -> list[TrialResult]:
        """Return the results with a value and a smaller id, in the order of the ids."""
        return [r for r in self.history if r.id < number and r.value is not None]

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
