"""The loop: train, watch, treat what shows, and keep the best of all candidates."""

from __future__ import annotations

from typing import Any

from archmend.repair.averaging import WeightAverage
from archmend.repair.callbacks import CallbackListener
from archmend.repair.candidates import Candidates
from archmend.repair.limits import Limits, OutOfTimeError
from archmend.repair.run import Run, Validation
from archmend.repair.treatment import Treatment
from archmend.repair.values import FIRST_BATCHES, Symptom
from archmend.repair.watch import Watch


class Loop:
    """Trains a run to its end, with repairs on the way."""

    def __init__(
        self,
        run: Run,
        watch: Watch,
        treatment: Treatment,
        candidates: Candidates,
        limits: Limits,
        listener: CallbackListener,
    ) -> None:
        """Hold the parts; nothing is trained yet. Trials are told to the listener only once they are kept."""
        self._run, self._watch, self._treatment = run, watch, treatment
        self._candidates, self._limits, self._listener = candidates, limits, listener
        self._initial = self._epoch_start = run.checkpoint()
        self._hopeless = False
        self._average = WeightAverage()

    def go(self) -> None:
        """Train until the epochs, the time, a callback or a fault that nothing mends ends it."""
        run, listener = self._run, self._listener
        listener.begin(run.model)
        try:
            self._limits.check_time()
            self._look(epoch_end=False)
            while run.place.epoch < run.epochs and not (self._hopeless or listener.stopped()):
                self._epoch()
        except OutOfTimeError:
            if run.place.batch:
                self._validated(run.finish_epoch())
        else:
            self._average.offer(run, self._candidates)
        listener.end()

    def _epoch(self) -> None:
        run, listener = self._run, self._listener
        if run.place.batch == 0:
            listener.epoch_begin(run.place.epoch)
        while not run.at_epoch_end:
            self._limits.check_time()
            batch = run.place.batch
            listener.batch_begin(batch)
            loss = run.step()
            listener.batch_end(batch, loss)
            if self._look(epoch_end=False):
                return
        self._validated(run.finish_epoch())
        self._average.take(run)
        if not self._look(epoch_end=True):
            self._epoch_start = run.checkpoint()

    def _validated(self, found: Validation) -> None:
        self._candidates.consider(self._candidates.current, self._run, found)
        self._listener.epoch_end(self._run.place.history[-1])

    def _look(self, *, epoch_end: bool) -> bool:
        """Look for a symptom and treat it; return whether the run may now stand elsewhere."""
        symptom = self._watch.look(self._run, epoch_end=epoch_end)
        if symptom is None:
            return False
        now, told = self._run.checkpoint(), len(self._run.place.history)
        base = self._base(symptom, epoch_end)
        kept = self._treatment.treat(symptom, base, now)
        if not kept:
            self._watch.give_up(symptom)
            self._hopeless = symptom.fatal
        elif base is self._initial:
            # A second fault of the first batches goes back no further than this repair.
            self._initial = self._run.checkpoint()
        self._watch.restart()
        self._epoch_start = self._run.checkpoint()
        self._listener.changed(self._run.model)
        # Epochs that trials finished on the path are told now that they count.
        for record in self._run.place.history[told:]:
            self._listener.epoch_end(record)
        return True

    def _base(self, symptom: Symptom, epoch_end: bool) -> Any:
        place = self._run.place
        first = place.epoch * self._run.batches_per_epoch + place.batch <= FIRST_BATCHES
        if first or (symptom.fatal and place.epoch == 0):
            return self._initial
        if symptom.name == "overfitting" and self._candidates.best is not None:
            return self._candidates.best
        return self._run.checkpoint() if epoch_end and not symptom.fatal else self._epoch_start
