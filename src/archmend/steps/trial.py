"""One Katib trial: an architecture is trained once, and its metrics, record and weights are left behind."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from archmend.datasets import DATA_FILE, DataInfo, open_data, read_info, write_prepared
from archmend.errors import NothingSucceeded
from archmend.networks import NoGpuError, check_tensorflow, pin_threads, space_for, take_gpus
from archmend.search import TrialResult, objective_value
from archmend.spaces import Architecture, Space, from_texts
from archmend.steps.own_code import check_own_code
from archmend.steps.records import TrialRecord
from archmend.steps.signals import interruptible
from archmend.steps.trial_record import forget_failure, keep_record
from archmend.steps.trial_request import TrialRequest
from archmend.steps.trial_weights import continued, inherited, offer_weights
from archmend.storage import fetched
from archmend.training import Report, Task, TrainingSettings, trial_seed, weights_file

__all__ = ["TrialRequest", "trial"]

PRINTED = ("accuracy", "average_precision", "loss")


def trial(request: TrialRequest) -> TrialRecord:
    """Train, measure, keep the record and the weights, and print the metrics for Katib's collector.

    Raises:
        BadInput: the request or its data. NothingSucceeded: the training failed; the record says why.
        Unavailable: the store or the GPU that was asked for; another try may do better.
        Interrupted: by a signal; nothing is recorded, as another pod will do the same work.
    """
    with interruptible(f"trial {request.name} was interrupted; nothing of it was recorded"):
        started = time.monotonic()
        check_tensorflow()
        with _prepared(request) as (data, info), tempfile.TemporaryDirectory(prefix="archmend-") as scratch:
            space = space_for(request.space_source, info)
            check_own_code(space, request.optimizer, request.learning_rate)
            architecture = _architecture(request, space)
            result = _over_limit(request, space, architecture)
            if result is None:
                result = _trained(request, space, architecture, data, Path(scratch), started)
            result = replace(result, seconds=round(time.monotonic() - started, 3))
            offer_weights(
                request,
                TrialRecord.of(result, request.objective),
                weights_file(Path(scratch), request.number),
            )
        # The last thing before the metrics: Katib calls a trial done when it has those.
        record = keep_record(request, result)
    if record.status == "failed":
        raise NothingSucceeded(f"trial {request.name} failed: {record.reason}")
    for line in metric_lines(record):
        print(line, flush=True)
    return record


def metric_lines(record: TrialRecord) -> Iterator[str]:
    """Yield `name=value` lines, none for a trial that has no value: Katib then calls it without metrics."""
    if record.value is None:
        return
    for name in PRINTED:
        if name in record.metrics:
            yield f"{name}={record.metrics[name]!r}"
    for name in ("params", "flops", "latency_ms", "seconds"):
        value = getattr(record, name)
        if value is not None:
            yield f"{name}={value!r}"


@contextmanager
def _prepared(request: TrialRequest) -> Iterator[tuple[Path, DataInfo]]:
    """Give a prepared directory: the downloaded one, or what a raw source is made into."""
    with fetched(request.data) if "://" in request.data else _as_it_is(request.data) as given:
        if isinstance(given, Path) and (given / DATA_FILE).is_file():
            yield given, read_info(given)
            return
        with tempfile.TemporaryDirectory(prefix="archmend-") as folder:
            prepared = open_data(str(given))
            yield write_prepared(prepared, Path(folder) / "data"), prepared.info


@contextmanager
def _as_it_is(data: str) -> Iterator[Path | str]:
    yield Path(data) if Path(data).exists() else data


def _architecture(request: TrialRequest, space: Space) -> Architecture:
    if request.architecture is not None:
        return space.parse(request.architecture)
    return from_texts(space, request.choices)


def _over_limit(request: TrialRequest, space: Space, architecture: Architecture) -> TrialResult | None:
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


def _trained(
    request: TrialRequest, space: Space, architecture: Architecture, data: Path, scratch: Path, started: float
) -> TrialResult:
    seed = trial_seed(request.seed, request.number)
    report, parent, begun = Report(request.number, "failed"), None, 0
    try:
        _start_tensorflow(request)
        if request.require_gpu:
            forget_failure(request)
        earlier, weights = continued(request, space, architecture, scratch)
        if earlier is not None:
            parent, begun = earlier.id, earlier.fidelity or 0
            seed = seed if earlier.seed is None else earlier.seed
        else:
            parent, weights = inherited(request, space, architecture, scratch)
        from archmend.training.trial import Trainer

        settings = TrainingSettings(
            data,
            request.space_source,
            request.epochs,
            request.batch_size,
            request.optimizer,
            request.learning_rate,
            latency="latency_ms" in request.objectives or request.max_latency_ms is not None,
            latency_limit=request.max_latency_ms,
            weights=scratch,
        )
        task = Task(
            request.number,
            str(architecture),
            request.epochs,
            seed,
            weights,
            _deadline(request),
            begun=begun,
            whole_state=request.go_on,
        )
        report = Trainer(settings, _teller(request.epochs - begun)).run(task)
    except NoGpuError as error:
        # A trial of its own: the record must say why, and the exit code lets another node try.
        failed = _result(request, architecture, replace(report, reason=str(error)), seed, None)
        keep_record(request, replace(failed, seconds=round(time.monotonic() - started, 3)))
        raise
    return _result(request, architecture, report, seed, parent)


def _result(
    request: TrialRequest, architecture: Architecture, report: Report, seed: int, parent: int | None
) -> TrialResult:
    measured = {
        **report.metrics,
        "params": report.params,
        "flops": report.flops,
        "latency_ms": report.latency_ms,
    }
    status = "failed" if report.status == "running" else report.status
    valued = bool(report.metrics) and status in ("succeeded", "stopped")
    return TrialResult(
        request.number,
        architecture,
        objective_value(request.objectives, measured) if valued else None,
        status,
        request.epochs if request.go_on else None,
        metrics=report.metrics,
        reason=report.reason,
        params=report.params,
        flops=report.flops,
        latency_ms=report.latency_ms,
        epochs=report.epochs,
        seed=seed,
        parent=parent,
    )


def _start_tensorflow(request: TrialRequest) -> None:
    # One thread, as in the workers of a local search: so a trial gives the same on any node.
    pin_threads(1)
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    take_gpus(required=request.require_gpu)


def _deadline(request: TrialRequest) -> float | None:
    """Return the deadline in `time.monotonic`'s seconds."""
    if request.deadline is None:
        return None
    return time.monotonic() + (request.deadline - time.time())


def _teller(epochs: int) -> Callable[[Report], None]:
    def tell(report: Report) -> None:
        print(f"epoch {report.epochs:g} of {epochs}", file=sys.stderr, flush=True)

    return tell
