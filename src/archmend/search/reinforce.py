"""Reinforcement learning: a controller that is rewarded for what it draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from archmend.search.fitting import draw_unseen, refuse_impossible
from archmend.search.pareto import dominates
from archmend.search.policy import Policy
from archmend.search.strategy import Settings as BaseSettings
from archmend.search.strategy import Strategy
from archmend.search.types import TrialResult, Value
from archmend.search.warm_start import usable
from archmend.spaces import Architecture

_TRIES = 32
_TRIES_A_DEGREE = 8
_COMPARED = 50


class Reinforce(Strategy):
    """Draws from a policy that has learned from each trial by a step along its gradient.

    REINFORCE (Williams, "Simple statistical gradient-following algorithms for connectionist reinforcement
    learning", Machine Learning 1992), as in the first architecture search by a controller (Zoph and Le,
    "Neural architecture search with reinforcement learning", ICLR 2017); here the controller is a product of
    one distribution a choice, which a hundred trials can teach something, see `Policy`. A trial's reward is
    how many of the trials shortly before it it beats, from -1 (it failed, or beats none) to 1: so it needs
    no scale, and works with several objectives, where it beats what it dominates. Results of earlier runs
    teach the policy before the first draw.
    """

    name: ClassVar[str] = "reinforce"

    class Settings(BaseSettings):
        """Settings of the controller.

        Attributes:
            learning_rate: step of the policy's logits for a reward of 1.
            entropy: weight of the policy's entropy beside the reward; more explores longer.
        """

        learning_rate: float = Field(default=1.0, gt=0, le=10)
        entropy: float = Field(default=0.02, ge=0, le=10)

    settings: Settings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Refuse a budget that nothing fits.

        Raises:
            BadInput: wrong settings, or no architecture within the limits.
        """
        super().__init__(*args, **kwargs)
        refuse_impossible(self.space, self.budget)
        self._earlier = usable(self.prior, self.space, self.objectives)
        self._learned: list[TrialResult] = []
        self._policy: Policy | None = None

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        """Return an unseen draw of the policy within the limits."""
        rng = np.random.default_rng((self.seed, number))
        seen = set(before.values())
        policy = self._taught(number, before)
        for attempt in range(_TRIES):
            # Where the policy is sure of what was asked already, it is made less sure.
            drawn = policy.draw(rng, 1 + attempt / _TRIES_A_DEGREE)
            if drawn not in seen and self.budget.excess(self.space.cost(drawn)) is None:
                return drawn
        return draw_unseen(self.space, self.budget, rng, seen)

    def _taught(self, number: int, before: Mapping[int, Architecture]) -> Policy:
        """Return the policy after all finished trials with smaller ids, in their order.

        What was learned up to the first trial that still runs is kept, as no result will come in before it.
        """
        finished = [r for r in self.history if r.id < number]
        known = {result.id for result in finished}
        first_open = next((i for i in sorted(before) if i not in known), number)
        settled = [r for r in finished if r.id < first_open]
        kept = len(self._learned)
        if self._policy is None or not _same(self._learned, settled[:kept]):
            self._policy, kept = self._untaught(), 0
        _teach(self._policy, settled, kept)
        self._learned = settled
        if len(settled) == len(finished):
            return self._policy
        policy = self._policy.copy()
        _teach(policy, finished, len(settled))
        return policy

    def _untaught(self) -> Policy:
        policy = Policy(self.space, learning_rate=self.settings.learning_rate, entropy=self.settings.entropy)
        # By rank: on other data the values are others. From the worst to the best, so that these come last.
        count = len(self._earlier)
        for place, result in enumerate(reversed(self._earlier)):
            policy.learn(result.architecture, (2 * place + 1) / count - 1)
        return policy


def _teach(policy: Policy, results: Sequence[TrialResult], first: int) -> None:
    """Let the policy learn from the results from place `first` on."""
    values = [result.value for result in results[:first] if result.value is not None]
    for result in results[first:]:
        if result.value is None:
            policy.learn(result.architecture, -1.0)
        else:
            policy.learn(result.architecture, _reward(result.value, values[-_COMPARED:]))
            values.append(result.value)


def _reward(value: Value, others: Sequence[Value]) -> float:
    if isinstance(value, tuple):
        beaten = sum(dominates(value, other) - dominates(other, value) for other in others)
    else:
        single = np.array(others, dtype=float)
        beaten = int((single < value).sum()) - int((single > value).sum())
    return beaten / max(1, len(others))


def _same(first: Iterable[TrialResult], second: Iterable[TrialResult]) -> bool:
    one, other = list(first), list(second)
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
