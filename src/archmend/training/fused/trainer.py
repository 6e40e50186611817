"""Training the tasks of a search as populations, inside a worker."""

from __future__ import annotations

import gc
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import numpy as np

from archmend.errors import Unavailable
from archmend.search import Rung, Status
from archmend.spaces import Space
from archmend.training.comparing import value_of
from archmend.training.compiling import Turn
from archmend.training.failures import reason_of
from archmend.training.fitting import DeviceRows
from archmend.training.fused import naming
from archmend.training.fused.arrangement import Cohort
from archmend.training.fused.entering import Entering
from archmend.training.fused.leaving import Leaving
from archmend.training.fused.planning import BYTES, planned
from archmend.training.fused.population import Population, Programs
from archmend.training.fused.recipe import Recipe
from archmend.training.fused.rules import RULES
from archmend.training.fused.underway import Entry, Underway
from archmend.training.task import TIME_OVER, Report, Task, TrainingSettings

_MEASURING = 4e-7
"""Seconds that measuring a network takes for each row and class, about."""
_CONVOLVING = 2e-10
"""Seconds for each floating-point operation of convolutions that are not compiled."""
_RESERVE = 0.3
_SOONER = 0.7
"""Share of the time that going on takes within which new programs have to be compiled and done."""

Laid = tuple[Cohort, list[Entry]]
"""A cohort and its networks."""


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
        turn: Turn = nullcontext,
    ) -> None:
        """Take the data; nothing is compiled yet.

        Args:
            settings: of the search; its optimiser is one of `RULES`.
            space: whose networks can be fused.
            train: rows to train on.
            validation: rows to measure on.
            y: their class indices.
            tell: takes the reports, those between epochs too.
            turn: in which a program is compiled.
        """
        import tensorflow as tf

        self._tell, self._batch_size = tell, settings.batch_size
        self._rule = RULES[settings.optimizer]
        self._programs = Programs(tf.reshape(train.x, (train.count, -1)), train.y, turn)
        self._batches = -(-train.count // settings.batch_size)
        self._most = 1 << 62 if settings.memory is None else settings.memory // BYTES
        assert space.classes is not None
        self._measured = len(y), space.classes
        self._entering = Entering(settings, space, train, tell)
        x = tf.reshape(validation.x, (validation.count, -1))
        self._leaving = Leaving(space, x, y, settings.weights, tell)

    def run(self, tasks: Sequence[Task]) -> None:
        """Train tasks and tell what became of each.

        Raises:
            Unavailable: their weights cannot be kept, as on a full disk.
        """
        alike: dict[tuple[int, int], list[Task]] = defaultdict(list)
        for task in tasks:
            alike[task.begun, task.epochs].append(task)
        for together in alike.values():
            recipes = [self._entering.recipe(task) for task in together]
            cohorts = self._planned(recipes, together[0].epochs - together[0].begun)[1]
            # Those that are compared on the way have to be there together.
            rungs = list(together[0].rungs)
            for wave in self._waves(cohorts) if rungs else [[cohort] for cohort in cohorts]:
                rungs = self._trained([self._ready(together, recipes, cohort) for cohort in wave], rungs)
                gc.collect()

    def _planned(self, recipes: Sequence[Recipe], epochs: int) -> tuple[float, Sequence[Cohort]]:
        return planned(recipes, self._batches * epochs, self._most, self._batch_size)

    def _waves(self, cohorts: Sequence[Cohort]) -> Iterator[list[Cohort]]:
        """Yield the cohorts in as few groups as fit the memory."""
        wave: list[Cohort] = []
        for cohort in cohorts:
            if wave and sum(one.numbers for one in (*wave, cohort)) > self._most:
                yield wave
                wave = []
            wave.append(cohort)
        yield wave

    def _ready(self, tasks: Sequence[Task], recipes: Sequence[Recipe], cohort: Cohort) -> Laid:
        """Return a cohort with its networks as they begin, without those whose end that was."""
        entries = [self._entering.entry(tasks[n], recipes[n]) for n in cohort.networks]
        return cohort, [entry for entry in entries if entry is not None]

    def _trained(self, laid: Sequence[Laid], rungs: Sequence[Rung]) -> list[Rung]:
        """Train cohorts side by side from rung to rung, and tell what became of their networks.

        Returns:
            The rungs, with what these networks were worth there.
        """
        under_way, known = self._laid_out(laid), list(rungs)
        if not under_way:
            return known
        first = under_way[0].entries[0].task
        for number, rung in enumerate(rungs):
            if not self._advanced(under_way, rung.epochs, rung):
                break
            known[number] = self._compared(under_way, rung)
            under_way = [one for one in under_way if one.left]
            # What compiles cannot be cut.
            if first.deadline is None:
                under_way = self._arranged_anew(under_way, first.epochs - rung.epochs)
        self._advanced(under_way, first.epochs)
        for one in under_way:
            with self._failing(one.entries):
                self._finished(one)
        return known

    def _laid_out(self, laid: Sequence[Laid], begun: int | None = None) -> list[Underway]:
        """Return the programs of cohorts that have a network.

        Args:
            laid: cohorts and their networks.
            begun: epochs that these were trained before, in the same order; None is what their tasks say.
        """
        made = []
        for cohort, entries in laid:
            if not entries:
                continue
            with self._failing(entries):
                task = entries[0].task
                assert task.order is not None
                population = Population(
                    [entry.member for entry in entries],
                    self._programs,
                    self._rule,
                    cohort.arranged([entry.member.recipe for entry in entries]),
                    batch_size=self._batch_size,
                    order=task.order,
                    begun=task.begun if begun is None else begun,
                )
                made.append(Underway(entries, population, cohort.step))
        return made

    @contextmanager
    def _failing(self, entries: Sequence[Entry]) -> Iterator[None]:
        """Make of what goes wrong with a program the failure of all its networks."""
        try:
            yield
        except Unavailable:
            raise
        except Exception as error:
            for entry in entries:
                if not entry.over:
                    entry.end(replace(entry.report, status="failed", reason=reason_of(error)), self._tell)

    def _advanced(self, under_way: Sequence[Underway], epochs: int, rung: Rung | None = None) -> bool:
        """Train each up to so many epochs; return False if the deadline cut one.

        At a rung each is measured before the next one is compiled, which may take longer than there is time.
        """
        whole = True
        for one in under_way:
            with self._failing(one.entries):
                left = [entry for other in under_way for entry in other.left]
                until = self._until(one.entries[0].task.deadline, left)
                there = one.train(epochs, until, self._tell)
                whole &= there
                if there and rung is not None:
                    self._measured_at(one, rung)
        return whole

    def _measured_at(self, one: Underway, rung: Rung) -> None:
        """Measure a cohort at a rung, and tell what its networks are worth if they come no further."""
        for entry, layers in one.layers():
            if self._leaving.measure(entry, layers, float(rung.epochs - entry.task.begun)):
                value = value_of(rung, entry.report.metrics)
                entry.curve[-1] = replace(entry.curve[-1], value=value)
                entry.tell(replace(entry.report, status="running"), self._tell)

    def _compared(self, under_way: Sequence[Underway], rung: Rung) -> Rung:
        """End the networks that are not among the best; return the rung with the values of all."""
        there = [entry for one in under_way for entry in one.left]
        values = [value for entry in there if (value := entry.curve[-1].value) is not None]
        for entry, value in zip(there, values, strict=True):
            verdict = rung.verdict(value, values)
            if verdict is not None:
                entry.end(replace(entry.report, status="stopped", reason=verdict), self._tell)
        return replace(rung, known=(*rung.known, *values))

    def _arranged_anew(self, under_way: list[Underway], epochs: int) -> list[Underway]:
        """Return the cohorts that go on, laid out anew where new programs would be compiled and done sooner.

        Args:
            under_way: those with a network left.
            epochs: to go.
        """
        entries = [entry for one in under_way for entry in one.left]
        if not entries or all(len(one.left) == len(one.entries) for one in under_way):
            return under_way
        recipes = [entry.member.recipe for entry in entries]
        seconds, cohorts = self._planned(recipes, epochs)
        if seconds > _SOONER * self._batches * epochs * sum(one.step for one in under_way):
            return under_way
        again = [entry for one in under_way for entry in one.anew()]
        return self._laid_out(
            [(cohort, [again[n] for n in cohort.networks]) for cohort in cohorts],
            begun=round(under_way[0].epochs),
        )

    def _finished(self, one: Underway) -> None:
        """Measure what is left of a cohort and tell of it."""
        whole_state = one.entries[0].task.whole_state
        moments = one.moments() if whole_state else {}
        steps = round(one.epochs * self._batches)
        for entry, layers in one.layers():
            task, recipe = entry.task, entry.member.recipe
            trained = one.epochs - task.begun
            end: tuple[Status, str | None] = ("succeeded", None)
            if one.epochs < task.epochs:
                end = "stopped", TIME_OVER
            late = task.deadline is not None and time.monotonic() > task.deadline
            if trained == 0 or late:
                # What it was worth at its last rung, if it came so far.
                trained = entry.report.epochs if entry.report.metrics else trained
                entry.end(replace(entry.report, status=end[0], reason=end[1], epochs=trained), self._tell)
                continue
            seeds = [task.seed] * (recipe.depth if recipe.dropout else 0)
            state = naming.state(steps, moments[task.id], seeds) if whole_state else None
            if self._leaving.measure(entry, layers, trained, state):
                entry.end(replace(entry.report, status=end[0], reason=end[1]), self._tell)

    def _until(self, deadline: float | None, entries: Sequence[Entry]) -> float | None:
        """Return when training has to end so that there is time to measure."""
        if deadline is None:
            return None
        rows, classes = self._measured
        convolved = sum(e.member.recipe.flops for e in entries if e.member.recipe.convolutional)
        each = _MEASURING * len(entries) * classes + _CONVOLVING * convolved
        return deadline - _RESERVE - rows * each
