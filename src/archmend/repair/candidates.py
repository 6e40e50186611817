"""The candidates of a repair, and the best state seen in any of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from archmend.repair.run import Checkpoint, Run, Validation


@dataclass(frozen=True)
class Candidate:
    """One network that was trained: the untouched one, or one that a remedy led to.

    Attributes:
        name: `untouched`, the remedies joined by ` + `, or `averaged`.
        remedies: in the order in which they were made.
        value: best validation accuracy. loss: the compiled validation loss that goes with it.
        epochs: since the start that it was trained for, fractions too. kept: whether training went on.
    """

    name: str
    remedies: tuple[str, ...]
    value: float
    loss: float
    epochs: float
    kept: bool


class Candidates:
    """Keeps count of all candidates and a checkpoint of the best state of them all."""

    def __init__(self) -> None:
        """Start with the untouched run."""
        self._found: list[Candidate] = []
        self.best: Checkpoint | None = None
        self._best_key = (float("-inf"), float("-inf"))
        self.current = self.add(())

    def add(self, remedies: tuple[str, ...], *, name: str | None = None) -> int:
        """Add a candidate that is not kept yet; return its number."""
        made = name or " + ".join(remedies) or "untouched"
        kept = not remedies and name is None
        self._found.append(Candidate(made, remedies, float("nan"), float("nan"), 0.0, kept))
        return len(self._found) - 1

    def keep(self, number: int) -> None:
        """Training goes on with this candidate."""
        self._found[number] = replace(self._found[number], kept=True)
        self.current = number

    @property
    def remedies(self) -> tuple[str, ...]:
        """What the current candidate has been through."""
        return self._found[self.current].remedies

    def consider(self, number: int, run: Run, found: Validation) -> None:
        """Take note of a validation of candidate `number`, on which `run` now stands."""
        here, before = run.place, self._found[number]
        epochs = here.epoch + here.batch / run.batches_per_epoch
        better = before.value != before.value or found.key > (before.value, -before.loss)
        if better:
            self._found[number] = replace(before, value=found.accuracy, loss=found.loss, epochs=epochs)
        else:
            self._found[number] = replace(before, epochs=max(epochs, before.epochs))
        if found.key[1] > float("-inf") and (self.best is None or found.key > self._best_key):
            self.best, self._best_key = run.checkpoint(), found.key

    def listed(self) -> tuple[Candidate, ...]:
        """Return all candidates in the order in which they were trained."""
        return tuple(self._found)
