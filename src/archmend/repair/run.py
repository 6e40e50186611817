"""One path of training: a model, its place in the data, and what was measured on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from archmend.repair.data import Batch, Data
from archmend.repair.engine import Engine, Snapshot
from archmend.repair.labels import Labels
from archmend.repair.values import EpochRecord, LayerStatistics, TrainingStatistics

STATISTICS_BATCHES = 100
"""Batches from which the statistics of batch normalisation are measured for weights that were not trained."""
RECENT_LOSSES = 100
"""Batch losses that detectors can look back on."""


@dataclass(frozen=True)
class Place:
    """Where a path stands; immutable, so that a checkpoint can hold it.

    Attributes:
        epoch: finished epochs. batch: batches done in the one under way. steps: since the last kept change.
        loss, correct, rows: sums over the batches of the epoch under way. seconds: its wall time so far.
        losses: of the latest batches. history: all finished epochs. since: where in it the last kept change
            lies.
    """

    epoch: int = 0
    batch: int = 0
    steps: int = 0
    loss: float = 0.0
    correct: float = 0.0
    rows: int = 0
    seconds: float = 0.0
    losses: tuple[float, ...] = ()
    history: tuple[EpochRecord, ...] = ()
    since: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        values = {name: getattr(self, name) for name in Place.__dataclass_fields__}
        return {
            **values,
            "losses": list(self.losses),
            "history": [record.as_dict() for record in self.history],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Place:
        """Return the place that `as_dict` told of."""
        history = tuple(EpochRecord(**record) for record in values["history"])
        return cls(**{**values, "losses": tuple(values["losses"]), "history": history})


@dataclass(frozen=True)
class Checkpoint:
    """Everything that a path needs to go on as if nothing had happened since.

    Attributes:
        engine: of the model. snapshot: values of its variables, the optimiser's and the random generators'.
        place: position in the data order, and the measurements.
    """

    engine: Engine
    snapshot: Snapshot
    place: Place


@dataclass(frozen=True)
class Validation:
    """A model's validation: compiled mean `loss`, mean `accuracy`, and both for each row."""

    loss: float
    accuracy: float
    row_losses: np.ndarray
    correct: np.ndarray

    @property
    def row_loss(self) -> float:
        """Mean of the rows' losses."""
        return float(self.row_losses.mean())

    @property
    def key(self) -> tuple[float, float]:
        """How good it is, for the best of all: by accuracy, then by the smaller loss; not finite is worst."""
        loss = self.loss if np.isfinite(self.loss) else np.inf
        return (self.accuracy if np.isfinite(self.accuracy) and np.isfinite(loss) else -np.inf, -loss)


