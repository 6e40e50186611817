"""Trials as files hold them: a line of trials.jsonl, best.json, pareto.json."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from archmend.search import CurvePoint, TrialResult, Value
from archmend.spaces import Space


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class CurveRecord(_Record):
    """What was seen of a trial at the end of an epoch.

    Attributes:
        epoch: counts from 1, those of a trial that it went on from included.
        loss: mean training loss over it.
        value: of the objective on the validation part, turned so that larger is better; null where it was
            not measured then.
    """

    epoch: int
    loss: float
    value: float | None = None


class TrialRecord(_Record):
    """One line of trials.jsonl.

    Attributes:
        trial: number, from 0. architecture: its code. objective: names with commas.
        status: `stopped` was cut by a budget or stopped early, with the value reached and its epochs;
            `rejected` was over a cost limit, never trained and not charged. reason: of what did not succeed.
        value: of the objectives in their order, each turned so that larger is better; a list if there
            are several. metrics: accuracy, average_precision and loss on the validation part.
        params: trainable parameters. flops: 2 x multiply-accumulates of one row. latency_ms: median of
            one row, null where it was not measured. seconds: wall time. epochs: trained, fractions too.
        seed: of the trial. parent: trial whose weights it started from.
        fidelity: epochs that a strategy with several fidelities asked for, those of the trials that it went
            on from included; null where the strategy leaves the epochs alone.
        curve: a point for each whole epoch of its training; empty where nobody kept them.
    """

    schema_version: Literal[1] = 1
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
    seed: int | None = None
    parent: int | None = None
    fidelity: int | None = None
    curve: tuple[CurveRecord, ...] = ()

    @classmethod
    def of(cls, result: TrialResult, objective: str) -> TrialRecord:
        """Return the record of a result."""
        return cls(objective=objective, **_fields(result))

    def result(self, space: Space) -> TrialResult:
        """Return what the search was told.

        Raises:
            BadInput: the architecture is not of the space.
        """
        value: Value | None = tuple(self.value) if isinstance(self.value, tuple | list) else self.value
        return TrialResult(
            self.trial,
            space.parse(self.architecture),
            value,
            self.status,
            self.fidelity,
            metrics=self.metrics,
            reason=self.reason,
            params=self.params,
            flops=self.flops,
            latency_ms=self.latency_ms,
            seconds=self.seconds,
            epochs=self.epochs,
            seed=self.seed,
            parent=self.parent,
            curve=tuple(CurvePoint(p.epoch, p.loss, p.value) for p in self.curve),
        )


class ClassCounts(_Record):
    """One class against the rest on the validation part, in rows."""

    tp: int
    tn: int
    fp: int
    fn: int


class BestRecord(TrialRecord):
    """best.json: the best trial, and of what search it is.

    Attributes:
        confusion: counts of each class by its name; empty where the trial's weights are gone.
        space, strategy: of the search. stopped_by: what ended it.
        data_digest, split_digest: of the data.
        confirmed: mean value of its fresh trainings in the first objective, turned as `value` is; null where
            it was not trained again.
    """

    space: str
    strategy: str
    stopped_by: str
    data_digest: str
    split_digest: str
    confusion: dict[str, ClassCounts] = {}
    confirmed: float | None = None


class HypervolumeRecord(_Record):
    """What a search's trials cover of its objectives.

    Attributes:
        value: volume between the front and the reference point, in the objectives' own units.
        share: of the box between reference and ideal point, 0 to 1.
        reference: a tenth of each objective's span behind the worst value that a trial of this search has.
        ideal: the best value of each objective. Both are turned as values are, so that larger is better.
    """

    value: float
    share: float
    reference: tuple[float, ...]
    ideal: tuple[float, ...]


class ParetoRecord(_Record):
    """pareto.json: the trials that no other dominates, the best first objective first.

    Attributes:
        hypervolume: that they cover.
    """

    schema_version: Literal[1] = 1
    objectives: tuple[str, ...]
    trials: tuple[TrialRecord, ...]
    hypervolume: HypervolumeRecord | None = None


def _fields(result: TrialResult) -> dict[str, object]:
    return {
        "trial": result.id,
        "architecture": str(result.architecture),
        "status": result.status,
        "reason": result.reason,
        "value": result.value,
        "metrics": dict(result.metrics),
        "params": result.params,
        "flops": result.flops,
        "latency_ms": result.latency_ms,
        "seconds": result.seconds,
        "epochs": result.epochs,
        "seed": result.seed,
        "parent": result.parent,
        "fidelity": result.fidelity,
        "curve": tuple(CurveRecord(epoch=p.epoch, loss=p.loss, value=p.value) for p in result.curve),
    }
