"""Values that are no longer finite, and losses that blow up."""

from __future__ import annotations

import math
from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.values import Symptom, TrainingStatistics

LOSS_LIMIT = 1e3
"""AUTOTRAINER (Zhang et al., ICSE 2021): a loss of 1000 or more counts at once."""
BLOW_UP = 10.0
"""Factor over the best recent loss. Calibrated: over 5 seeds of the healthy digits, circle and blob runs
the mean of ten batches never rises above 3 times the best such mean before it."""
WINDOW = 10
"""Batches over which losses are averaged for the blow-up, so that single hard batches do not count."""
GRADIENT_LIMIT = 1e4
"""Gradient norm of a kernel over the kernel's own norm; healthy networks stay below 10 at every probe."""


class Exploding(Detector):
    """Non-finite losses, outputs or gradients at once; a loss or gradient out of all proportion."""

    name: ClassVar[str] = "exploding"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return values that are not finite, or else what is out of all proportion."""
        loss = statistics.loss
        if loss is not None and not math.isfinite(loss):
            return Symptom(self.name, _first_bad(statistics), {"loss": loss}, fatal=True)
        if any(not layer.finite for layer in statistics.layers):
            return Symptom(self.name, _first_bad(statistics), {"finite": 0.0}, fatal=True)
        if statistics.epoch_end and not math.isfinite(statistics.history[-1].val_loss):
            return Symptom(self.name, None, {"val_loss": statistics.history[-1].val_loss}, fatal=True)
        return self._out_of_proportion(statistics)

    def _out_of_proportion(self, statistics: TrainingStatistics) -> Symptom | None:
        losses = statistics.losses
        # Where the first loss is already above the limit (a sum over many outputs), it is the task's scale.
        if losses and losses[-1] >= LOSS_LIMIT > min(losses):
            return Symptom(self.name, None, {"loss": losses[-1], "limit": LOSS_LIMIT})
        if len(losses) >= 2 * WINDOW:
            means = [sum(losses[i : i + WINDOW]) / WINDOW for i in range(len(losses) - WINDOW + 1)]
            now, best = means[-1], min(means)
            # A loss near zero can grow tenfold and still be small.
            if now > BLOW_UP * best and now > losses[0] and now > 1.0:
                return Symptom(
                    self.name, None, {"loss": now, "best": best, "factor": BLOW_UP}, confidence=0.9
                )
        for layer in statistics.layers:
            if layer.gradient_norm > GRADIENT_LIMIT * max(layer.weight_norm, 1.0):
                evidence = {"gradient_norm": layer.gradient_norm, "weight_norm": layer.weight_norm}
                return Symptom(self.name, layer.name, {**evidence, "limit": GRADIENT_LIMIT}, confidence=0.8)
        return None


def _first_bad(statistics: TrainingStatistics) -> str | None:
    return next((layer.name for layer in statistics.layers if not layer.finite), None)
