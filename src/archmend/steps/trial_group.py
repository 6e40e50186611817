"""A Katib trial of several architectures: they are trained as one program where that is possible.

Each leaves a record and weights, as if it had a pod of its own. The pod fails where all of them do.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from archmend.datasets import DataInfo
from archmend.errors import BadInput, NothingSucceeded, Unavailable
from archmend.kubeflow.suggestion.groups import placed
from archmend.networks import NoGpuError, check_tensorflow, space_for
from archmend.search import TrialResult, best_of
from archmend.spaces import Architecture, Space
from archmend.steps.flags import memory_bytes
from archmend.steps.own_code import check_own_code
from archmend.steps.records import TrialRecord
from archmend.steps.remarks import remark
from archmend.steps.signals import interruptible
from archmend.steps.training_settings import training_settings
from archmend.steps.trial import metric_lines, trial
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
from archmend.steps.trial_weights import Offered, offer_weights, offered_by_others
from archmend.training import Report, encoded_bytes, order_seed, weights_file
from archmend.training.fused import Grouping, in_one_process

if TYPE_CHECKING:
    from archmend.training.trial import Trainer

__all__ = ["trials"]

Asked = tuple[TrialRequest, Architecture]
"""What one architecture of the pod is asked for."""


def trials(request: TrialRequest) -> tuple[TrialRecord, ...]:
    """Train each architecture, keep the records and the weights, and print the metrics for Katib's collector.

    Those without a number are the best architecture's; each one's objectives follow, by its place.

    Raises:
        BadInput: the request or its data. NothingSucceeded: no training succeeded; the records say why.
        Unavailable: the store or the GPU that was asked for; another try may do better.
        Interrupted: by a signal; another pod will do all of the work again.
    """
    each = request.each()
    if len(each) == 1 and request.population is None:
        return (trial(each[0]),)
    with interruptible(f"trial {request.name} was interrupted; another pod does its work again"):
        check_tensorflow()
        with prepared(request) as (data, info), tempfile.TemporaryDirectory(prefix="archmend-") as scratch:
            space = space_for(request.space_source, info)
            check_own_code(space, request.optimizer, request.learning_rate)
            records = _Pod(request, each, space, data, info, Path(scratch)).train()
    if all(r.value is None for r in records) and any(r.status == "failed" for r in records):
        reason = next(r.reason for r in records if r.status == "failed")
        raise NothingSucceeded(
            f"trial {request.name} failed: none of its {len(records)} architectures was measured, the first "
            f"failure being: {reason}"
        )
    for line in group_lines(records, space, request.objectives):
        print(line, flush=True)
    return records


def group_lines(records: Sequence[TrialRecord], space: Space, objectives: Sequence[str]) -> Iterator[str]:
    """Yield `name=value` lines of the best record, and of the objectives of each that has a value.

    What is not printed is "unavailable" to Katib, which cannot read a NaN.
    """
    best = best_of([record.result(space) for record in records])
    if best is None:
        return
    yield from metric_lines(next(record for record in records if record.trial == best.id))
    for place, record in enumerate(records):
        for name in objectives if record.value is not None else ():
            value = record.metrics[name] if name in record.metrics else getattr(record, name)
            yield f"{placed(name, place)}={value!r}"


class _Pod:
    """The trials of one pod, as far as they are."""

    def __init__(
        self,
        request: TrialRequest,
        each: Sequence[TrialRequest],
        space: Space,
        data: Path,
        info: DataInfo,
        scratch: Path,
    ) -> None:
        self._marked = time.monotonic()
        self._request, self._space, self._data, self._scratch = request, space, data, scratch
        self._asked = [(one, architecture_of(one, space)) for one in each]
        self._grouping = _grouping(request, space, info, len(each))
        self._records: dict[int, TrialRecord] = {}
        self._reports: dict[int, Report] = {}
        self._said = ""

    def train(self) -> tuple[TrialRecord, ...]:
        """Train all, as many together as may be, and return their records in the order of their numbers."""
        left = []
        for one, architecture in self._asked:
            rejected = over_limit(one, self._space, architecture)
            if rejected is None:
                left.append((one, architecture))
            else:
                self._records[one.number] = keep_record(one, replace(rejected, seconds=0.0))
        if left:
            self._start(left)
            from archmend.training.trial import Trainer

            settings = training_settings(self._request, self._data, self._scratch, self._grouping.memory)
            trainer, offered = Trainer(settings, self._tell), self._offered()
            size = self._grouping.population or 1
            for first in range(0, len(left), size):
                self._together(trainer, left[first : first + size], offered)
        return tuple(self._records[one.number] for one, _ in self._asked)

    def _start(self, left: Sequence[Asked]) -> None:
        if self._grouping.reason is not None:
            remark(f"its {len(left)} trials are trained one by one: {self._grouping.reason}")
        try:
            start_tensorflow(self._request)
        except NoGpuError as error:
            for one, architecture in left:
                keep_without_gpu(one, architecture, error, 0.0)
            raise
        if self._request.require_gpu:
            for one, _ in left:
                forget_failure(one)

    def _offered(self) -> Offered:
        """Return the weights of other pods' trials, asked for once; without the store all start anew."""
        if self._request.inherit == "none" and not self._request.go_on:
            return []
        try:
            return offered_by_others(self._request, self._space, [one.number for one, _ in self._asked])
        except (BadInput, Unavailable) as error:
            remark(f"its trials start anew: {error}")
            return []

    def _together(self, trainer: Trainer, asked: Sequence[Asked], offered: Offered) -> None:
        """Train some and leave what they made; each takes its share of the time since those before."""
        order = None if self._grouping.population is None else order_seed(self._request.seed)
        begins = [beginning(one, self._space, a, self._scratch, offered) for one, a in asked]
        trainer.run_all([task_of(one, a, b, order) for (one, a), b in zip(asked, begins, strict=True)])
        now = time.monotonic()
        seconds, self._marked = round((now - self._marked) / len(asked), 3), now
        for (one, architecture), begun in zip(asked, begins, strict=True):
            result = result_of(one, architecture, self._reports[one.number], begun.seed, begun.parent)
            self._leave(one, replace(result, seconds=seconds))

    def _leave(self, one: TrialRequest, result: TrialResult) -> None:
        file = weights_file(self._scratch, one.number)
        offer_weights(one, TrialRecord.of(result, one.objective), file)
        file.unlink(missing_ok=True)
        self._records[one.number] = keep_record(one, result)

    def _tell(self, report: Report) -> None:
        self._reports[report.id] = report
        # All of a program end an epoch at once.
        said = f"epoch {report.epochs:g}" if report.status == "running" else self._said
        if said != self._said:
            remark(said)
            self._said = said


def _grouping(request: TrialRequest, space: Space, info: DataInfo, trials: int) -> Grouping:
    if request.no_fuse:
        return Grouping(None)
    made = in_one_process(
        space,
        request.optimizer,
        trials,
        data_bytes=encoded_bytes(info),
        max_memory=None if request.max_memory is None else memory_bytes(request.max_memory),
    )
    if made.population is None or request.population is None:
        return made
    return replace(made, population=min(made.population, request.population))
