"""The values that pass between a strategy, an evaluator and the search loop."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Literal, get_args

from archmend.errors import BadInput
from archmend.spaces import Architecture

Status = Literal["succeeded", "failed", "stopped", "rejected", "running"]
Value = float | tuple[float, ...]
EARLY = "stopped early"
"""How the reason of a trial begins that was not among the best on its way; a budget cuts with other words."""


def _is_number(value: object) -> bool:
    """Whether it is one real number, NumPy's among them, and not true or false."""
    return isinstance(value, Real) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question of a strategy: what is this architecture worth?

    Attributes:
        id: counts from 0 in the order of asking; the trial's number in the journal.
        architecture: what to train.
        fidelity: epochs to train for; None leaves it to the evaluator.
    """

    id: int
    architecture: Architecture
    fidelity: int | None = None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What was seen of a trial at the end of an epoch.

    Attributes:
        epoch: counts from 1, those of a trial that it went on from included.
        loss: mean training loss over the epoch.
        value: of the objective on the validation part, turned so that larger is better; None where it was
            not measured then.
    """

    epoch: int
    loss: float
    value: float | None = None


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What came of one suggestion.

    Attributes:
        value: larger is better; a tuple in the order of the objectives when there are several;
            None unless the trial succeeded or was stopped with something measured.
        status: `stopped` was cut by a budget or stopped early, `rejected` was over a cost limit and never
            trained.
        fidelity: epochs that were asked for, as in the suggestion.
        metrics: what was measured on the validation part (accuracy, average_precision, loss).
        reason: why it failed, was stopped or rejected.
        params: trainable parameters. flops: 2 x multiply-accumulates of one sample's forward pass.
        latency_ms: median measured latency of one sample, if it was measured.
        seconds: wall time. epochs: epochs that were trained. seed: the trial's own seed.
        parent: id of the trial whose weights it started from.
        curve: a point for each whole epoch that was trained, where the evaluator has kept them.
    """

    id: int
    architecture: Architecture
    value: Value | None
    status: Status = "succeeded"
    fidelity: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    reason: str | None = None
    params: int | None = None
    flops: int | None = None
    latency_ms: float | None = None
    seconds: float | None = None
    epochs: float | None = None
    seed: int | None = None
    parent: int | None = None
    curve: tuple[CurvePoint, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no trial, and a value that cannot be ranked.

        Raises:
            BadInput: naming the trial and what is wrong.
        """
        if isinstance(self.id, bool) or not isinstance(self.id, Integral) or self.id < 0:
            raise BadInput(f"a trial's id must be a whole number of at least 0, got {self.id!r}")
        if self.status not in get_args(Status):
            raise BadInput(
                f"trial {self.id} has the status {self.status!r}; give one of {', '.join(get_args(Status))}"
            )
        if self.status == "succeeded" and self.value is None:
            raise BadInput(f"trial {self.id} succeeded without a value; give one, or the status 'failed'")
        if self.status not in ("succeeded", "stopped") and self.value is not None:
            raise BadInput(
                f"trial {self.id} is {self.status!r} and has the value {self.value}; it must be None"
            )
        if self.fidelity is not None and not (_is_number(self.fidelity) and self.fidelity >= 1):
            raise BadInput(
                f"trial {self.id} has the fidelity {self.fidelity!r}; give epochs of at least 1, or None"
            )
        for name in ("params", "flops", "latency_ms"):
            cost = getattr(self, name)
            if cost is not None and not (_is_number(cost) and cost >= 0):
                raise BadInput(f"trial {self.id} has {name} {cost!r}; give a number of at least 0, or None")
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        if any(v is not None and not _is_number(v) for v in values):
            raise BadInput(f"trial {self.id} has the value {self.value!r}; give a number, or a tuple of them")
        if any(v is not None and not math.isfinite(v) for v in values):
            raise BadInput(
                f"trial {self.id} has the value {self.value}; tell status='failed' instead of NaN or infinity"
            )


@dataclass(frozen=True, slots=True)
class Budget:
    """Where a search stops, and what it may propose; None is no limit.

    Attributes:
        trials: charged trials (all but the rejected ones). seconds: wall time, a hard stop.
        params, flops, latency_ms: cost limits of one architecture.
        target: value of the first objective at which the search may stop.
    """

    trials: int | None = None
    seconds: float | None = None
    params: int | None = None
    flops: int | None = None
    latency_ms: float | None = None
    target: float | None = None

    def __post_init__(self) -> None:
        """Check every limit once, here.

        Raises:
            BadInput: a limit that is no number, or too small.
        """
        for name in ("trials", "params", "flops"):
            value = getattr(self, name)
            if value is not None and not (_is_number(value) and value >= 1 and value % 1 == 0):
                raise BadInput(f"{name} must be a whole number of at least 1, got {value!r}")
        for name in ("seconds", "latency_ms"):
            value = getattr(self, name)
            if value is not None and not (_is_number(value) and math.isfinite(value) and value > 0):
                raise BadInput(f"{name} must be above 0, got {value!r}")
        if self.target is not None and not (_is_number(self.target) and math.isfinite(self.target)):
            raise BadInput(f"target must be a finite number, got {self.target!r}")

    def excess(self, cost: Mapping[str, float]) -> str | None:
        """Return why an architecture of this `cost` (names as in `COSTS`) is over a limit, or None."""
        for name, limit in self.limits():
            # What is no number, as NaN, is within no limit.
            if name in cost and not cost[name] <= limit:
                return f"{COSTS[name][1]} {cost[name]:g} is over the limit of {limit:g}"
        return None

    def overrun(self, cost: Mapping[str, float]) -> float:
        """Return the largest ratio of a cost to its limit: at most 1 within all of them, 0 without any."""
        return max((cost[name] / limit for name, limit in self.limits() if name in cost), default=0.0)

    def limits(self) -> list[tuple[str, float]]:
        """Return what is limited, by the names of `COSTS`, and how."""
        given = ((name, getattr(self, limit)) for name, (limit, _) in COSTS.items())
        return [(name, limit) for name, limit in given if limit is not None]


def checked_budget(budget: object) -> Budget:
    """Return what is a budget.

    Raises:
        BadInput: anything else.
    """
    if not isinstance(budget, Budget):
        raise BadInput(f"budget must be a Budget, got {budget!r}; write Budget(trials=30), for instance")
    return budget


COSTS: Mapping[str, tuple[str, str]] = {
    "params": ("params", "params"),
    "flops": ("flops", "flops"),
    "latency_ms": ("latency_ms", "latency_ms"),
    "least_latency_ms": ("latency_ms", "predicted latency_ms of at least"),
}
"""Names of costs: the budget's limit for each, and what a message calls it."""
