"""A run's folder as values: what the page shows, read once and checked here."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from archmend.datasets import DataInfo
from archmend.errors import BadInput
from archmend.evaluation import Evaluation
from archmend.registry import Version
from archmend.repair import Decision

_Model = TypeVar("_Model", bound=BaseModel)


class _Read(BaseModel):
    """What the page needs of a file; whatever else it holds is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class CurvePoint(_Read):
    """The end of an epoch of a trial."""

    epoch: int
    loss: float
    value: float | None = None


class Trial(_Read):
    """A line of trials.jsonl; `value` is turned so that larger is better."""

    trial: int
    architecture: str
    status: Literal["succeeded", "failed", "rejected", "stopped"]
    reason: str | None = None
    objective: str
    value: float | tuple[float, ...] | None
    metrics: dict[str, float] = {}
    params: int | None = None
    flops: int | None = None
    latency_ms: float | None = None
    seconds: float | None = None
    epochs: float | None = None
    fidelity: int | None = None
    parent: int | None = None
    curve: tuple[CurvePoint, ...] = ()

    @property
    def objectives(self) -> tuple[str, ...]:
        """Names of the objectives."""
        return tuple(self.objective.split(","))


class Best(Trial):
    """best.json."""

    space: str
    strategy: str
    stopped_by: str


class Pareto(_Read):
    """pareto.json."""

    trials: tuple[Trial, ...]


class Confirmed(_Read):
    """One of the candidates in confirm.json; values are turned so that larger is better."""

    trial: int
    architecture: str
    first_look: float
    repeats: tuple[float, ...]
    failed: int
    mean: float | None
    overestimated: float | None
    estimate: float
    error: float


class Confirm(_Read):
    """confirm.json."""

    objective: str
    direction: Literal["maximize", "minimize"]
    repeats: int
    candidates: tuple[Confirmed, ...]
    winner: int
    first_look: int


class Explanation(_Read):
    """explanation.json."""

    objective: str
    importance: dict[str, float]
    winner_is_best: float
    fit: float
    more: int
    gain: float
    gain_low: float
    gain_high: float


class Repair(_Read):
    """repair.json."""

    architecture: str | None = None
    best: str
    kept: int
    metrics: dict[str, float] = {}
    patch: tuple[str, ...] = ()


class LatencyModel(_Read):
    """How latency was predicted, and how well."""

    error_median: float
    error_p95: float
    least_ratio: float
    networks: int
    machine: str


class Latency(_Read):
    """What search.json says of a limit of latency."""

    model: LatencyModel
    trials: int = 0
    trials_error_median: float | None = None
    trials_error_p95: float | None = None


class EarlierRun(_Read):
    """What search.json says of an earlier run that the search began with."""

    run: str
    trials: int


class Asked(_Read):
    """run.json or search.json."""

    command: str | None = None
    request: dict[str, Any] = {}
    archmend_version: str | None = None
    started: str | None = None
    finished: str | None = None
    seconds: dict[str, float] | float = {}
    stopped_by: str | None = None
    latency: Latency | None = None
    warm_start: tuple[EarlierRun, ...] = ()


class Epoch(_Read):
    """A line of history.csv."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    learning_rate: float


class Probe(_Read):
    """A line of probes.jsonl: one layer at one moment of the training."""

    candidate: str
    epoch: float
    layer: str
    gradient_norm: float | None
    entropy: float | None
    dormant: float | None


@dataclass(frozen=True)
class RunRecord:
    """Everything that a run's folder says; None or empty for what it does not have.

    Attributes:
        name: of the folder. space_text: YAML of the space that was searched, where it is a user's.
    """

    name: str
    asked: Asked | None
    searched: Asked | None
    data: DataInfo | None
    trials: tuple[Trial, ...]
    best: Best | None
    pareto: tuple[Trial, ...]
    history: tuple[Epoch, ...]
    decisions: tuple[Decision, ...]
    repair: Repair | None
    evaluation: Evaluation | None
    version: Version | None
    space_text: str | None = None
    confirm: Confirm | None = None
    explanation: Explanation | None = None
    probes: tuple[Probe, ...] = ()

    @classmethod
    def from_directory(cls, folder: str | Path) -> RunRecord:
        """Read a folder that `archmend run` or `archmend search` wrote, finished or not.

        Raises:
            BadInput: no such folder, none of a run's files in it, or one that is damaged.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise BadInput(f"{str(folder)!r} is no folder; name the folder of a run")
        pareto = _json(folder / "pareto.json", Pareto)
        record = cls(
            folder.resolve().name,
            _json(folder / "run.json", Asked),
            _json(folder / "search.json", Asked),
            _json(folder / "data" / "data.json", DataInfo),
            _lines(folder / "trials.jsonl", Trial),
            _json(folder / "best.json", Best),
            pareto.trials if pareto else (),
            _epochs(folder / "history.csv"),
            _lines(folder / "decisions.jsonl", Decision),
            _json(folder / "repair.json", Repair),
            _json(folder / "evaluation.json", Evaluation),
            _json(folder / "registered.json", Version),
            _text(folder / "space.yaml"),
            _json(folder / "confirm.json", Confirm),
            _json(folder / "explanation.json", Explanation),
            _lines(folder / "probes.jsonl", Probe),
        )
        if not record.trials and record.evaluation is None and not record.history:
            raise BadInput(f"{str(folder)!r} holds no run; name the folder of a run")
        return record


def _json(path: Path, kind: type[_Model]) -> _Model | None:
    if not path.is_file():
        return None
    return _checked(path, lambda: kind.model_validate_json(path.read_bytes()))


def _text(path: Path) -> str | None:
    return _checked(path, lambda: path.read_text(encoding="utf-8")) if path.is_file() else None


def _lines(path: Path, kind: type[_Model]) -> tuple[_Model, ...]:
    """Read whole lines; one that a kill cut is none."""
    if not path.is_file():
        return ()
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1].splitlines()
    return _checked(path, lambda: tuple(kind.model_validate_json(line) for line in whole))


def _epochs(path: Path) -> tuple[Epoch, ...]:
    if not path.is_file():
        return ()
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return _checked(path, lambda: tuple(Epoch.model_validate(row) for row in rows))


_T = TypeVar("_T")


def _checked(path: Path, read: Callable[[], _T]) -> _T:
    try:
        return read()
    except (ValidationError, json.JSONDecodeError, UnicodeDecodeError) as error:
        first = error.errors()[0]["msg"].lower() if isinstance(error, ValidationError) else str(error)
        raise BadInput(f"{str(path)!r} is damaged ({first}); run the step that writes it again") from error
