"""How the networks of a population begin: anew, with a parent's weights, or where an earlier trial ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from archmend.networks import build, measure_latency, weights_of
from archmend.spaces import Space
from archmend.training.failures import reason_of
from archmend.training.fitting import DeviceRows
from archmend.training.fused import naming
from archmend.training.fused.initial import Layers, zeros
from archmend.training.fused.population import Member
from archmend.training.fused.recipe import Recipe, recipe_of
from archmend.training.fused.rules import RULES
from archmend.training.fused.underway import Entry
from archmend.training.kept import start_from, weights_in
from archmend.training.task import Report, Task, TrainingSettings, too_slow


class Entering:
    """Makes entries of tasks."""

    def __init__(
        self, settings: TrainingSettings, space: Space, train: DeviceRows, tell: Callable[[Report], None]
    ) -> None:
        """Take what all tasks of a search have in common; arguments as of `PopulationTrainer`."""
        self._settings, self._space, self._train, self._tell = settings, space, train, tell
        self._rule = RULES[settings.optimizer]

    def recipe(self, task: Task) -> Recipe:
        """Return what a task's network is made of."""
        architecture = self._space.parse(task.architecture)
        return recipe_of(self._space, architecture, self._rule, self._settings.learning_rate)

    def entry(self, task: Task, recipe: Recipe) -> Entry | None:
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
            return Entry(task, member, report)
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
