"""The candidates of a repair, and the best state seen in any of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from archmend.repair.run import Checkpoint, Run, Validation

if TYPE_CHECKING:
    from archmend.repair.packing import Packer, Unpacker


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
    """Keeps count of all candidates.

    Attributes:
        best: checkpoint of the best state of them all. best_number: of the candidate whose state it is.
        current: number of the candidate that training goes on with.
    """

    def __init__(self) -> None:
        """Start with the untouched run."""
        self._found: list[Candidate] = []
        self.best: Checkpoint | None = None
        self._best_key = (float("-inf"), float("-inf"))
        self.best_number = 0
        self.current = self.add(())

    def add(self, remedies: tuple[str, ...], *, name: str | None = None) -> int:
        """Add a candidate that is not kept yet; return its number."""
        made = name or " + ".join(remedies) or "untouched"
        kept = not remedies and name is None
        self._found.append(Candidate(made, remedies, float("nan"), float("nan"), 0.0, kept))
        return len(self._found) - 1

    def extend(self, number: int, remedy: str) -> None:
        """Candidate `number`, not trained yet, has been through one more remedy."""
        remedies = (*self._found[number].remedies, remedy)
        self._found[number] = replace(self._found[number], name=" + ".join(remedies), remedies=remedies)

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
            self.take(number, run, found)

    def take(self, number: int, run: Run, found: Validation) -> None:
        """Let the state on which `run` stands, of candidate `number`, be the best."""
        self.best, self._best_key = run.checkpoint(), found.key
        self.best_number = number

    @property
    def best_remedies(self) -> tuple[str, ...]:
        """What the best state has been through."""
        return self._found[self.best_number].remedies

    def listed(self) -> tuple[Candidate, ...]:
        """Return all candidates in the order in which they were trained."""
        return tuple(self._found)

    def state_dict(self, pack: Packer) -> dict[str, Any]:
        """Return all that is known of the candidates, the best state included."""
        return {
            "found": [asdict(candidate) for candidate in self._found],
            "current": self.current,
            "best": None if self.best is None else pack.checkpoint(self.best),
            "best_key": list(self._best_key),
            "best_number": self.best_number,
        }

    def load_state_dict(self, state: Mapping[str, Any], unpack: Unpacker) -> None:
        """Take over what `state_dict` returned."""
        self._found = [Candidate(**{**one, "remedies": tuple(one["remedies"])}) for one in state["found"]]
        self.current = state["current"]
        self.best = None if state["best"] is None else unpack.checkpoint(state["best"])
        accuracy, loss = state["best_key"]
        self._best_key = (accuracy, loss)
        self.best_number = int(state["best_number"])
