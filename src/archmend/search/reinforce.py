"""Reinforcement learning: a controller that is rewarded for what it draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from archmend.search.limited import LimitedStrategy
from archmend.search.pareto import dominates
from archmend.search.policy import Policy
from archmend.search.strategy import Settings as BaseSettings
from archmend.search.types import TrialResult, Value
from archmend.spaces import Architecture

_TRIES = 32
_TRIES_A_DEGREE = 8
_COMPARED = 50


class Reinforce(LimitedStrategy):
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
        super().__init__(*args, **kwargs)
        # What was learned of the trials up to the first that still runs, and of all that have finished.
        self._settled: _Pupil | None = None
        self._latest: _Pupil | None = None

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        """Return an unseen draw of the policy within the limits."""
        rng = np.random.default_rng((self.seed, number))
        seen = set(before.values())
        policy = self._taught(number, before)
        for attempt in range(_TRIES):
            # Where the policy is sure of what was asked already, it is made less sure.
            drawn = policy.draw(rng, 1 + attempt / _TRIES_A_DEGREE)
            if drawn not in seen and self.fits(drawn):
                return drawn
        return self.draw_unseen(rng, seen)

    def _taught(self, number: int, before: Mapping[int, Architecture]) -> Policy:
        """Return the policy after all finished trials with smaller ids, in their order.

        What was learned is kept where it can be gone on from: a result that comes in between others is
        learned with all that follow it, so the order of telling makes no difference.
        """
        finished = [r for r in self.history if r.id < number]
        known = {result.id for result in finished}
        first_open = next((i for i in sorted(before) if i not in known), number)
        settled = [r for r in finished if r.id < first_open]
        if self._settled is None or not self._settled.knows_the_start_of(settled):
            self._settled = _Pupil(self._untaught(), [])
        self._settled.learn(settled)
        if len(settled) == len(finished):
            return self._settled.policy
        if self._latest is None or not self._latest.knows_the_start_of(finished):
            self._latest = _Pupil(self._settled.policy.copy(), settled)
        self._latest.learn(finished)
        return self._latest.policy

    def _untaught(self) -> Policy:
        policy = Policy(self.space, learning_rate=self.settings.learning_rate, entropy=self.settings.entropy)
        # By rank: on other data the values are others. From the worst to the best, so that these come last.
        count = len(self.earlier)
        for place, result in enumerate(reversed(self.earlier)):
            policy.learn(result.architecture, (2 * place + 1) / count - 1)
        return policy


class _Pupil:
    """A policy with the results that it has learned from."""

    def __init__(self, policy: Policy, learned: Sequence[TrialResult]) -> None:
        self.policy = policy
        self._learned = list(learned)

    def knows_the_start_of(self, results: Sequence[TrialResult]) -> bool:
        """Whether all that was learned are the first of the results."""
        if len(self._learned) > len(results):
            return False
        return all(a is b for a, b in zip(self._learned, results, strict=False))

    def learn(self, results: Sequence[TrialResult]) -> None:
        """Learn what is new of the results, whose start is known."""
        known = len(self._learned)
        values = [result.value for result in results[:known] if result.value is not None]
        for result in results[known:]:
            if result.value is None:
                self.policy.learn(result.architecture, -1.0)
            else:
                self.policy.learn(result.architecture, _reward(result.value, values[-_COMPARED:]))
                values.append(result.value)
        self._learned = list(results)


def _reward(value: Value, others: Sequence[Value]) -> float:
    if isinstance(value, tuple):
        beaten = sum(dominates(value, other) - dominates(other, value) for other in others)
    else:
        single = np.array(others, dtype=float)
        beaten = int((single < value).sum()) - int((single > value).sum())
    return beaten / max(1, len(others))
