"""What a worker is told and what it says: plain values that cross the border of a process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from archmend.search import CurvePoint, Rung
from archmend.spaces import SpaceSource

TIME_OVER = "the time was over"
SEARCH_OVER = "the search was over"
"""Reasons of trials that are stopped: at the limit, or when another one reached the target."""


@dataclass(frozen=True)
class TrainingSettings:
    """How every trial of a search is trained.

    Attributes:
        data: a prepared directory. space: name of a built-in space, or what was read of a user's file.
        epochs: unless a suggestion says otherwise. batch_size: rows a step.
        optimizer: by name. learning_rate: None where the space or the optimiser has it.
        latency: whether each network's latency is measured. latency_limit: milliseconds; a slower
            network is rejected before it is trained.
        weights: folder for the trained weights; None keeps none.
        memory: bytes that the arrays of networks which are trained together may take in a worker; None is no
            limit.
    """

    data: Path
    space: str | SpaceSource
    epochs: int
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float | None = None
    latency: bool = False
    latency_limit: float | None = None
    weights: Path | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Task:
    """One trial to train.

    Attributes:
        id: of the trial. architecture: its code. epochs: to train. seed: of weights and order.
        parent: file of weights to start from; None starts anew.
        deadline: a moment of `time.monotonic`, which all processes of a machine share; None for none.
        begun: of the epochs, those that the parent was trained for, with this seed: the trial goes on exactly
            where the parent ended, whose file has its whole state.
        whole_state: whether a later trial may go on from this one so.
        order: seed of the order of rows in a population, the same for all trials of a search; None trains the
            trial by itself, in an order of its own.
        rungs: where it may end early, in the order of their epochs.
    """

    id: int
    architecture: str
    epochs: int
    seed: int
    parent: Path | None = None
    deadline: float | None = None
    begun: int = 0
    whole_state: bool = False
    order: int | None = None
    rungs: tuple[Rung, ...] = ()


@dataclass(frozen=True)
class Report:
    """What became of a task, or how far it is.

    Attributes:
        id: of the trial. status: `running` is a report between epochs.
        metrics: on the validation part, if there are any. reason: for what did not succeed.
        epochs: trained so far. params, flops, latency_ms: of the network.
        curve: of whole epochs, in what a trial says at its end.
    """

    id: int
    status: Literal["running", "succeeded", "failed", "stopped", "rejected"]
    metrics: Mapping[str, float] = field(default_factory=dict)
    reason: str | None = None
    epochs: float = 0.0
    params: int | None = None
    flops: int | None = None
    latency_ms: float | None = None
    curve: tuple[CurvePoint, ...] = ()


@dataclass(frozen=True)
class Problem:
    """Why a worker cannot work at all, which is no trial's fault.

    Attributes:
        kind: of archmend's errors. text: the sentence, or for a missing extra nothing.
    """

    kind: Literal["missing", "input", "unavailable"]
    text: str


def too_slow(latency: float, limit: float | None) -> str | None:
    """Return why a network of this latency in milliseconds is rejected, None where it is not."""
    if limit is None or latency <= limit:
        return None
    return f"latency_ms {latency:.3g} is over the limit of {limit:g}"


def weights_file(folder: Path, trial: int) -> Path:
    """Return where a trial's weights lie."""
    return folder / f"{trial}.npz"


def order_seed(seed: int) -> int:
    """Return the seed of the order of rows that the populations of a search share, from the search's."""
    import numpy as np

    return int(np.random.SeedSequence((seed, 0, 1)).generate_state(1)[0] >> 1)


def trial_seed(seed: int, trial: int) -> int:
    """Return the seed of a trial, from the search's and its number alone."""
    import numpy as np

    return int(np.random.SeedSequence((seed, trial)).generate_state(1)[0] >> 1)
