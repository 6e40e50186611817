"""The average of the weights over the later epochs: one more candidate, for no more training.

Averaged weights lie in a flatter place than the last ones and mostly answer better (Izmailov et al.,
UAI 2018).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from archmend.repair.candidates import Candidates
from archmend.repair.engine import Engine
from archmend.repair.run import Run, Validation

if TYPE_CHECKING:
    from archmend.repair.packing import Packer, Unpacker

NAME = "averaged"
FEWEST = 3
"""Epochs below which an average is hardly more than the last one of them."""
LEVEL = 2.0
"""Standard errors by which the average may be less accurate than the best of all epochs. Of 1, 2 and 3 the
one that answered best on fresh rows, over networks of 8 to 16 layers and 150 to 300 epochs."""

LATEST = 1.0
"""Standard errors by which it may be less accurate than the last epoch, which is one alone, too."""


class WeightAverage:
    """Takes the weights after each epoch of the second half; a change of the network begins anew."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._engine: Engine | None = None
        self._mean: list[np.ndarray] = []
        self._count = 0

    def take(self, run: Run) -> None:
        """Take the weights at the end of an epoch."""
        if 2 * run.place.epoch <= run.epochs:
            return
        # A kept repair, also one that only turned a setting, is where the history of the path begins anew.
        epochs_since = len(run.place.history) - run.place.since
        if run.engine is not self._engine or epochs_since <= 1:
            self._engine, self._mean, self._count = run.engine, [], 0
        weights = run.engine.weights()
        self._count += 1
        self._mean = (
            [m + (w - m) / self._count for m, w in zip(self._mean, weights, strict=True)]
            if self._mean
            else weights
        )

    def offer(self, run: Run, candidates: Candidates) -> None:
        """Let the average be a candidate, the best one unless it is worse; the run stands where it stood."""
        if self._count < FEWEST or run.engine is not self._engine:
            return
        here, last, best = run.checkpoint(), run.validate(), None
        if candidates.best is not None:
            run.restore(candidates.best)
            best = run.validate()
            run.restore(here)
        run.engine.put_weights(self._mean)
        run.refresh_statistics()
        number, found = candidates.add(candidates.remedies, name=NAME), run.validate()
        candidates.consider(number, run, found)
        # Where the last epoch does better, the run was still learning and the average knows less.
        if best is not None and _level(last, found, LATEST) and _level(best, found, LEVEL):
            candidates.take(number, run, found)
        run.restore(here)

    def state_dict(self, pack: Packer) -> dict[str, Any]:
        """Return the average so far."""
        if self._engine is None:
            return {}
        return {
            "engine": pack.engine(self._engine),
            "mean": pack.values(self._mean),
            "count": self._count,
        }

    def load_state_dict(self, state: Mapping[str, Any], unpack: Unpacker) -> None:
        """Take over what `state_dict` returned."""
        if state:
            self._engine = unpack.engine(state["engine"])
            self._mean, self._count = unpack.values(state["mean"]), state["count"]


def _level(other: Validation, found: Validation, errors: float) -> bool:
    """Whether an answer is less right than another by so many standard errors of the rows at most.

    The best of many epochs is also the luckiest of them, and the average is one alone (after the rule of
    standard errors of Breiman et al., 1984).
    """
    if not (np.isfinite(found.loss) and np.isfinite(found.accuracy) and len(found.correct) > 1):
        return False
    differences = other.correct - found.correct
    return float(differences.mean()) <= errors * float(differences.std(ddof=1)) / math.sqrt(len(differences))
