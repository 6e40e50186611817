"""One path of training: a model, its place in the data, and what was measured on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, repeat
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from archmend.errors import BadInput
from archmend.repair.check import count_missing, labels_of
from archmend.repair.data import Batch, Data, Rows
from archmend.repair.describe import describe, label_facts
from archmend.repair.engine import Engine, Snapshot
from archmend.repair.labels import Labels
from archmend.repair.probe import Probe
from archmend.repair.rates import ramp
from archmend.repair.values import FIRST_BATCHES, EpochRecord, LayerStatistics, TrainingStatistics

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
            lies. batch_size: rows a step; None for those that the data came with.
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
    batch_size: int | None = None

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
    """Goes forward batch by batch; `checkpoint` and `restore` go back exactly.

    Attributes:
        engine: of the model that is trained. place: where it stands. epochs: how many were asked for.
        trained: epochs, in all and with their fractions; going back takes none away.
    """

    def __init__(self, engine: Engine, train: Data, validation: Data, labels: Labels, epochs: int) -> None:
        """Start before the first batch of the first epoch."""
        self.engine = engine
        self.place = Place()
        self.epochs = epochs
        self.trained = 0.0
        self._opened, self._validation, self._labels = train, validation, labels
        self._train = train
        truth = np.concatenate([np.asarray(y) for _, y in validation.in_order()])
        self._chance = labels.chance(truth)
        self._facts = label_facts(truth)
        self.validation_rows = len(truth)
        self._probe_batch: Batch | None = None
        self._batches: Iterator[Batch] | None = None
        self._order: tuple[int, np.ndarray] | None = None

    @property
    def model(self) -> Any:
        """The model on the path."""
        return self.engine.model

    @property
    def batches_per_epoch(self) -> int:
        """Batches in an epoch of the training data."""
        return self._train.batches

    @property
    def batch_size(self) -> int | None:
        """Rows a step; None where the owner of the data makes the batches."""
        return self._train.batch_size

    @property
    def rows(self) -> int | None:
        """Rows of the training data; None where nobody has counted them."""
        return self._train.rows

    @property
    def steps_left(self) -> int:
        """Steps until the last epoch ends."""
        return (self.epochs - self.place.epoch) * self.batches_per_epoch - self.place.batch

    @property
    def at_epoch_end(self) -> bool:
        """Whether all batches of the epoch under way are done."""
        return self.place.batch == self.batches_per_epoch

    def step(self) -> float:
        """Train on the next batch; return its loss."""
        return self.advance(1)[0]

    def advance(self, most: int) -> tuple[float, ...]:
        """Train on the next batches of the epoch, `most` of them at most; return their losses."""
        started = time.perf_counter()
        here = self.place
        steps = min(most, self.batches_per_epoch - here.batch)
        trained = self._held_steps if isinstance(self._train, Rows) else self._streamed_steps
        losses, correct, rows = trained(steps)
        self.trained += steps / self.batches_per_epoch
        self.place = replace(
            here,
            batch=here.batch + steps,
            steps=here.steps + steps,
            loss=here.loss + float(np.dot(losses, rows)),
            correct=here.correct + float(correct.sum()),
            rows=here.rows + int(rows.sum()),
            seconds=here.seconds + time.perf_counter() - started,
            losses=(*here.losses, *losses.tolist())[-RECENT_LOSSES:],
        )
        return tuple(losses.tolist())

    def _held_steps(self, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return loss, correct answers and rows of each of the next steps, of rows that lie in memory."""
        data = self._train
        assert isinstance(data, Rows)
        if self._order is None or self._order[0] != self.place.epoch:
            self._order = (self.place.epoch, data.order(self.place.epoch))
        first = self.place.batch * data.batch_size
        order = self._order[1][first : first + steps * data.batch_size]
        full = len(order) // data.batch_size * data.batch_size
        # The last batch of an epoch may be smaller.
        parts = [order[:full].reshape(-1, data.batch_size), order[full:][None]]
        told = [
            (*self.engine.train_rows(*data.whole, part), np.full(len(part), part.shape[1]))
            for part in parts
            if part.size
        ]
        losses, correct, rows = (np.concatenate(column) for column in zip(*told, strict=True))
        return losses, correct, rows

    def _streamed_steps(self, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the same of batches that somebody else makes."""
        if self._batches is None:
            self._batches = self._train.epoch(self.place.epoch, self.place.batch)
        told = []
        for number, (x, y) in enumerate(islice(self._batches, steps), start=self.place.batch):
            try:
                loss, correct_ones = self.engine.train(x, y)
            except tf.errors.InvalidArgumentError as error:
                raise BadInput(
                    f"batch {number} of train cannot be trained on, its labels are {np.min(y)} to "
                    f"{np.max(y)}; the model takes 0 to {self.model.outputs[0].shape[-1] - 1}"
                ) from error
            if not np.isfinite(loss):
                _refuse_missing(x, y, number)
            told.append((loss, correct_ones, len(y)))
        losses, correct, rows = (np.array(column) for column in zip(*told, strict=True))
        return losses, correct, rows

    @property
    def pace(self) -> float:
        """Seconds a step, in the epoch under way; 0 before its first."""
        return self.place.seconds / self.place.batch if self.place.batch else 0.0

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
            batch_size=here.batch_size,
        )
        self._batches = None
        return found

    @property
    def learning_rate(self) -> float:
        """Of the next optimiser step."""
        return float(self.model.optimizer.learning_rate)

    def validate(self, *, once: bool = False) -> Validation:
        """Look at all validation rows; `once` where this network may never be asked again."""
        losses, rows, correct, weights = [], [], [], []
        for x, y in self._validation.in_order():
            loss, row_losses, hits = self.engine.validate(x, y, once=once)
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

    def look(self, *, once: bool = False) -> tuple[LayerStatistics, ...]:
        """Probe the layers; leaves no trace. `once` where this network may never be asked again."""
        return self.engine.probe(*self.probe_rows(), once=once)

    def glimpse(self, model: Any) -> TrainingStatistics:
        """Return the statistics of another network on this run's rows, without an engine for it."""
        x, y = keras.tree.map_structure(tf.convert_to_tensor, self.probe_rows())
        layers = Probe(model, self._opened.signature())(x, y, once=True)
        described = describe(model, self._labels_of(model), self._facts)
        return replace(self.statistics(layers), steps=0, losses=(), history=(), description=described)

    def probe_rows(self) -> Batch:
        """Return the rows that `look` uses, and their labels."""
        if self._probe_batch is None:
            self._probe_batch = self._opened.probe()
        return self._probe_batch

    def ramp(self, rates: Sequence[float], ends: Callable[[Sequence[float]], bool]) -> list[float]:
        """Return the probe rows' loss before and after each of some steps; see `rates.ramp`."""
        batches = chain.from_iterable(self.training_batches() for _ in repeat(None))
        return ramp(self.engine, self.probe_rows(), batches, rates, ends)

    def training_batches(self) -> Iterator[Batch]:
        """Yield the batches of the first epoch, whatever the path's place is."""
        return self._train.epoch(0)

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
            description=self.engine.description(self._facts),
        )

    def checkpoint(self) -> Checkpoint:
        """Hold everything at this moment."""
        return Checkpoint(self.engine, self.engine.snapshot(), self.place)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back (or over) to a checkpoint, bit by bit."""
        self.engine = checkpoint.engine
        self.engine.restore(checkpoint.snapshot)
        self._stand(checkpoint.place)

    def adopt(self, model: Any, batch_size: int | None = None) -> None:
        """Go on from here with a changed model; detectors see only what comes from now on.

        Args:
            model: the one to train, perhaps the same.
            batch_size: rows a step from here on; None to leave them. Within an epoch it goes on with the
                first batch of the new size that holds rows not yet seen, so that none is left out.
        """
        if model is not self.model:
            self.engine = self.engine_of(model)
        here = replace(self.place, steps=0, losses=(), since=len(self.place.history))
        if batch_size is not None and self.batch_size is not None and batch_size != self.batch_size:
            seen = min(here.batch * self.batch_size, self.rows or 0)
            here = replace(here, batch_size=batch_size, batch=seen // batch_size)
        self._stand(here)

    def engine_of(self, model: Any) -> Engine:
        """Return an engine of a model that is trained on this run's data."""
        return Engine(model, self._labels_of(model), self._opened)

    def _labels_of(self, model: Any) -> Labels:
        # A repair may have changed the loss; what a loss does not say, the run's own labels do.
        found = labels_of(model)
        return self._labels if found.kind == "other" else found

    def _stand(self, place: Place) -> None:
        if place.batch_size != self.place.batch_size:
            size = place.batch_size
            self._train = self._opened if size is None else self._opened.batched(size)
        self.place = place
        self._batches = self._order = None

    def state_dict(self) -> dict[str, Any]:
        """Return arrays and plain values from which an equal run (same model, same data) goes on."""
        variables = [np.asarray(value) for value in self.engine.snapshot()]
        return {"variables": variables, "place": self.place.as_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.engine.restore(tuple(state["variables"]))
        self._stand(Place.from_dict(state["place"]))


def _refuse_missing(x: Any, y: Any, number: int) -> None:
    """Refuse a batch that is not finite itself: no remedy for a network mends that.

    Raises:
        BadInput: with the batch's number and how many values are missing.
    """
    bad = count_missing(map(np.asarray, keras.tree.flatten((x, y))))
    if bad:
        raise BadInput(
            f"batch {number} of train has {bad} values that are NaN or infinite; remove or impute them"
        )


def in_first_batches(run: Run, place: Place) -> bool:
    """Whether a place on a run lies where hardly anything has been learned yet."""
    return place.epoch * run.batches_per_epoch + place.batch <= FIRST_BATCHES
