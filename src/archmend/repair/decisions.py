"""What becomes of a remedy, put down as a decision."""

from __future__ import annotations

from archmend.repair.decision import Decision
from archmend.repair.judge import Judgement, Verdict
from archmend.repair.run import Place, Run, Validation
from archmend.repair.strategy import RepairStrategy
from archmend.repair.trial import Lap
from archmend.repair.values import Symptom


def tried(
    symptom: Symptom,
    place: Place,
    strategy: RepairStrategy,
    lap: Lap,
    found: Judgement,
    control: Validation | None,
    untouched: Lap | None,
) -> Decision:
    """Return the decision on a remedy's trial.

    Args:
        symptom: what was seen.
        place: where the run stood then.
        strategy: that ranked the remedy.
        lap: its trial.
        found: the judgement on it.
        control: the untouched run's validation after as many rows, where it was compared with that.
        untouched: the lap of the untouched run, where it was.
    """
    return Decision(
        epoch=place.epoch,
        batch=place.batch,
        symptom=symptom.name,
        layer=symptom.layer,
        evidence=dict(symptom.evidence),
        strategy=strategy.name,
        remedy=lap.name,
        before=None if control is None else control.row_loss,
        after=lap.now.row_loss if lap.ends else None,
        kept=found.verdict is Verdict.KEEP,
        reason=found.reason,
        epochs=round(lap.epochs + (untouched.epochs if untouched else 0.0), 3),
        seconds=round(lap.seconds + (untouched.seconds if untouched else 0.0), 3),
    )


def untried(
    run: Run, strategy: RepairStrategy, remedy: str, symptom: Symptom, reason: str, *, kept: bool = True
) -> Decision:
    """Return the decision on what is settled without a trial, where the run stands."""
    return Decision(
        epoch=run.place.epoch,
        batch=run.place.batch,
        symptom=symptom.name,
        layer=symptom.layer,
        evidence=dict(symptom.evidence),
        strategy=strategy.name,
        remedy=remedy,
        before=None,
        after=None,
        kept=kept,
        reason=reason,
        epochs=0.0,
        seconds=0.0,
    )
