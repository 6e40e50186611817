"""One Katib trial: an architecture is trained once, and its metrics, record and weights are left behind."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from archmend.errors import NothingSucceeded
from archmend.networks import NoGpuError, check_tensorflow, space_for
from archmend.search import TrialResult
from archmend.spaces import Architecture, Space
from archmend.steps.own_code import check_own_code
from archmend.steps.records import TrialRecord
from archmend.steps.signals import interruptible
from archmend.steps.training_settings import training_settings
from archmend.steps.trial_parts import (
    architecture_of,
    beginning,
    keep_without_gpu,
    over_limit,
    prepared,
    result_of,
    start_tensorflow,
    task_of,
)
from archmend.steps.trial_record import forget_failure, keep_record
from archmend.steps.trial_request import TrialRequest
from archmend.steps.trial_weights import offer_weights
from archmend.training import Report, weights_file

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
        with prepared(request) as (data, info), tempfile.TemporaryDirectory(prefix="archmend-") as scratch:
            space = space_for(request.space_source, info)
            check_own_code(space, request.optimizer, request.learning_rate)
            architecture = architecture_of(request, space)
            result = over_limit(request, space, architecture)
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


def _trained(
    request: TrialRequest, space: Space, architecture: Architecture, data: Path, scratch: Path, started: float
) -> TrialResult:
    try:
        start_tensorflow(request)
    except NoGpuError as error:
        # The exit code lets another node try.
        keep_without_gpu(request, architecture, error, round(time.monotonic() - started, 3))
        raise
    if request.require_gpu:
        forget_failure(request)
    begins = beginning(request, space, architecture, scratch)
    from archmend.training.trial import Trainer

    settings = training_settings(request, data, scratch)
    trainer = Trainer(settings, _teller(request.epochs - begins.begun))
    report = trainer.run(task_of(request, architecture, begins))
    return result_of(request, architecture, report, begins.seed, begins.parent)


def _teller(epochs: int) -> Callable[[Report], None]:
    def tell(report: Report) -> None:
        print(f"epoch {report.epochs:g} of {epochs}", file=sys.stderr, flush=True)

    return tell
