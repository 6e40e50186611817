"""What is done about one symptom: rank the remedies, try them, keep one or go back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from archmend.repair.candidates import Candidates
from archmend.repair.constraints import Constraints
from archmend.repair.decision import Decision
from archmend.repair.guard import Guard
from archmend.repair.judge import Judgement, Verdict
from archmend.repair.limits import TRIALS_A_SYMPTOM, Limits, OutOfTimeError
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.run import Checkpoint, Run, Validation
from archmend.repair.strategy import RepairContext, RepairStrategy
from archmend.repair.trial import Trials
from archmend.repair.values import Symptom, TrainingStatistics
from archmend.repair.watch import Watch


class Treatment:
    """Tries remedies on a run from checkpoints and records a decision for each."""

    def __init__(
        self,
        run: Run,
        remedies: tuple[Remedy, ...],
        strategy: RepairStrategy,
        constraints: Constraints,
        candidates: Candidates,
        limits: Limits,
        watch: Watch,
        seed: int,
        on_decision: Callable[[Decision], None] | None,
    ) -> None:
        """Hold what all treatments of one repair share."""
        self._run, self._remedies, self._strategy, self._constraints = run, remedies, strategy, constraints
        self._candidates, self._limits, self._watch = candidates, limits, watch
        self._seed = seed
        self._on_decision = on_decision
        self.decisions: list[Decision] = []
        self._failed: set[tuple[str, str | None, str]] = set()

    def treat(self, symptom: Symptom, base: Checkpoint, now: Checkpoint) -> bool:
        """Try remedies from `base` until one is kept.

        Args:
            symptom: what was seen.
            base: where trials start.
            now: where the run stood when it was seen.

        Returns:
            Whether one was kept; the run then stands at its trial's end. Else it stands where the
            untouched run got to in comparison, or at `now`.
        """
        run = self._run
        run.restore(base)
        trials = Trials(run, base, self._candidates, self._limits, self._watch)
        for remedy in self._ranked(symptom)[:TRIALS_A_SYMPTOM]:
            if not self._limits.may_try():
                break
            run.restore(base)
            model = self._applied(remedy, symptom)
            if model is None:
                continue
            self._limits.spend_repair()
            number = self._candidates.add((*self._candidates.remedies, remedy.name))
            run.adopt(model, self._batch_size(remedy))
            if self._try(trials, number, symptom, remedy, base, now):
                self._candidates.keep(number)
                return True
            self._failed.add((symptom.name, symptom.layer, remedy.name))
        run.restore(trials.control.ends[-1][0] if trials.control.ends else now)
        return False

    def state_dict(self) -> dict[str, Any]:
        """Return what the next treatment depends on besides the run."""
        return {
            "decisions": [decision.model_dump(mode="json") for decision in self.decisions],
            "failed": [list(found) for found in sorted(self._failed, key=str)],
            "strategy": self._strategy.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.decisions[:] = [Decision.model_validate(one) for one in state["decisions"]]
        self._failed = {(symptom, layer, remedy) for symptom, layer, remedy in state["failed"]}
        self._strategy.load_state_dict(state["strategy"])

    def _try(
        self, trials: Trials, number: int, symptom: Symptom, remedy: Remedy, base: Checkpoint, now: Checkpoint
    ) -> bool:
        started, steps = time.perf_counter(), self._limits.extra_steps

        def record(found: Judgement, before: Validation | None, after: Validation | None) -> None:
            decision = Decision(
                epoch=now.place.epoch,
                batch=now.place.batch,
                symptom=symptom.name,
                layer=symptom.layer,
                evidence=dict(symptom.evidence),
                strategy=self._strategy.name,
                remedy=remedy.name,
                before=None if before is None else before.row_loss,
                after=None if after is None else after.row_loss,
                kept=found.verdict is Verdict.KEEP,
                reason=found.reason,
                epochs=round((steps - self._limits.extra_steps) / self._run.batches_per_epoch, 3),
                seconds=round(time.perf_counter() - started, 3),
            )
            self.decisions.append(decision)
            if self._on_decision is not None:
                self._on_decision(decision)

        try:
            found, before, after = trials.judged(number, fatal=symptom.fatal)
        except OutOfTimeError:
            record(Judgement(Verdict.DROP, "the time budget ended the trial"), None, None)
            self._run.restore(base)
            raise
        record(found, before, after)
        return found.verdict is Verdict.KEEP

    def _ranked(self, symptom: Symptom) -> list[Remedy]:
        """Return the remedies in the strategy's order: applicable, in the space, and not failed before."""
        open_ones = [
            remedy
            for remedy in self._remedies
            if (symptom.name, symptom.layer, remedy.name) not in self._failed
            and not remedy.stops
            and (not remedy.changes_batches or self._batch_size(remedy) != self._run.batch_size)
            and remedy.applicable(self._run.model, symptom, self._constraints)
            and self._stays_in_space(remedy, symptom)
        ]
        context = RepairContext(
            symptom=symptom,
            statistics=self._run.statistics(self._run.look()),
            remedies=open_ones,
            decisions=tuple(self.decisions),
            look_ahead=lambda remedy: self._look_ahead(remedy, symptom),
            rng=self._rng("rank"),
        )
        return list(self._strategy.rank(context))

    def _rng(self, purpose: str) -> np.random.Generator:
        # The count of decisions stands for all that happened before, so a resumed repair draws alike.
        return np.random.default_rng((self._seed, len(self.decisions), *purpose.encode()))

    def _applied(self, remedy: Remedy, symptom: Symptom) -> Any:
        """Return the edited model, None where the edit leaves the space after all, or has nothing to do."""
        run = self._run
        x, y = run.probe_rows()
        bench = Bench(
            self._constraints,
            self._rng(remedy.name),
            x,
            y,
            batches=run.training_batches,
            steps_left=run.steps_left,
        )
        guard = Guard(run.model, self._constraints)
        model = remedy.apply(run.model, symptom, bench)
        if model is None or guard.broken(model) is not None:
            return None
        return model if self._constraints.admits(model) else None

    def _batch_size(self, remedy: Remedy) -> int | None:
        """Return the rows a step after a remedy; None where the owner of the data makes the batches."""
        now, rows = self._run.batch_size, self._run.rows
        return None if now is None or rows is None else remedy.batch_size(now, rows)

    def _stays_in_space(self, remedy: Remedy, symptom: Symptom) -> bool:
        if self._constraints.space is None or remedy.kind == "parameters":
            return True
        return self._applied(remedy, symptom) is not None

    def _look_ahead(self, remedy: Remedy, symptom: Symptom) -> TrainingStatistics | None:
        here = self._run.checkpoint()
        model = self._applied(remedy, symptom)
        if model is None:
            return None
        self._run.adopt(model)
        found = self._run.statistics(self._run.look())
        self._run.restore(here)
        return found
