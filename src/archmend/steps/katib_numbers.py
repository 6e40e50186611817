"""Which trial of a search a Katib trial is: the same number again when the search goes on."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Mapping

from archmend.kubeflow.katib.experiment import Plan
from archmend.search import TrialResult
from archmend.steps.trial_request import trial_number
from archmend.training import trial_seed


class Numbers:
    """Numbers by the names of trials.

    Our own service writes the number into the name. Katib's own algorithms name trials by chance, and trials
    of one second have no order: they are numbered as they are first seen, and what the journal has already
    is known again by its seed, which comes from the name.
    """

    def __init__(self, plan: Plan, history: Iterable[TrialResult]) -> None:
        """Take the search, and the trials that its journal holds."""
        self._plan = plan
        self._numbers: dict[str, int] = {}
        held = list(history)
        self._by_seed = {result.seed: result.id for result in held if result.seed is not None}
        self._taken = {result.id for result in held}

    def of(self, name: str) -> int | None:
        """Return a trial's number; None where somebody else has put the trial into the Experiment."""
        if self._plan.algorithm.ours:
            prefix, _, digits = name.rpartition("-")
            known = prefix == self._plan.name and digits.isascii() and digits.isdigit()
            return int(digits) if known else None
        if name not in self._numbers:
            number = self._by_seed.get(seed_of(self._plan, name))
            if number is None:
                number = next(n for n in itertools.count() if n not in self._taken)
                self._taken.add(number)
            self._numbers[name] = number
        return self._numbers[name]

    def parents(self) -> Mapping[int, int]:
        """Return what a trial that does not know its number called the others, and their numbers."""
        return {zlib.crc32(name.encode()): number for name, number in self._numbers.items()}


def seed_of(plan: Plan, name: str) -> int:
    """Return the seed of the trial of this name, as the trial itself reckons it."""
    return trial_seed(plan.seed, trial_number(plan.name, name))
