"""Training the tasks of a search as populations, inside a worker."""

from __future__ import annotations

import gc
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from archmend.errors import Unavailable
from archmend.networks import build, measure_latency, weights_of
from archmend.networks.described import Describer
from archmend.networks.inheritance import STRUCTURE
from archmend.spaces import Space
from archmend.training.failures import reason_of
from archmend.training.fitting import DeviceRows
from archmend.training.fused import naming
from archmend.training.fused.arrangement import Cohort
from archmend.training.fused.initial import Layers, zeros
from archmend.training.fused.planning import BYTES, planned
from archmend.training.fused.population import Member, Population, Programs
from archmend.training.fused.predicting import probabilities
from archmend.training.fused.recipe import Recipe, recipe_of
from archmend.training.fused.rules import RULES
from archmend.training.kept import keep_weights, start_from, weights_in
from archmend.training.metrics import classification_metrics, confusion_counts
from archmend.training.task import TIME_OVER, Report, Task, TrainingSettings, too_slow, weights_file

_MEASURING = 4e-7
"""Seconds that measuring a network takes for each row and class, about."""
_CONVOLVING = 2e-10
"""Seconds for each floating-point operation of convolutions that are not compiled."""
_RESERVE = 0.3


@dataclass(frozen=True)
class _Entry:
    task: Task
    member: Member
    report: Report


