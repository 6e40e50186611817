"""Remedies applied to a run's network: which of them can be, what comes out, and how that looks ahead."""

from __future__ import annotations

from typing import Any

import numpy as np

from archmend.repair.constraints import Constraints
from archmend.repair.guard import Guard
from archmend.repair.remedies.optimizers import schedule_of
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.run import Run
from archmend.repair.values import Symptom, TrainingStatistics


class Workbench:
    """Applies remedies to the network on which a run stands; the run itself is left where it is."""

    def __init__(self, run: Run, remedies: tuple[Remedy, ...], constraints: Constraints, seed: int) -> None:
        """Hold what remedies work with; `seed` is that of their draws."""
        self._run, self._remedies, self._constraints, self._seed = run, remedies, constraints, seed

    @property
    def frozen(self) -> frozenset[str]:
        """Names of the network's layers that no remedy touches."""
        return self._constraints.frozen_in(self._run.model)

    def offered(self, symptom: Symptom, number: int, only: str | None = None) -> list[Remedy]:
        """Return the remedies that can be applied for a symptom and would change something.

        Args:
            symptom: for which.
            number: of this moment, see `applied`.
            only: name of the one that is asked for; None for all.
        """
        return [
            remedy
            for remedy in self._remedies
            if only in (None, remedy.name)
            and (not remedy.changes_batches or self.batch_size(remedy) != self._run.batch_size)
            and remedy.applicable(self._run.model, symptom, self._constraints)
            and self._stays_in_space(remedy, symptom, number)
        ]

    def applied(self, remedy: Remedy, symptom: Symptom, number: int) -> Any:
        """Return the edited network.

        Args:
            remedy: to apply.
            symptom: for which.
            number: of this moment; with the seed and the remedy it decides all draws.

        Returns:
            The compiled network; None where the edit leaves the space or the budget after all, or finds
            nothing to do.
        """
        run = self._run
        x, y = run.probe_rows()
        bench = Bench(
            self._constraints,
            self.rng(remedy.name, number),
            x,
            y,
            batches=run.training_batches,
            steps_left=run.steps_left,
            # Steps of a network whose rate follows a schedule cannot be made at another rate.
            ramp=run.ramp if schedule_of(run.model.optimizer) is None else None,
        )
        guard = Guard(run.model, self._constraints)
        model = remedy.apply(run.model, symptom, bench)
        if model is None or guard.broken(model) is not None:
            return None
        return model if self._constraints.admits(model) else None

    def batch_size(self, remedy: Remedy) -> int | None:
        """Return the rows a step after a remedy; None where the owner of the data makes the batches."""
        now, rows = self._run.batch_size, self._run.rows
        return None if now is None or rows is None else remedy.batch_size(now, rows)

    def look_ahead(self, remedy: Remedy, symptom: Symptom, number: int) -> TrainingStatistics | None:
        """Return the statistics of the network right after a remedy; None where it cannot be applied."""
        here = self._run.checkpoint()
        model = self.applied(remedy, symptom, number)
        if model is None:
            return None
        found = self._run.glimpse(model)
        if model is self._run.model:
            self._run.restore(here)
        return found

    def rng(self, purpose: str, number: int) -> np.random.Generator:
        """Return the generator of one purpose at one moment, the same in a resumed repair."""
        return np.random.default_rng((self._seed, number, *purpose.encode()))

    def _stays_in_space(self, remedy: Remedy, symptom: Symptom, number: int) -> bool:
        if self._constraints.space is None or remedy.kind == "parameters":
            return True
        here = self._run.checkpoint()
        stays = self.applied(remedy, symptom, number) is not None
        self._run.restore(here)
        return stays
