"""What is done about one symptom: rank the remedies, try them, keep one or go back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from archmend.repair.candidates import Candidates
from archmend.repair.decision import NO_REMEDY, Decision
from archmend.repair.decisions import tried, untried
from archmend.repair.judge import Judgement, Verdict
from archmend.repair.limits import TRIALS_A_SYMPTOM, Limits, OutOfTimeError
from archmend.repair.race import behind, race
from archmend.repair.remedy import Remedy
from archmend.repair.run import Checkpoint, Run, Validation, in_first_batches
from archmend.repair.settling import MENDED, settings
from archmend.repair.severity import CAUSES, hopeless
from archmend.repair.strategy import RepairContext, RepairStrategy
from archmend.repair.trial import Lap, Trials
from archmend.repair.values import Symptom
from archmend.repair.watch import Watch
from archmend.repair.workbench import Workbench

OPPOSITES = {
    "raise_learning_rate": "lower_learning_rate",
    "larger_batches": "smaller_batches",
    "raise_weight_decay": "lower_weight_decay",
    "dropout": "lower_dropout",
}
"""Remedies that undo each other: once one was kept, the other one is not tried."""
_OPPOSITES = {**OPPOSITES, **{second: first for first, second in OPPOSITES.items()}}


@dataclass
class _Case:
    """One symptom under treatment.

    Attributes:
        symptom: what was seen. base: where trials start. now: where the run stood when it was seen.
        open: laps without a decision yet.
    """

    symptom: Symptom
    base: Checkpoint
    now: Checkpoint
    trials: Trials
    open: list[Lap] = field(default_factory=list)


class Treatment:
    """Tries remedies on a run from checkpoints and records a decision for each.

    Attributes:
        decisions: so far, oldest first.
        ended: whether a remedy was kept that ends the training.
    """

    def __init__(
        self,
        run: Run,
        workbench: Workbench,
        strategy: RepairStrategy,
        candidates: Candidates,
        limits: Limits,
        watch: Watch,
        on_decision: Callable[[Decision], None] | None,
    ) -> None:
        """Hold what all treatments of one repair share."""
        self._run, self._workbench, self._strategy = run, workbench, strategy
        self._candidates, self._limits, self._watch = candidates, limits, watch
        self._on_decision = on_decision
        self.decisions: list[Decision] = []
        self.ended = False
        self._failed: set[tuple[str, str | None, str]] = set()

    def treat(self, symptom: Symptom, base: Checkpoint, now: Checkpoint) -> bool:
        """Try remedies from `base` until one is kept.

        Where the untouched network cannot learn, the first remedy of the strategy's order after which it
        does is kept. Else the first few race each other, and the winner is compared with the untouched run.
        A fault of data or settings that comes with others is mended without a trial.

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
        if self._cause_mended(symptom):
            return True
        trials = Trials(run, base, self._candidates, self._limits, self._watch, symptom.name)
        case = _Case(symptom, base, now, trials)
        ranked = self._ranked(symptom)
        tried = [remedy for remedy in ranked if not remedy.stops][:TRIALS_A_SYMPTOM]
        try:
            kept = self._one_by_one(case, tried) if hopeless(symptom) else self._raced(case, tried)
        except OutOfTimeError:
            for lap in case.open:
                self._decide(case, lap, Judgement(Verdict.DROP, "the time budget ended the trial"))
            run.restore(base)
            raise
        if kept is None:
            run.restore(now if trials.control is None else trials.control.here)
            self._end(symptom, [remedy for remedy in ranked if remedy.stops])
            self._say_frozen(symptom)
            return False
        # What the kept trial trained is part of the path, and no extra.
        self._limits.spend(-kept.steps)
        self._candidates.keep(kept.number)
        run.restore(kept.here)
        return True

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

    def _end(self, symptom: Symptom, remedies: list[Remedy]) -> None:
        """End the training by one of these remedies, if there is one, now that nothing else helped."""
        if not remedies or not self._limits.may_try():
            return
        self._limits.spend_repair()
        self.ended = True
        reason = (
            "nothing else helped, and more epochs would not either: training ends with the best state so far"
        )
        self._note(untried(self._run, self._strategy, remedies[0].name, symptom, reason))

    def _say_frozen(self, symptom: Symptom) -> None:
        """Say once of a layer that its fault lies where nothing may be changed, where it does."""
        said = any(one.remedy == NO_REMEDY and one.layer == symptom.layer for one in self.decisions)
        if symptom.layer in self._workbench.frozen and not said:
            reason = (
                f"layer {symptom.layer!r} is frozen and keeps its fault; let it be trained to have it mended"
            )
            self._note(untried(self._run, self._strategy, NO_REMEDY, symptom, reason, kept=False))

    def _one_by_one(self, case: _Case, ranked: list[Remedy]) -> Lap | None:
        """Keep the first after which the network learns; where none does in so short a time, the best."""
        slow: list[tuple[Lap, Judgement]] = []
        for remedy in ranked:
            lap = self._begun(case, remedy)
            if lap is None:
                continue
            found, control = case.trials.judged(lap, case.symptom)
            if found.verdict is Verdict.KEEP and not found.sure:
                slow.append((lap, found))
                continue
            self._decide(case, lap, found, control)
            if found.verdict is Verdict.KEEP:
                slow.insert(0, (lap, found))
                break
        else:
            slow.sort(key=lambda one: one[0].now.row_loss)
        for lap, found in slow:
            if lap in case.open:
                first = slow[0][0]
                self._decide(case, lap, found if lap is first else behind(lap, first))
        return self._told(slow[0][0]) if slow else None

    def _told(self, lap: Lap) -> Lap:
        """Note what was set of a lap that is kept."""
        for decision in lap.settled:
            self._note(decision)
        return lap

    def _settled(self, case: _Case, number: int) -> list[Decision]:
        """Set what decides how fast a network learns that could not learn before; it has nothing to lose.

        Returns:
            What was set, to be told once the candidate of this number is kept.
        """
        run, told = self._run, []
        if not hopeless(case.symptom) or not in_first_batches(run, case.base.place) or case.trials.faulty():
            return []
        for name in settings(run):
            for remedy in self._workbench.offered(MENDED, len(self.decisions), only=name):
                began, before = time.perf_counter(), run.learning_rate
                if self._adopted(remedy, MENDED, number) is None:
                    continue
                seen = {"learning_rate_before": before, "learning_rate": run.learning_rate}
                reason = "set without a trial: the network has just begun to be one that can learn"
                one = untried(run, self._strategy, name, replace(MENDED, evidence=seen), reason)
                told.append(one.model_copy(update={"seconds": round(time.perf_counter() - began, 3)}))
        return told

    def _cause_mended(self, symptom: Symptom) -> bool:
        """Mend a fault of data or settings before the first batch, where others hide whether that helps."""
        run = self._run
        if symptom.name not in CAUSES or run.place.steps or self._watch.alone(symptom):
            return False
        for remedy in self._workbench.offered(symptom, len(self.decisions), only=CAUSES[symptom.name]):
            number = self._adopted(remedy, symptom)
            if number is not None:
                reason = "set without a trial: beside other faults no comparison would show what it does"
                self._note(untried(run, self._strategy, remedy.name, symptom, reason))
                self._candidates.keep(number)
                return True
        return False

    def _raced(self, case: _Case, ranked: list[Remedy]) -> Lap | None:
        begun = [lap for remedy in ranked if (lap := self._begun(case, remedy)) is not None]
        winner = race(case.trials, begun, lambda lap, why: self._decide(case, lap, why))
        return winner if winner is not None and self._kept(case, winner) else None

    def _begun(self, case: _Case, remedy: Remedy) -> Lap | None:
        """Begin a lap of a remedy at the base; None where `_adopted` gives none."""
        self._run.restore(case.base)
        number = self._adopted(remedy, case.symptom)
        if number is None:
            return None
        settled = self._settled(case, number)
        lap = case.trials.begin(remedy.name, number)
        lap.settled = settled
        case.open.append(lap)
        return lap

    def _adopted(self, remedy: Remedy, symptom: Symptom, number: int | None = None) -> int | None:
        """Let the run go on with a remedy's network from where it stands.

        Args:
            remedy: to apply.
            symptom: for which.
            number: of the candidate that goes through it; None begins a new one.

        Returns:
            The candidate's number. None where the remedy finds nothing to do or no budget is left; the run
            then stands where it stood.
        """
        if not self._limits.may_try():
            return None
        model = self._workbench.applied(remedy, symptom, len(self.decisions))
        if model is None:
            return None
        self._limits.spend_repair()
        if number is None:
            number = self._candidates.add((*self._candidates.remedies, remedy.name))
        else:
            self._candidates.extend(number, remedy.name)
        self._run.adopt(model, self._workbench.batch_size(remedy))
        return number

    def _kept(self, case: _Case, lap: Lap) -> bool:
        found, control = case.trials.judged(lap, case.symptom)
        self._decide(case, lap, found, control)
        return found.verdict is Verdict.KEEP

    def _decide(self, case: _Case, lap: Lap, found: Judgement, control: Validation | None = None) -> None:
        case.open.remove(lap)
        kept = found.verdict is Verdict.KEEP
        if not kept:
            self._failed.add((case.symptom.name, case.symptom.layer, lap.name))
        untouched = case.trials.control if control is not None else None
        self._note(tried(case.symptom, case.now.place, self._strategy, lap, found, control, untouched))

    def _note(self, decision: Decision) -> None:
        self.decisions.append(decision)
        if self._on_decision is not None:
            self._on_decision(decision)

    def _ranked(self, symptom: Symptom) -> list[Remedy]:
        """Return the strategy's order of the remedies that apply, did not fail before and undo nothing."""
        number = len(self.decisions)
        kept = {decision.remedy for decision in self.decisions if decision.kept}
        open_ones = [
            remedy
            for remedy in self._workbench.offered(symptom, number)
            if (symptom.name, symptom.layer, remedy.name) not in self._failed
            and _OPPOSITES.get(remedy.name) not in kept
        ]
        context = RepairContext(
            symptom=symptom,
            statistics=self._run.statistics(self._run.look(once=True)),
            remedies=open_ones,
            decisions=tuple(self.decisions),
            look_ahead=lambda remedy: self._workbench.look_ahead(remedy, symptom, number),
            rng=self._workbench.rng("rank", number),
        )
        return list(self._strategy.rank(context))
