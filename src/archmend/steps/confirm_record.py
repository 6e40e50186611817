"""confirm.json: what fresh trainings of the best architectures said, and a sentence for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from archmend.errors import BadInput

CONFIRM = "confirm.json"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Candidate(_Record):
    """One architecture that was trained again; values are turned so that larger is better.

    Attributes:
        trial: of the search. architecture: its code. first_look: its value in the search.
        repeats: values of the fresh trainings. failed: how many of these gave none. mean: of the values,
            null without any. overestimated: what the first look was above the mean.
        estimate: of its worth by all its values, drawn towards those of the other architectures the more the
            fewer values there are; see `archmend.search.estimates`. error: standard deviation of that.
    """

    trial: int
    architecture: str
    first_look: float
    repeats: tuple[float, ...]
    failed: int
    mean: float | None
    overestimated: float | None
    estimate: float
    error: float


class ConfirmRecord(_Record):
    """confirm.json.

    Attributes:
        objective: the first of the search, of which the values are. direction: of it as it is named.
        repeats: fresh trainings of each candidate that were wanted.
        candidates: the best by `estimate` first, those after the others of which a training failed.
        winner: trial that best.json has. first_look: trial that the search alone would have chosen.
    """

    schema_version: Literal[1] = 1
    objective: str
    direction: Literal["maximize", "minimize"]
    repeats: int
    candidates: tuple[Candidate, ...]
    winner: int
    first_look: int

    def mean_of(self, trial: int) -> float | None:
        """Return the mean of a candidate's fresh trainings, None without any."""
        return next(c.mean for c in self.candidates if c.trial == trial)

    def sentences(self) -> Iterator[str]:
        """Yield what a person wants to know, each candidate in a line; values as the objective is named."""
        sign = 1 if self.direction == "maximize" else -1
        for candidate in self.candidates:
            yield f"{candidate.architecture} (trial {candidate.trial}): {_said(candidate, self, sign)}"
        if self.winner != self.first_look:
            yield (
                f"the winner is trial {self.winner}; the search alone would have chosen trial "
                f"{self.first_look}"
            )


def read_confirm(folder: Path) -> ConfirmRecord | None:
    """Return confirm.json of a run's folder, None where nothing was confirmed.

    Raises:
        BadInput: it is damaged.
    """
    path = folder / CONFIRM
    if not path.is_file():
        return None
    try:
        return ConfirmRecord.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise BadInput(f"{str(path)!r} is damaged; run the search again with --resume") from error


def _said(candidate: Candidate, record: ConfirmRecord, sign: int) -> str:
    first = f"{record.objective} {sign * candidate.first_look:.4f} at first"
    failed = f"; {candidate.failed} of its fresh trainings failed" if candidate.failed else ""
    if candidate.mean is None or candidate.overestimated is None:
        return f"{first}, not measured again{failed}"
    again = f"{sign * candidate.mean:.4f} on average of {len(candidate.repeats)} fresh trainings"
    gap = candidate.overestimated
    judged = f"too good by {gap:.4f}" if gap > 0 else f"too bad by {-gap:.4f}"
    return f"{first}, {again}: the first look was {judged}{failed}"
