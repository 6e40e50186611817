"""The loop: train, watch, treat what shows, and keep the best of all candidates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from archmend.repair.averaging import WeightAverage
from archmend.repair.callbacks import CallbackListener
from archmend.repair.candidates import Candidates
from archmend.repair.limits import Limits, OutOfTimeError
from archmend.repair.run import Run, Validation, in_first_batches
from archmend.repair.severity import CAUSES
from archmend.repair.treatment import Treatment
from archmend.repair.values import Symptom
from archmend.repair.watch import Watch

if TYPE_CHECKING:
    from archmend.repair.packing import Packer, Unpacker


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
        self._over = False
        self._average = WeightAverage()
        self._begun = False

    def go(self, between: Callable[[], None] = lambda: None) -> None:
        """Train until the epochs, the time, a callback or a fault that nothing mends ends it.

        Args:
            between: called before each epoch and after each treatment that more training follows; then
                `state_dict` tells all that the rest depends on.
        """
        run, listener = self._run, self._listener
        listener.begin(run.model, run.probe_rows())
        try:
            self._limits.check_time()
            if not self._begun:
                self._open()
            while run.place.epoch < run.epochs and not (self._over or listener.stopped()):
                between()
                self._epoch()
        except OutOfTimeError:
            if run.place.batch:
                self._validated(run.finish_epoch())
        else:
            self._average.offer(run, self._candidates)
        listener.end()

    def _open(self) -> None:
        """Look before the first batch, and again after what was mended untried: it may have hidden more."""
        for _ in range(len(CAUSES) + 1):
            told = len(self._treatment.decisions)
            if not self._look(epoch_end=False) or self._run.place.steps:
                return
            if not any(decision.kept for decision in self._treatment.decisions[told:]):
                return

    def state_dict(self, pack: Packer) -> dict[str, Any]:
        """Return everything that the rest of the training depends on; to be asked by `between` alone."""
        # Between two epochs the run stands at `_epoch_start`, and one that nothing mends has come to its end.
        return {
            "here": pack.checkpoint(self._epoch_start),
            "initial": pack.checkpoint(self._initial) if self._needs_initial() else None,
            "candidates": self._candidates.state_dict(pack),
            "average": self._average.state_dict(pack),
            "watch": self._watch.state_dict(),
            "treatment": self._treatment.state_dict(),
            "limits": self._limits.state_dict(),
            "trained": self._run.trained,
        }

    def load_state_dict(self, state: Mapping[str, Any], unpack: Unpacker) -> None:
        """Take over what `state_dict` returned; `go` then goes on from there."""
        self._begun = True
        self._initial = self._epoch_start = unpack.checkpoint(state["here"])
        if state["initial"] is not None:
            self._initial = unpack.checkpoint(state["initial"])
        self._candidates.load_state_dict(state["candidates"], unpack)
        self._average.load_state_dict(state["average"], unpack)
        self._watch.load_state_dict(state["watch"])
        self._treatment.load_state_dict(state["treatment"])
        self._limits.load_state_dict(state["limits"])
        self._run.trained = float(state["trained"])
        self._run.restore(self._epoch_start)

    def _needs_initial(self) -> bool:
        """Whether a fault may yet send the run back to the initial state: by a path from here or the best."""
        best = self._candidates.best
        places = [self._epoch_start.place, *([] if best is None else [best.place])]
        return any(place.epoch == 0 or in_first_batches(self._run, place) for place in places)

    def _epoch(self) -> None:
        run, listener = self._run, self._listener
        listener.epoch_begin(run.place.epoch)
        while not run.at_epoch_end:
            self._advance(min(self._watch.until_look(run), run.batches_per_epoch - run.place.batch))
            if self._look(epoch_end=False):
                return
        self._validated(run.finish_epoch())
        self._average.take(run)
        if not self._look(epoch_end=True):
            self._epoch_start = run.checkpoint()

    def _advance(self, steps: int) -> None:
        """Train so many batches without a look; by one where somebody listens to batches."""
        run, listener, left = self._run, self._listener, steps
        while left:
            self._limits.check_time()
            batch = run.place.batch
            if listener.hears:
                listener.batch_begin(batch)
                (loss,) = run.advance(1)
                listener.batch_end(batch, loss)
            else:
                run.advance(min(left, self._limits.stretch(run.pace)))
            left -= run.place.batch - batch

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
            self._over = symptom.fatal or self._treatment.ended
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
        if in_first_batches(self._run, place) or (symptom.fatal and place.epoch == 0):
            return self._initial
        if symptom.name == "overfitting" and self._candidates.best is not None:
            return self._candidates.best
        return self._run.checkpoint() if epoch_end and not symptom.fatal else self._epoch_start
