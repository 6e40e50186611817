"""What passes between the watching loop, detectors and strategies: statistics in, symptoms out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from archmend.repair.measures import Description, LabelFacts, LayerStatistics, RateTest

__all__ = [
    "FIRST_BATCHES",
    "HISTORY_NAMES",
    "Description",
    "EpochRecord",
    "LabelFacts",
    "LayerStatistics",
    "RateTest",
    "Symptom",
    "TrainingStatistics",
]

FIRST_BATCHES = 50
"""Optimiser steps that count as the first batches: a fault of structure shows by then, and so little
has been learned that a repair starts again from the initial state."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """Something is wrong with the training.

    Attributes:
        name: of the detector's finding, such as `vanishing`.
        layer: name of the layer where it shows; None when it is the whole network's.
        evidence: the measured values that led to it, and the thresholds they crossed.
        confidence: 0..1, how surely such evidence means a fault.
        fatal: going on without a change is pointless (values are no longer finite).
    """

    name: str
    layer: str | None = None
    evidence: Mapping[str, float] = field(default_factory=dict)
    confidence: float = 1.0
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One line of history.csv: means over an epoch's batches, and the validation after it."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    learning_rate: float
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return the record under history.csv's column names, in their order."""
        return {name: getattr(self, name) for name in HISTORY_NAMES}


HISTORY_NAMES = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds")


@dataclass(frozen=True, slots=True)
class TrainingStatistics:
    """Everything a detector may look at, at one moment of the training.

    Attributes:
        epoch: epochs finished. batch: batches done in the epoch under way. steps: of the optimiser since
            the start or since the last change that was kept.
        epochs: how many epochs were asked for. batches_per_epoch: of the training data.
        losses: losses of the latest batches, oldest first, at most 100. loss: the latest, None before the
            first.
        layers: in the order of the forward pass; empty when this moment was not probed.
        history: finished epochs since the start or the last kept change.
        epoch_end: whether an epoch has just ended.
        chance: accuracy of always naming the commonest class of the validation rows; NaN without classes.
        validation_rows: how many rows the validation accuracy rests on.
        learning_rate: of the next step.
        description: what does not change while the network trains; None where it was not read.
        rates: a short test of several learning rates, lowest first; empty when none was made at this moment.
        first: `layers` as they were when this network was first probed, for what changes by training.
        bad_layer: name of the first layer whose output is not finite, where some value is not.
    """

    epoch: int
    batch: int
    steps: int
    epochs: int
    batches_per_epoch: int
    losses: tuple[float, ...] = ()
    layers: tuple[LayerStatistics, ...] = ()
    history: tuple[EpochRecord, ...] = ()
    epoch_end: bool = False
    chance: float = float("nan")
    validation_rows: int = 0
    learning_rate: float = float("nan")
    description: Description | None = None
    rates: tuple[RateTest, ...] = ()
    first: tuple[LayerStatistics, ...] = ()
    bad_layer: str | None = None

    @property
    def loss(self) -> float | None:
        """Loss of the latest batch."""
        return self.losses[-1] if self.losses else None

    @property
    def hidden(self) -> tuple[LayerStatistics, ...]:
        """The layers before the output."""
        return tuple(layer for layer in self.layers if not layer.output)
