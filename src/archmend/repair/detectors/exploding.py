"""Values that are no longer finite, and losses or signals out of all proportion."""

from __future__ import annotations

import math
from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import chance_loss
from archmend.repair.values import LayerStatistics, Symptom, TrainingStatistics

LOSS_LIMIT = 1e3
"""AUTOTRAINER (Zhang et al., ICSE 2021): a loss of 1000 or more counts at once."""
BLOW_UP = 10.0
"""Factor over the best recent loss. Calibrated: over 5 seeds of the healthy digits, circle and blob runs
the mean of ten batches never rises above 3 times the best such mean before it."""
WINDOW = 10
"""Batches over which losses are averaged for the blow-up, so that single hard batches do not count."""
GRADIENT_LIMIT = 1e4
"""Gradient norm of a kernel over the kernel's own norm; healthy networks stay below 10 at every probe."""
FIRST_LOSS = 8.0
"""Factor over the loss of knowing nothing that an untrained network's may have. Calibrated: healthy networks
begin at most at 3."""
GAIN = 3.0
"""Factor by which one layer may enlarge its input's root mean square."""


class Exploding(Detector):
    """Non-finite losses, outputs or gradients at once; a loss, signal or gradient out of all proportion."""

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
        for layer in statistics.layers:
            if layer.gradient_norm > GRADIENT_LIMIT * max(layer.weight_norm, 1.0):
                evidence = {"gradient_norm": layer.gradient_norm, "weight_norm": layer.weight_norm}
                return Symptom(
                    self.name, _enlarging(statistics), {**evidence, "limit": GRADIENT_LIMIT}, confidence=0.8
                )
        return self._first_loss(statistics) or self._of_losses(statistics)

    def _of_losses(self, statistics: TrainingStatistics) -> Symptom | None:
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
        return None

    def _first_loss(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return an untrained network whose signal has grown until its loss is far above knowing nothing."""
        known = chance_loss(statistics)
        output = next((layer for layer in statistics.layers if layer.output), None)
        if statistics.steps > 0 or known is None or output is None:
            return None
        if not output.loss > FIRST_LOSS * known:
            return None
        layer = _enlarging(statistics)
        if layer is None:
            return None
        evidence = {"loss": output.loss, "chance_loss": known, "factor": FIRST_LOSS}
        return Symptom(self.name, layer, evidence, confidence=0.9)


def _first_bad(statistics: TrainingStatistics) -> str | None:
    """Return where the first value that is not finite comes from, as far as one probe can tell."""
    layers = statistics.layers
    if any(not layer.finite_weights for layer in layers):
        # Once the weights are gone, every output is, and the place where it began is lost.
        gone = [layer.name for layer in layers if not layer.finite_weights]
        return gone[0] if len(gone) == 1 else statistics.bad_layer
    if statistics.bad_layer is not None:
        return statistics.bad_layer
    forward = next((layer.name for layer in layers if not layer.finite_output), None)
    # Outputs come from the input on, gradients from the loss back.
    return forward or next((layer.name for layer in reversed(layers) if not layer.finite), None)


def _enlarging(statistics: TrainingStatistics) -> str | None:
    """Return the first layer that makes its input `GAIN` times larger; the head stands in for a last one."""
    before = math.nan
    layers: tuple[LayerStatistics, ...] = statistics.layers
    for layer in layers:
        if layer.input_scale == layer.input_scale:
            before = max(layer.input_scale, 1.0)
        if layer.scale > GAIN * before:
            return layer.name
        before = layer.scale if layer.scale == layer.scale else before
    # The output's own activation hides what its kernel does: weights far above 1 over the root of inputs.
    for layer in layers:
        if layer.units and layer.weight_norm > GAIN * math.sqrt(2 * layer.units):
            return layer.name
    return None
