"""What `asha` and `hyperband` share: the rungs, and another strategy as the source of new architectures."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from archmend.errors import BadInput
from archmend.search.proposing import as_told
from archmend.search.strategy import Settings, Strategy, check_settings
from archmend.search.types import Suggestion, TrialResult
from archmend.spaces import Architecture

PROPOSER = "proposer."
"""Before the names of the proposer's own settings: `proposer.sample=10`."""


class RungSettings(Settings):
    """Settings of a strategy with rungs.

    Attributes:
        min_epochs, max_epochs: of the first rung (at least), and of the last. reduction_factor: how many
            times fewer epochs the rung below has; of a rung one in as many is promoted.
        proposer: the strategy that proposes new architectures; its own settings come as `proposer.NAME`.
    """

    min_epochs: int = Field(default=1, ge=1)
    max_epochs: int = Field(default=27, ge=1)
    reduction_factor: int = Field(default=3, ge=2)
    proposer: str = "random"


class RungStrategy(Strategy):
    """Trains many architectures for few epochs and the best of them for more, rung by rung.

    Each rung has `reduction_factor` times the epochs of the one below. A promoted architecture is a trial of
    its own, with the same architecture and a higher fidelity.
    """

    Settings: ClassVar[type[Settings]] = RungSettings
    settings: RungSettings

    def __init__(self, *args: Any, **given: Any) -> None:
        """Check the settings, the proposer's too.

        Raises:
            BadInput: wrong settings, or a proposer that cannot be one.
        """
        inner = {k.removeprefix(PROPOSER): v for k, v in given.items() if k.startswith(PROPOSER)}
        check_settings(type(self), inner)
        super().__init__(*args, **{k: v for k, v in given.items() if not k.startswith(PROPOSER)})
        settings, self._inner = self.settings, inner
        if settings.min_epochs > settings.max_epochs:
            raise BadInput(
                f"min_epochs of strategy {self.name!r} must be at most max_epochs, got {settings.min_epochs} "
                f"and {settings.max_epochs}"
            )
        self._fidelities = rungs(settings.min_epochs, settings.max_epochs, settings.reduction_factor)
        self._brackets = self._checked_brackets()
        proposer = self._first_proposer()
        self._proposer = type(proposer)
        if proposer.fidelities or proposer.waits:
            raise BadInput(
                f"the proposer of strategy {self.name!r} cannot be {settings.proposer!r}, which chooses the "
                "epochs itself; take another one"
            )

    @property
    def fidelities(self) -> tuple[int, ...]:
        """The epochs of the rungs."""
        return self._fidelities

    @property
    def learns(self) -> bool:
        """Whether results change what the proposer asks."""
        return self._first_proposer().learns

    @abstractmethod
    def propose(self, number: int, before: Mapping[int, Architecture]) -> Suggestion | None:
        """Return a new architecture on a bracket's first rung, or a promotion to the next rung."""

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        """Return the architecture that `propose` does."""
        suggestion = self.propose(number, before)
        return None if suggestion is None else suggestion.architecture

    def results_before(self, number: int) -> dict[int, TrialResult]:
        """Return what is known of smaller ids, measured or not."""
        return {result.id: result for result in self.history if result.id < number}

    def level(self, fidelity: int | None) -> int:
        """Return the rung of a fidelity, the lowest for none."""
        return 0 if fidelity is None else max(0, bisect_right(self._fidelities, fidelity) - 1)

    def new_architecture(
        self, asked: Sequence[Suggestion], results: Mapping[int, TrialResult]
    ) -> Architecture | None:
        """Return what the proposer asks next, None where it has nothing left.

        It is made anew for each question, for what it is told of an architecture changes with promotions.
        """
        proposer = self._new_proposer()
        proposer.tell(as_told(asked, results))
        made = proposer.ask(1)
        return made[0].architecture if made else None

    def _first_proposer(self) -> Strategy:
        from archmend.search.strategies import create_strategy  # which knows the subclasses of this class

        return create_strategy(self.settings.proposer, self.space, self.seed, **self._for_proposer())

    def _new_proposer(self) -> Strategy:
        return self._proposer(self.space, self.seed, **self._for_proposer())

    def _for_proposer(self) -> dict[str, Any]:
        given = {"budget": self.budget, "objectives": self.objectives, "prior": self.prior}
        return {**self._inner, **given}

    def _checked_brackets(self) -> int:
        most = len(self._fidelities)
        brackets: int | None = getattr(self.settings, "brackets", None)
        if brackets is not None and brackets > most:
            raise BadInput(
                f"brackets of strategy {self.name!r} must be at most the number of rungs, {most} "
                f"({', '.join(map(str, self._fidelities))} epochs), got {brackets}"
            )
        return most if brackets is None else brackets


def rungs(least: int, most: int, factor: int) -> tuple[int, ...]:
    """Return the epochs of the rungs: `most`, and down from it by `factor` while `least` allows."""
    found = [most]
    divisor = factor
    while most >= least * divisor:
        found.append(round(most / divisor))
        divisor *= factor
    return tuple(reversed(found))
