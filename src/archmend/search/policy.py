"""A controller's policy: one distribution a choice, moved by what its draws were worth."""

from __future__ import annotations

from copy import copy

import numpy as np

from archmend.search.distributions import Head, head_of
from archmend.spaces import Architecture, Choice, Repeat, Scalar, Space
from archmend.spaces.choice import Partial
from archmend.spaces.walking import walk

_CRITIC_STEP = 0.2
_BASELINE_STEP = 0.1
_LARGEST_CREDIT = 2.0


class Policy:
    """Makes each active choice by a distribution of its own, and learns from rewards.

    A choice of a repetition has what it shares with the other repetitions besides what it has alone, so that
    repetitions that were never drawn are not without any experience. What an architecture does not make has
    no part in its reward.
    """

    def __init__(self, space: Space, *, learning_rate: float, entropy: float) -> None:
        """Begin with what the space's own draws do: uniform over listed values.

        Args:
            space: to draw from.
            learning_rate: of one reward, which lies between -1 and 1.
            entropy: weight of the entropy beside the reward.
        """
        self._items = space.choices
        self._repeated = {c.name for i in space.choices if isinstance(i, Repeat) for c in i.choices}
        self._rate, self._entropy = learning_rate, entropy
        self._heads: dict[str, Head] = {}
        self._shared: dict[str, Head] = {}
        self._baseline = 0.0

    def draw(self, rng: np.random.Generator, temperature: float = 1.0) -> Architecture:
        """Draw an architecture; above a temperature of 1 further from what was learned."""

        def decide(choice: Choice, _: Partial) -> Scalar:
            return self._head(choice).draw(rng, temperature)

        return Architecture(walk(self._items, decide))

    def learn(self, architecture: Architecture, reward: float) -> None:
        """Move the distribution of each choice that was made, by its own credit for the reward.

        The reward less a baseline is split by a critic that is a sum over the choices: what it expects of
        the others is part of the baseline of each, which leaves the gradient's expectation as it is and its
        variance smaller (Wu et al., "Variance reduction for policy gradient with action-dependent factorized
        baselines", ICLR 2018).
        """
        made = self._made(architecture)
        expected = sum(head.worth(value) for head, value in made)
        surprise = reward - self._baseline - expected
        moves = []
        for head, value in made:
            credit = min(_LARGEST_CREDIT, max(-_LARGEST_CREDIT, surprise + head.worth(value)))
            moves.append(self._rate * head.slope(value, credit, self._entropy))
        # Only now, as repetitions share what they move.
        for (head, value), move in zip(made, moves, strict=True):
            head.move(move)
            head.appraise(value, _CRITIC_STEP * surprise / len(made))
        self._baseline += _BASELINE_STEP * surprise

    def copy(self) -> Policy:
        """Return a policy that learns on by itself."""
        other = copy(self)
        other._shared = {kind: head.copied(None) for kind, head in self._shared.items()}
        other._heads = {
            name: head.copied(other._shared.get(self._kind(name))) for name, head in self._heads.items()
        }
        return other

    def _made(self, architecture: Architecture) -> list[tuple[Head, Scalar]]:
        found: list[tuple[Head, Scalar]] = []

        def decide(choice: Choice, _: Partial) -> Scalar:
            found.append((self._head(choice), architecture[choice.name]))
            return architecture[choice.name]

        walk(self._items, decide)
        return found

    def _head(self, choice: Choice) -> Head:
        if choice.name not in self._heads:
            kind = self._kind(choice.name)
            if kind in self._repeated and kind not in self._shared:
                self._shared[kind] = head_of(choice)
            self._heads[choice.name] = head_of(choice, self._shared.get(kind))
        return self._heads[choice.name]

    def _kind(self, name: str) -> str:
        """Return the name that the repetitions of a choice have in common."""
        stem, _, number = name.rpartition("_")
        return stem if number.isdigit() else name
