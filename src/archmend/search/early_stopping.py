"""Which trials end before their last epoch, from what they are worth on the way."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from archmend.errors import BadInput, unknown_name
from archmend.search.objectives import DIRECTIONS
from archmend.search.types import EARLY, TrialResult

MEASURED = ("accuracy", "average_precision", "loss")
"""Objectives that training changes; what a network costs is the same after each epoch."""


class EarlyStopping(BaseModel):
    """Successive halving that stops: `asha`, with the same rungs as the strategy of that name.

    After `min_epochs`, and after `reduction_factor` times as many again and again, a trial goes on if it is
    among the best 1 / `reduction_factor` of the trials that have come as far; nobody waits for others. The
    stopping form of asynchronous successive halving (Li et al., A System for Massively Parallel
    Hyperparameter Tuning, MLSys 2020).

    Attributes:
        reduction_factor: of the trials at a rung one in so many goes on. min_epochs: of the first rung.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reduction_factor: int = Field(default=3, ge=2)
    min_epochs: int = Field(default=1, ge=1)

    def epochs_below(self, epochs: int) -> tuple[int, ...]:
        """Return the epochs of the rungs of a training of so many epochs, without its end."""
        found, at = list[int](), self.min_epochs
        while at < epochs:
            found.append(at)
            at *= self.reduction_factor
        return tuple(found)

    def rungs(self, epochs: int, objective: str, before: Sequence[TrialResult]) -> tuple[Rung, ...]:
        """Return the rungs of a trial.

        Args:
            epochs: that it is trained for.
            objective: by which trials are compared.
            before: results with their curves that it is compared with.
        """
        return tuple(
            Rung(at, objective, self.reduction_factor, tuple(_values(before, at)))
            for at in self.epochs_below(epochs)
        )


@dataclass(frozen=True, slots=True)
class Rung:
    """Where trials are compared.

    Attributes:
        epochs: after which. objective: by which. reduction_factor: one in so many goes on.
        known: values of earlier trials there, turned so that larger is better.
    """

    epochs: int
    objective: str
    reduction_factor: int
    known: tuple[float, ...] = ()

    def verdict(self, value: float, together: Sequence[float] = ()) -> str | None:
        """Return why a trial ends here, None where it goes on.

        Args:
            value: of the trial.
            together: values of those that have come here at once, its own among them; none where it is alone.
        """
        there = [*self.known, *(together or (value,))]
        room = math.ceil(len(there) / self.reduction_factor)
        if sum(other > value for other in there) < room:
            return None
        return (
            f"{EARLY}: its {self.objective} {value * DIRECTIONS[self.objective]:.4g} after "
            f"{self.epochs} epoch{'s' * (self.epochs > 1)} is not among the best {room} of {len(there)}"
        )


def parse_early_stopping(text: str) -> EarlyStopping:
    """Return what a text such as `asha` or `asha:reduction_factor=4,min_epochs=2` says.

    Raises:
        BadInput: another name, or a setting that is none or has a wrong value.
    """
    name, colon, rest = text.partition(":")
    if name != "asha":
        raise unknown_name("early stopping", name, ("asha",))
    settings: dict[str, str] = {}
    for part in rest.split(",") if colon else ():
        key, equals, value = part.partition("=")
        if not (equals and value) or key not in EarlyStopping.model_fields or key in settings:
            names = ", ".join(EarlyStopping.model_fields)
            raise BadInput(
                f"{part!r} in --early-stopping {text!r} is no setting; write asha:key=value, with each of "
                f"{names} once at most"
            )
        settings[key] = value
    try:
        return EarlyStopping.model_validate(settings)
    except ValidationError as error:
        wrong = error.errors()[0]
        key = str(wrong["loc"][0])
        least = 2 if key == "reduction_factor" else 1
        raise BadInput(
            f"{key} in --early-stopping {text!r} must be a whole number of at least {least}, got "
            f"{settings[key]!r}"
        ) from error


def check_early_stopping(stopping: EarlyStopping, objectives: Sequence[str], epochs: int) -> None:
    """Refuse early stopping where trials cannot be compared on the way.

    Raises:
        BadInput: naming the flag, and what it does not go with.
    """
    if len(objectives) > 1 or objectives[0] not in MEASURED:
        raise BadInput(
            f"--early-stopping compares trials by one of {', '.join(MEASURED)} after some epochs, and "
            f"--objective is {','.join(objectives)}; leave one of them out"
        )
    if not stopping.epochs_below(epochs):
        raise BadInput(
            f"--early-stopping compares trials after {stopping.min_epochs} epoch"
            f"{'s' * (stopping.min_epochs > 1)} for the first time, and --epochs is {epochs}; train for "
            "more, or leave it out"
        )


def _values(results: Iterable[TrialResult], epochs: int) -> Iterable[float]:
    return (p.value for r in results for p in r.curve if p.epoch == epochs and p.value is not None)
