"""Whether inheritance of weights leaves the order of a search's trials alone, as far as its results tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from archmend.search.objectives import first_of
from archmend.search.scores import rank_correlation
from archmend.search.types import Value


class Measured(Protocol):
    """What is needed of a trial: a `TrialResult`, or a record of one through `Trial`."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def value(self) -> Value | None:
        """Larger is better; None where nothing was measured."""

    @property
    def epochs(self) -> float | None:
        """Trained in this trial."""

    @property
    def parent(self) -> int | None:
        """Trial whose weights it started from."""


@dataclass(frozen=True)
class Trial:
    """A trial as a record has it; see `Measured`."""

    id: int
    value: Value | None
    epochs: float | None
    parent: int | None


@dataclass(frozen=True)
class InheritanceCheck:
    """What a search's results say of its inheritance.

    Inherited values are those of longer trainings, and not equally long ones, so their order is not that of
    the architectures. Only values of the same architectures from scratch tell how far it is: neither
    trials with and without parents nor children and parents do, since whoever is a parent was chosen for
    its value.

    Attributes:
        trials: with a value. inherited: of them, started from another one's weights.
        epochs: median of the epochs that stand behind an inherited start, over all generations.
        repeated: trials whose value from scratch is known. agreement: rank correlation (Spearman) of the
            values with those from scratch; None for fewer than three. overestimate: median of value less
            value from scratch; None without any.
    """

    trials: int
    inherited: int
    epochs: float
    repeated: int = 0
    agreement: float | None = None
    overestimate: float | None = None


def check_inheritance(
    results: Iterable[Measured], from_scratch: Mapping[int, Value] | None = None
) -> InheritanceCheck | None:
    """Return what the results of a search say of its inheritance, None where no trial inherited.

    Args:
        results: of one search; what continues the training of the same architecture is no inheritance and
            is left out by the caller.
        from_scratch: values of some of these trials' architectures trained anew for as many epochs, by the
            trial's number.
    """
    known = {r.id: r for r in results if r.value is not None}
    children = [r for r in known.values() if r.parent in known]
    if not children:
        return None
    behind: dict[int, float] = {}
    for result in sorted(known.values(), key=lambda r: r.id):
        _epochs_behind(result, known, behind)
    pairs = [
        (first_of(known[i].value), first_of(value)) for i, value in (from_scratch or {}).items() if i in known
    ]
    return InheritanceCheck(
        len(known),
        len(children),
        median(behind[r.id] for r in children),
        len(pairs),
        rank_correlation(*zip(*pairs, strict=True)) if len(pairs) >= 3 else None,
        median(a - b for a, b in pairs) if pairs else None,
    )


def _epochs_behind(result: Measured, known: Mapping[int, Measured], behind: dict[int, float]) -> None:
    """Note the epochs of all ancestors; with several workers a parent's number may be larger."""
    line, here = [], result
    while here.id not in behind and here.parent in known and here not in line:
        line.append(here)
        assert here.parent is not None
        here = known[here.parent]
    behind.setdefault(here.id, 0.0)
    for descendant in reversed(line):
        assert descendant.parent is not None
        parent = known[descendant.parent]
        behind[descendant.id] = behind.get(parent.id, 0.0) + (parent.epochs or 0.0)