class PopulationTrainer:
    """Trains tasks of one search together; what goes wrong with one of them is its failure alone."""

    def __init__(
        self,
        settings: TrainingSettings,
        space: Space,
        train: DeviceRows,
        validation: DeviceRows,
        y: np.ndarray,
        tell: Callable[[Report], None],
    ) -> None:
        """Take the data; nothing is compiled yet.

        Args:
            settings: of the search; its optimiser is one of `RULES`.
            space: whose networks can be fused.
            train: rows to train on.
            validation: rows to measure on.
            y: their class indices.
            tell: takes the reports, those between epochs too.
        """
        import tensorflow as tf

        self._settings, self._space, self._tell = settings, space, tell
        self._train = train
        self._rule = RULES[settings.optimizer]
        self._programs = Programs(tf.reshape(train.x, (train.count, -1)), train.y)
        self._x, self._y = tf.reshape(validation.x, (validation.count, -1)), y
        assert space.classes is not None
        self._classes = space.classes
        self._describer: Describer | None = None

    def run(self, tasks: Sequence[Task]) -> None:
        """Train tasks and tell what became of each.

        Raises:
            Unavailable: their weights cannot be kept, as on a full disk.
        """
        alike: dict[tuple[int, int], list[Task]] = defaultdict(list)
        for task in tasks:
            alike[task.begun, task.epochs].append(task)
        batches = -(-self._train.count // self._settings.batch_size)
        memory = self._settings.memory
        most = 1 << 62 if memory is None else memory // BYTES
        for (begun, epochs), together in alike.items():
            recipes = [self._recipe(task) for task in together]
            steps = batches * (epochs - begun)
            for cohort in planned(recipes, steps, most, self._settings.batch_size)[1]:
                entries = [self._begun(together[n], recipes[n]) for n in cohort.networks]
                self._whole([entry for entry in entries if entry is not None], cohort)

    def _whole(self, entries: Sequence[_Entry], cohort: Cohort) -> None:
        """Train a cohort; what goes wrong with its program is the failure of all of it."""
        if not entries:
            return
        try:
            self._trained(entries, cohort)
        except Unavailable:
            raise
        except Exception as error:
            for entry in entries:
                self._tell(replace(entry.report, status="failed", reason=reason_of(error)))
        gc.collect()

    def _recipe(self, task: Task) -> Recipe:
        architecture = self._space.parse(task.architecture)
        return recipe_of(self._space, architecture, self._rule, self._settings.learning_rate)

    def _begun(self, task: Task, recipe: Recipe) -> _Entry | None:
        """Return a task with its weights, None where that was its end."""
        report = Report(task.id, "failed", params=recipe.params, flops=recipe.flops)
        try:
            model = self._model(task) if self._settings.latency or self._inherits(task) else None
            if self._settings.latency:
                row = np.asarray(self._train.x[:1])
                latency = measure_latency(model, row).median_ms
                report = replace(report, latency_ms=latency)
                over = too_slow(latency, self._settings.latency_limit)
                if over is not None:
                    self._tell(replace(report, status="rejected", reason=over))
                    return None
            member = Member.new(recipe, task.seed)
            if task.parent is not None:
                given, moments = weights_in(task.parent), list[Layers]()
                if task.begun:
                    moments = naming.moments_of(given, self._rule.moments, zeros(recipe))
                else:
                    start_from(given, model, self._train, task.seed)
                    given = weights_of(model)
                layers = naming.layers_of(given, member.layers)
                member = replace(member, layers=layers, moments=tuple(moments))
            return _Entry(task, member, report)
        except Exception as error:  # a trial that fails is a result of the search, not its end
            self._tell(replace(report, reason=reason_of(error)))
            return None

    def _inherits(self, task: Task) -> bool:
        return task.parent is not None and not task.begun

    def _model(self, task: Task) -> Any:
        return build(
            self._space,
            self._space.parse(task.architecture),
            seed=task.seed,
            optimizer=self._settings.optimizer,
            learning_rate=self._settings.learning_rate,
        )

    def _trained(self, entries: Sequence[_Entry], cohort: Cohort) -> None:
        """Train a cohort to its end, measure its networks and tell of them."""
        first = entries[0].task
        assert first.order is not None
        population = Population(
            [entry.member for entry in entries],
            self._programs,
            self._rule,
            cohort.arranged([entry.member.recipe for entry in entries]),
            batch_size=self._settings.batch_size,
            order=first.order,
            begun=first.begun,
        )
        told = np.zeros(len(entries), bool)
        whole = True
        while whole and population.epochs < first.epochs and not told.all():
            whole = population.epoch(self._until(first.deadline, entries))
            epochs = population.epochs - first.begun
            for n, entry in enumerate(entries):
                if population.broken[n] and not told[n]:
                    told[n] = True
                    reason = f"the loss was not finite in epoch {population.broken[n]}"
                    trained = float(population.broken[n] - 1 - first.begun)
                    self._tell(replace(entry.report, status="failed", reason=reason, epochs=trained))
                elif whole and not told[n]:
                    self._tell(replace(entry.report, status="running", epochs=epochs))
        layers = population.layers()
        moments = population.moments() if first.whole_state else [()] * len(entries)
        steps = round(population.epochs * -(-self._train.count // self._settings.batch_size))
        for n, entry in enumerate(entries):
            if told[n]:
                continue
            end = ("succeeded", None) if whole else ("stopped", TIME_OVER)
            report = replace(
                entry.report,
                status=end[0],  # type: ignore[arg-type]
                reason=end[1],
                epochs=population.epochs - first.begun,
            )
            self._tell(self._measured(entry, report, layers[n], moments[n], steps))

    def _until(self, deadline: float | None, entries: Sequence[_Entry]) -> float | None:
        """Return when training has to end so that there is time to measure."""
        if deadline is None:
            return None
        convolved = sum(e.member.recipe.flops for e in entries if e.member.recipe.convolutional)
        each = _MEASURING * len(entries) * self._classes + _CONVOLVING * convolved
        return deadline - _RESERVE - len(self._y) * each

    def _measured(
        self, entry: _Entry, report: Report, layers: Layers, moments: Sequence[Layers], steps: int
    ) -> Report:
        """Return the report with what the network is worth, and keep its weights."""
        late = entry.task.deadline is not None and time.monotonic() > entry.task.deadline
        if report.epochs == 0 or late:
            return report
        recipe = entry.member.recipe
        said = probabilities(recipe, layers, self._x)
        if not np.isfinite(said).all():
            return replace(report, status="failed", reason="its predictions are not finite")
        if self._settings.weights is not None:
            if self._describer is None:
                self._describer = Describer(self._space)
            kept = {
                **naming.named(layers),
                STRUCTURE: self._describer.packed(self._space.parse(entry.task.architecture)),
            }
            if entry.task.whole_state:
                generators = [entry.task.seed] * (recipe.depth if recipe.dropout else 0)
                kept |= naming.state(steps, moments, generators)
            counts = confusion_counts(said, self._y, self._classes)
            keep_weights(weights_file(self._settings.weights, entry.task.id), kept, counts)
        return replace(report, metrics=classification_metrics(said, self._y, self._classes))
