"""Training one trial inside a worker."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np

from archmend.errors import Unavailable
from archmend.networks import build, count_flops, count_params, measure_latency, space_for, weights_of
from archmend.networks.resuming import resume, state_of
from archmend.search import CurvePoint, Rung
from archmend.training.comparing import rung_at, value_of
from archmend.training.compiling import Turn
from archmend.training.failures import NOT_FINITE, reason_of
from archmend.training.fitting import DeviceRows, Fitting, NotFiniteError, predict
from archmend.training.fused.trainer import PopulationTrainer
from archmend.training.kept import keep_weights, start_from, weights_in
from archmend.training.metrics import classification_metrics, confusion_counts
from archmend.training.rows import EncodedRows
from archmend.training.task import TIME_OVER, Report, Task, TrainingSettings, too_slow, weights_file


class Trainer:
    """Trains one task after another on data that it loads once."""

    def __init__(
        self,
        settings: TrainingSettings,
        tell: Callable[[Report], None],
        rows: EncodedRows | None = None,
        turn: Turn = nullcontext,
    ) -> None:
        """Bring the data to the device.

        Args:
            settings: of the search.
            tell: takes the reports between epochs.
            rows: the data, in arrays that nobody writes to; None reads it.
            turn: in which a program of a population is compiled.
        """
        if rows is None:
            rows = EncodedRows.read(settings.data)
        self._settings, self._tell, self._turn = settings, tell, turn
        self._classes = len(rows.info.classes)
        self._space = space_for(settings.space, rows.info)
        self._train, self._validation = (DeviceRows(p.x, p.y) for p in (rows.train, rows.validation))
        self._y = rows.validation.y
        self._populations: PopulationTrainer | None = None

    def run_all(self, tasks: Sequence[Task]) -> None:
        """Train tasks and tell what became of each: together, if they have a common order of rows.

        Raises:
            Unavailable: their weights cannot be kept.
        """
        if tasks[0].order is None:
            for task in tasks:
                self._tell(self.run(task))
            return
        if self._populations is None:
            self._populations = PopulationTrainer(
                self._settings, self._space, self._train, self._validation, self._y, self._tell, self._turn
            )
        self._populations.run(tasks)

    def run(self, task: Task) -> Report:
        """Train a task and return what became of it; what goes wrong is a failed trial with its reason.

        Raises:
            Unavailable: its weights cannot be kept, as on a full disk, which is not the trial's fault.
        """
        import keras

        report = Report(task.id, "failed")
        try:
            return self._run(task)
        except Unavailable:
            raise
        except Exception as error:  # a trial that fails is a result of the search, not its end
            return replace(report, reason=reason_of(error))
        finally:
            keras.backend.clear_session()
            gc.collect()

    def _run(self, task: Task) -> Report:
        settings = self._settings
        model = build(
            self._space,
            self._space.parse(task.architecture),
            seed=task.seed,
            optimizer=settings.optimizer,
            learning_rate=settings.learning_rate,
        )
        if task.parent is not None:
            given = weights_in(task.parent)
            if task.begun:
                resume(model, given)
            else:
                start_from(given, model, self._train, task.seed)
        report = Report(task.id, "succeeded", params=count_params(model), flops=count_flops(model))
        if settings.latency:
            latency = measure_latency(model, self._validation.x[:1]).median_ms
            report = replace(report, latency_ms=latency)
            over = too_slow(latency, settings.latency_limit)
            if over is not None:
                return replace(report, status="rejected", reason=over)
        return self._trained(task, model, report)

    def _trained(self, task: Task, model: Any, report: Report) -> Report:
        fitting = Fitting(
            model,
            self._train,
            batch_size=self._settings.batch_size,
            seed=task.seed,
            measured=self._validation.count,
            begun=task.begun,
        )
        curve: list[CurvePoint] = []
        said: np.ndarray | None = None
        while fitting.epochs < task.epochs and report.status == "succeeded":
            said = None
            try:
                whole = fitting.epoch(task.deadline)
            except NotFiniteError:
                reason = f"the loss was not finite in epoch {int(fitting.epochs) + 1}"
                report = replace(report, status="failed", reason=reason)
                return replace(report, epochs=fitting.epochs - task.begun, curve=tuple(curve))
            if not whole:
                report = replace(report, status="stopped", reason=TIME_OVER)
                break
            self._tell(replace(report, status="running", epochs=fitting.epochs - task.begun))
            curve.append(CurvePoint(round(fitting.epochs), fitting.losses[-1]))
            rung = rung_at(task.rungs, curve[-1].epoch)
            if rung is not None:
                said = predict(model, self._validation)
                report, curve[-1] = self._compared(rung, said, report, curve[-1])
        report = replace(report, epochs=fitting.epochs - task.begun, curve=tuple(curve))
        if report.epochs == 0:
            return report
        return self._measured(task, model, report, predict(model, self._validation) if said is None else said)

    def _compared(
        self, rung: Rung, said: np.ndarray, report: Report, point: CurvePoint
    ) -> tuple[Report, CurvePoint]:
        """Return the report, stopped where that is the verdict, and the point with the value."""
        if not np.isfinite(said).all():
            return replace(report, status="failed"), point
        value = value_of(rung, classification_metrics(said, self._y, self._classes))
        verdict = rung.verdict(value)
        if verdict is not None:
            report = replace(report, status="stopped", reason=verdict)
        return report, replace(point, value=value)

    def _measured(self, task: Task, model: Any, report: Report, probabilities: np.ndarray) -> Report:
        """Return the report with what the network is worth, and keep its weights."""
        if not np.isfinite(probabilities).all():
            return replace(report, status="failed", reason=NOT_FINITE)
        if self._settings.weights is not None:
            kept = state_of(model) if task.whole_state else weights_of(model)
            counts = confusion_counts(probabilities, self._y, self._classes)
            keep_weights(weights_file(self._settings.weights, task.id), kept, counts)
        return replace(report, metrics=classification_metrics(probabilities, self._y, self._classes))
