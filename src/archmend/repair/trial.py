"""Short stretches of training from a checkpoint: of the untouched run and of remedies, side by side."""

from __future__ import annotations

from dataclasses import dataclass, field

from archmend.repair.candidates import Candidates
from archmend.repair.judge import Judgement, Verdict, judge
from archmend.repair.limits import Limits
from archmend.repair.run import Checkpoint, Run, Validation
from archmend.repair.watch import Watch

STRETCH_SHARE = 0.03
"""First length of a trial as a share of all the run's steps, within the two bounds below."""
STRETCH_STEPS = (20, 200)
ROUNDS = 3
"""How often an undecided trial may go on; each round doubles its length."""


def stretch(run: Run) -> int:
    """Return the steps of a trial's first round."""
    low, high = STRETCH_STEPS
    return max(low, min(high, round(STRETCH_SHARE * run.epochs * run.batches_per_epoch)))


@dataclass
class Lap:
    """A path of training that can be lengthened.

    Attributes:
        number: of the candidate. ends: its states and validations after each round.
        faulty: whether a probe shows a fault at the last of them.
    """

    number: int
    ends: list[tuple[Checkpoint, Validation]] = field(default_factory=list)
    faulty: bool = False


class Trials:
    """All trials for one symptom, from one checkpoint."""

    def __init__(
        self, run: Run, base: Checkpoint, candidates: Candidates, limits: Limits, watch: Watch
    ) -> None:
        """The untouched run is trained only when a remedy is first compared with it."""
        self._run, self._base = run, base
        self._candidates, self._limits, self._watch = candidates, limits, watch
        self._first = stretch(run)
        self.control = Lap(candidates.current)

    def untouched(self, round_: int) -> Validation:
        """Return the untouched run's validation after a round; `run` stands there afterwards."""
        if not self.control.ends:
            self._run.restore(self._base)
        else:
            self._run.restore(self.control.ends[-1][0])
        while len(self.control.ends) <= round_:
            self._lengthen(self.control)
            self.control.faulty = self._watch.structure(self._run) is not None
        return self.control.ends[round_][1]

    def judged(self, number: int, *, fatal: bool) -> tuple[Judgement, Validation | None, Validation]:
        """Train the candidate on which the run stands, for as long as its verdict is open.

        Args:
            number: of the candidate.
            fatal: the untouched run cannot go on, so there is nothing to compare.

        Returns:
            The judgement, and the two validations it rests on; the run stands at the trial's end.
        """
        start = self._run.validate()
        lap = Lap(number)
        if self._watch.structure(self._run) is not None:
            return judge(None, start, start, mended=False, structural=True, last=True), None, start
        for round_ in range(ROUNDS):
            control = None
            if not fatal:
                held = self._run.checkpoint()
                control = self.untouched(round_)
                self._run.restore(held)
            self._lengthen(lap)
            now = lap.ends[-1][1]
            mended = self._watch.structure(self._run) is None
            last = round_ == ROUNDS - 1 or self._run.place.epoch >= self._run.epochs
            found = judge(control, start, now, mended=mended, structural=self.control.faulty, last=last)
            if found.verdict is not Verdict.LONGER:
                return found, control, now
        raise AssertionError("the last round is always decided")

    def _lengthen(self, lap: Lap) -> None:
        steps = self._first * 2 ** max(0, len(lap.ends) - 1)
        run = self._run
        for _ in range(steps):
            if run.place.epoch >= run.epochs:
                break
            self._limits.check_time()
            run.step()
            if run.at_epoch_end:
                self._candidates.consider(lap.number, run, run.finish_epoch())
        self._limits.spend(steps)
        found = run.validate()
        self._candidates.consider(lap.number, run, found)
        lap.ends.append((run.checkpoint(), found))
