"""Short stretches of training from a checkpoint: of the untouched run and of remedies, side by side."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from archmend.repair.candidates import Candidates
from archmend.repair.decision import Decision
from archmend.repair.detectors.common import chance_loss
from archmend.repair.judge import Judgement, Verdict, judge
from archmend.repair.limits import Limits
from archmend.repair.run import Checkpoint, Run, Validation
from archmend.repair.severity import hopeless
from archmend.repair.values import Symptom
from archmend.repair.watch import Watch

STRETCH_SHARE = 0.005
"""First length of a trial as a share of all the run's steps, within the two bounds below."""
STRETCH_STEPS = (8, 200)
ROUNDS = 4
"""How often an undecided trial may go on; each round doubles its length."""

UNTOUCHED = "untouched"


def stretch(run: Run) -> int:
    """Return the steps of a trial's first round."""
    low, high = STRETCH_STEPS
    return max(low, min(high, round(STRETCH_SHARE * run.epochs * run.batches_per_epoch)))


@dataclass
class Lap:
    """A path of training that can be lengthened.

    Attributes:
        name: of the remedy, or `untouched`. number: of the candidate.
        here: where it stands. start: its validation before the first round.
        ends: validations after each round. over: whether the run has no more epochs.
        faulty: whether the fault (or another that was not there before) shows in a probe at `here`.
        steps: trained so far, in steps of as many rows as at the base. epochs: the same in epochs.
        seconds: wall time of them and of the looks. settled: what was set at its start without a trial.
    """

    name: str
    number: int
    here: Checkpoint
    start: Validation
    ends: list[Validation] = field(default_factory=list)
    over: bool = False
    faulty: bool = False
    steps: int = 0
    epochs: float = 0.0
    seconds: float = 0.0
    settled: list[Decision] = field(default_factory=list)

    @property
    def now(self) -> Validation:
        """The latest validation."""
        return self.ends[-1] if self.ends else self.start


class Trials:
    """All trials for one symptom, from one checkpoint.

    Attributes:
        control: the untouched run, as far as it was trained for comparisons; None before the first.
    """

    def __init__(
        self,
        run: Run,
        base: Checkpoint,
        candidates: Candidates,
        limits: Limits,
        watch: Watch,
        symptom: str,
    ) -> None:
        """Look at the untouched run; it is trained only when a remedy is first compared with it.

        Args:
            run: stands at `base`.
            base: where the trials start.
            candidates: told of each validation.
            limits: told of each step.
            watch: asked whether a fault shows.
            symptom: the name of what shall be mended.
        """
        self._run, self._base = run, base
        self._candidates, self._limits, self._watch = candidates, limits, watch
        self._first = stretch(run)
        self._batch_size = run.batch_size
        self._symptom = symptom
        self._there_before = watch.shown(run)
        self._known = chance_loss(run.statistics())
        self.control: Lap | None = None

    def begin(self, name: str, number: int) -> Lap:
        """Return the lap of the candidate on which the run stands."""
        began = time.perf_counter()
        lap = Lap(name, number, self._run.checkpoint(), self._run.validate(once=True))
        lap.faulty = self.faulty()
        lap.seconds = time.perf_counter() - began
        return lap

    def lengthen(self, lap: Lap) -> None:
        """Train a lap for one more round, each twice as long as the one before, the second as the first.

        A round has the same number of rows for all laps, whatever their batches.
        """
        began, run = time.perf_counter(), self._run
        run.restore(lap.here)
        size, now = self._batch_size, run.batch_size
        ratio = 1.0 if size is None or now is None else size / now
        steps = round(ratio * self._first * 2 ** max(0, len(lap.ends) - 1))
        done = 0
        while done < steps and run.place.epoch < run.epochs:
            self._limits.check_time()
            done += len(run.advance(min(steps - done, self._limits.stretch(run.pace))))
            if run.at_epoch_end:
                self._candidates.consider(lap.number, run, run.finish_epoch())
        rows_alike = round(done / ratio)
        self._limits.spend(rows_alike)
        found = run.validate()
        self._candidates.consider(lap.number, run, found)
        lap.ends.append(found)
        lap.here, lap.over = run.checkpoint(), run.place.epoch >= run.epochs
        lap.faulty = self.faulty()
        lap.steps += rows_alike
        lap.epochs += done / run.batches_per_epoch
        lap.seconds += time.perf_counter() - began

    def judged(self, lap: Lap, symptom: Symptom) -> tuple[Judgement, Validation | None]:
        """Lengthen a lap for as long as its verdict is open.

        Args:
            lap: a remedy's; lengthened at least once if it is not faulty from the start.
            symptom: what it shall mend. Where that is sure to keep the untouched run from learning, this is
                not trained.

        Returns:
            The judgement, and the untouched run's validation that it rests on, None where there is none.
        """
        if not lap.ends and not lap.faulty:
            self.lengthen(lap)
        while True:
            last = lap.over or len(lap.ends) >= ROUNDS
            alone = lap.faulty or hopeless(symptom)
            control = None if alone else self._untouched(len(lap.ends))
            structural = self.control is not None and self.control.faulty
            found = judge(
                control,
                lap.start,
                lap.now,
                mended=not lap.faulty,
                structural=structural,
                last=last,
                known=self._known,
            )
            if found.verdict is not Verdict.LONGER:
                return found, control
            self.lengthen(lap)

    def _untouched(self, rounds: int) -> Validation:
        """Return the untouched run's validation after so many rounds."""
        if self.control is None:
            self._run.restore(self._base)
            self.control = self.begin(UNTOUCHED, self._candidates.current)
        while len(self.control.ends) < rounds:
            self.lengthen(self.control)
        return self.control.ends[rounds - 1]

    def faulty(self) -> bool:
        """Whether the fault, or another that was not there before, shows where the run stands now."""
        now = self._watch.shown(self._run)
        return self._symptom in now or bool(now - self._there_before)