class Run:
    """Goes forward a batch at a time; `checkpoint` and `restore` go back exactly."""

    def __init__(self, engine: Engine, train: Data, validation: Data, labels: Labels, epochs: int) -> None:
        """Start before the first batch of the first epoch."""
        self.engine = engine
        self.place = Place()
        self.epochs = epochs
        self._train, self._validation, self._labels = train, validation, labels
        truth = np.concatenate([np.asarray(y) for _, y in validation.in_order()])
        self._chance = labels.chance(truth)
        self.validation_rows = len(truth)
        self._probe_batch: Batch | None = None
        self._batches: Iterator[Batch] | None = None

    @property
    def model(self) -> Any:
        """The model on the path."""
        return self.engine.model

    @property
    def batches_per_epoch(self) -> int:
        """Batches in an epoch of the training data."""
        return self._train.batches

    @property
    def at_epoch_end(self) -> bool:
        """Whether all batches of the epoch under way are done."""
        return self.place.batch == self.batches_per_epoch

    def step(self) -> float:
        """Train on the next batch; return its loss."""
        started = time.perf_counter()
        if self._batches is None:
            self._batches = self._train.epoch(self.place.epoch, self.place.batch)
        x, y = next(self._batches)
        loss, correct = self.engine.train(x, y)
        here, rows = self.place, len(y)
        self.place = replace(
            here,
            batch=here.batch + 1,
            steps=here.steps + 1,
            loss=here.loss + loss * rows,
            correct=here.correct + correct,
            rows=here.rows + rows,
            seconds=here.seconds + time.perf_counter() - started,
            losses=(*here.losses[1 - RECENT_LOSSES :], loss),
        )
        return loss

    def finish_epoch(self) -> Validation:
        """Validate and write the epoch's line of the history, also where a limit cut it."""
        started = time.perf_counter()
        found = self.validate()
        here = self.place
        record = EpochRecord(
            epoch=here.epoch,
            loss=here.loss / max(here.rows, 1),
            accuracy=here.correct / max(here.rows, 1),
            val_loss=found.loss,
            val_accuracy=found.accuracy,
            learning_rate=self.learning_rate,
            seconds=here.seconds + time.perf_counter() - started,
        )
        self.place = Place(
            epoch=here.epoch + 1,
            steps=here.steps,
            losses=here.losses,
            history=(*here.history, record),
            since=here.since,
        )
        self._batches = None
        return found

    @property
    def learning_rate(self) -> float:
        """Of the next optimiser step."""
        return float(self.model.optimizer.learning_rate)

    def validate(self) -> Validation:
        """Look at all validation rows."""
        losses, rows, correct, weights = [], [], [], []
        for x, y in self._validation.in_order():
            loss, row_losses, hits = self.engine.validate(x, y)
            losses.append(loss)
            rows.append(row_losses)
            correct.append(hits)
            weights.append(len(hits))
        hits = np.concatenate(correct)
        return Validation(
            float(np.average(losses, weights=weights)), float(hits.mean()), np.concatenate(rows), hits
        )

    def refresh_statistics(self) -> None:
        """Measure the moving statistics of batch normalisation anew, for weights that were set."""
        if not self.engine.keeps_statistics:
            return
        for number, (x, _) in enumerate(islice(self._train.epoch(0), STATISTICS_BATCHES)):
            self.engine.see(x, number)

    def look(self) -> tuple[LayerStatistics, ...]:
        """Probe the layers; leaves no trace."""
        return self.engine.probe(*self._probed())

    def probe_rows(self) -> Any:
        """Return the features of the rows that `look` uses."""
        return self._probed()[0]

    def _probed(self) -> Batch:
        if self._probe_batch is None:
            self._probe_batch = self._train.probe()
        return self._probe_batch

    def statistics(
        self, layers: tuple[LayerStatistics, ...] = (), *, epoch_end: bool = False
    ) -> TrainingStatistics:
        """Return what detectors may look at now."""
        here = self.place
        return TrainingStatistics(
            epoch=here.epoch,
            batch=here.batch,
            steps=here.steps,
            epochs=self.epochs,
            batches_per_epoch=self.batches_per_epoch,
            losses=here.losses,
            layers=layers,
            history=here.history[here.since :],
            epoch_end=epoch_end,
            chance=self._chance,
            validation_rows=self.validation_rows,
            learning_rate=self.learning_rate,
        )

    def checkpoint(self) -> Checkpoint:
        """Hold everything at this moment."""
        return Checkpoint(self.engine, self.engine.snapshot(), self.place)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back (or over) to a checkpoint, bit by bit."""
        self.engine = checkpoint.engine
        self.engine.restore(checkpoint.snapshot)
        self.place = checkpoint.place
        self._batches = None

    def adopt(self, model: Any) -> None:
        """Go on from here with a changed model; detectors see only what comes from now on."""
        if model is not self.model:
            self.engine = Engine(model, self._labels, self._train)
        self.place = replace(self.place, steps=0, losses=(), since=len(self.place.history))

    def state_dict(self) -> dict[str, Any]:
        """Return arrays and plain values from which an equal run (same model, same data) goes on."""
        variables = [np.asarray(value) for value in self.engine.snapshot()]
        return {"variables": variables, "place": self.place.as_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.engine.restore(tuple(state["variables"]))
        self.place = Place.from_dict(state["place"])
        self._batches = None
