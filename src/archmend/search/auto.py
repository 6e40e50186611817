"""The default: another strategy, chosen by the budget and the objectives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from archmend.search.nsga2 import Nsga2
from archmend.search.strategy import Strategy
from archmend.search.surrogate import Surrogate
from archmend.search.types import Budget, Suggestion, TrialResult
from archmend.spaces import Architecture

_SPREAD = 100
"""Trials from which on a population covers a front of several objectives better than a model of ranks."""


class Auto(Strategy):
    """Hands every question on to the strategy that suits this search.

    With several objectives and a limit of at least 100 trials, or none of trials and time, that is `nsga2`,
    which is no better than chance below 50 trials (how many fit into a time, nobody knows before). Else
    `surrogate`, in spaces of every size: it is ahead of `random` from its first model on, tries the whole of
    a small space, too, and its milliseconds an ask are little beside any training. What it chose is
    `chosen.name`.
    """

    name: ClassVar[str] = "auto"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Choose.

        Raises:
            BadInput: wrong settings, or no architecture within the limits.
        """
        super().__init__(*args, **kwargs)
        strategy = chosen_for(self.budget, self.objectives)
        self.chosen = strategy(
            self.space, self.seed, budget=self.budget, objectives=self.objectives, prior=self.prior
        )

    def ask(self, n: int = 1) -> list[Suggestion]:
        """Return what the chosen strategy asks; see `Strategy.ask`."""
        return self.chosen.ask(n)

    def tell(self, results: Iterable[TrialResult]) -> None:
        """Take results in; see `Strategy.tell`."""
        self.chosen.tell(results)

    @property
    def history(self) -> tuple[TrialResult, ...]:
        """What was told, in the order of the ids."""
        return self.chosen.history

    @property
    def learns(self) -> bool:
        """Whether results change what the chosen strategy asks."""
        return self.chosen.learns

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        """Return what the chosen strategy suggests."""
        return self.chosen.suggest(number, before)


def chosen_for(budget: Budget, objectives: Sequence[str]) -> type[Strategy]:
    """Return the strategy that suits a search."""
    many = budget.seconds is None if budget.trials is None else budget.trials >= _SPREAD
    return Nsga2 if len(objectives) > 1 and many else Surrogate
