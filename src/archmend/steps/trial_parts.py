"""What a trial of one architecture and one of several do alike."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from archmend.datasets import DATA_FILE, DataInfo, open_data, read_info, write_prepared
from archmend.networks import NoGpuError, pin_threads, take_gpus
from archmend.search import Suggestion, TrialResult
from archmend.spaces import Architecture, Space, from_texts
from archmend.steps.trial_record import keep_record
from archmend.steps.trial_request import TrialRequest
from archmend.steps.trial_weights import Offered, continued, inherited
from archmend.storage import fetched
from archmend.training import Report, Task, trial_result, trial_seed


@contextmanager
def prepared(request: TrialRequest) -> Iterator[tuple[Path, DataInfo]]:
    """Give a prepared directory: the downloaded one, or what a raw source is made into."""
    with fetched(request.data) if "://" in request.data else _as_it_is(request.data) as given:
        if isinstance(given, Path) and (given / DATA_FILE).is_file():
            yield given, read_info(given)
            return
        with tempfile.TemporaryDirectory(prefix="archmend-") as folder:
            made = open_data(str(given))
            yield write_prepared(made, Path(folder) / "data"), made.info


@contextmanager
def _as_it_is(data: str) -> Iterator[Path | str]:
    yield Path(data) if Path(data).exists() else data


def architecture_of(request: TrialRequest, space: Space) -> Architecture:
    """Return what a request of one architecture is to train.

    Raises:
        BadInput: it is not of the space.
    """
    if request.architecture is not None:
        return space.parse(request.architecture)
    return from_texts(space, request.choices)


def over_limit(request: TrialRequest, space: Space, architecture: Architecture) -> TrialResult | None:
    """Return the end of a trial whose architecture is over a limit, None where it is not."""
    cost = space.cost(architecture)
    for name, limit in (("params", request.max_params), ("flops", request.max_flops)):
        if limit is not None and name in cost and cost[name] > limit:
            return TrialResult(
                request.number,
                architecture,
                None,
                "rejected",
                request.epochs if request.go_on else None,
                reason=f"{name} {cost[name]:,.0f} is over the limit of {limit:,}",
                params=int(cost["params"]),
                flops=int(cost["flops"]),
            )
    return None


def start_tensorflow(request: TrialRequest) -> None:
    """Load TensorFlow, for results that are the same on any node.

    Raises:
        NoGpuError: one was asked for and there is none.
    """
    # One thread, as in the workers of a local search.
    pin_threads(1)
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    take_gpus(required=request.require_gpu)


@dataclass(frozen=True)
class Beginning:
    """Where a training begins.

    Attributes:
        seed: of it. parent: trial whose weights it starts from. weights: a file of them.
        begun: epochs that the parent was trained for, where this one goes on exactly there.
    """

    seed: int
    parent: int | None
    weights: Path | None
    begun: int


def beginning(
    request: TrialRequest,
    space: Space,
    architecture: Architecture,
    scratch: Path,
    offered: Offered | None = None,
) -> Beginning:
    """Return where a trial's training begins; the arguments are those of `inherited`."""
    seed = trial_seed(request.seed, request.number)
    earlier, weights = continued(request, space, architecture, scratch, offered)
    if earlier is not None:
        own = seed if earlier.seed is None else earlier.seed
        return Beginning(own, earlier.id, weights, earlier.fidelity or 0)
    parent, weights = inherited(request, space, architecture, scratch, offered)
    return Beginning(seed, parent, weights, 0)


def task_of(
    request: TrialRequest, architecture: Architecture, begins: Beginning, order: int | None = None
) -> Task:
    """Return what a request's training is told; `order` is as of `Task`."""
    return Task(
        request.number,
        str(architecture),
        request.epochs,
        begins.seed,
        begins.weights,
        _deadline(request),
        begun=begins.begun,
        whole_state=request.go_on,
        order=order,
    )


def _deadline(request: TrialRequest) -> float | None:
    """Return the deadline in `time.monotonic`'s seconds."""
    if request.deadline is None:
        return None
    return time.monotonic() + (request.deadline - time.time())


def result_of(
    request: TrialRequest, architecture: Architecture, report: Report, seed: int, parent: int | None
) -> TrialResult:
    """Return what became of a trial, from what its training said last."""
    suggestion = Suggestion(request.number, architecture, request.epochs if request.go_on else None)
    return trial_result(suggestion, report, request.objectives, seed=seed, parent=parent)


def keep_without_gpu(
    request: TrialRequest, architecture: Architecture, error: NoGpuError, seconds: float
) -> None:
    """Keep the record of a trial that found no GPU: it must say why, and another node may have one."""
    report = Report(request.number, "failed", reason=str(error))
    seed = trial_seed(request.seed, request.number)
    keep_record(request, replace(result_of(request, architecture, report, seed, None), seconds=seconds))
