"""The user's Keras callbacks, told of the path that training takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import keras

from archmend.repair.data import Batch
from archmend.repair.values import EpochRecord


class CallbackListener:
    """Passes events on to Keras callbacks; a trial's epochs are passed on once the trial is kept.

    Logs hold `loss` for batches and history.csv's figures for epochs.
    """

    def __init__(
        self,
        callbacks: Iterable[Any],
        epochs: int,
        batches: int,
        on_epoch: Callable[[EpochRecord], None] | None,
    ) -> None:
        """Hold the callbacks; they see the model at `begin`."""
        self._callbacks = list(callbacks)
        self._parameters = {"epochs": epochs, "steps": batches, "verbose": 0}
        self._on_epoch = on_epoch
        self._list: Any = None
        self._model: Any = None
        self._rows: Batch | None = None
        self._begun: int | None = None
        self._logs: dict[str, float] = {}

    @property
    def hears(self) -> bool:
        """Whether somebody is told of batches."""
        return bool(self._callbacks)

    def begin(self, model: Any, rows: Batch) -> None:
        """Training begins with this model, which takes rows such as these."""
        self._model, self._rows = model, rows
        model.stop_training = False
        if self._callbacks:
            self._list = keras.callbacks.CallbackList(
                self._callbacks, model=model, add_history=False, **self._parameters
            )
            self._show_metrics()
            self._list.on_train_begin()

    def epoch_begin(self, epoch: int) -> None:
        """An epoch of the path begins; told once, also where it is begun again after a repair."""
        if self._list is not None and self._begun != epoch:
            self._begun = epoch
            self._list.on_epoch_begin(epoch)

    def batch_begin(self, batch: int) -> None:
        """A batch of the epoch begins."""
        if self._list is not None:
            self._list.on_train_batch_begin(batch)

    def batch_end(self, batch: int, loss: float) -> None:
        """A batch has been trained."""
        if self._list is not None:
            self._list.on_train_batch_end(batch, {"loss": loss})

    def epoch_end(self, record: EpochRecord) -> None:
        """An epoch of the path has ended; also told for a trial's epochs once the trial is kept."""
        self._logs = {k: v for k, v in record.as_dict().items() if k not in ("epoch", "seconds")}
        if self._list is not None:
            self.epoch_begin(record.epoch)
            self._list.on_epoch_end(record.epoch, dict(self._logs))
            self._begun = None
        if self._on_epoch is not None:
            self._on_epoch(record)

    def changed(self, model: Any) -> None:
        """A repair may have put another model in the place of the one before."""
        if model is not self._model:
            model.stop_training = self._model.stop_training
            self._model = model
            if self._list is not None:
                self._show_metrics()
                self._list.set_model(model)

    def _show_metrics(self) -> None:
        """Build the compiled metrics: of the model callbacks learn in which direction one is better."""
        assert self._rows is not None
        x, y = keras.tree.map_structure(keras.ops.convert_to_tensor, self._rows)
        self._model.compute_metrics(x, y, self._model(x, training=False))
        self._model.reset_metrics()

    def stopped(self) -> bool:
        """Return whether a callback asked to stop."""
        return bool(self._model.stop_training)

    def end(self) -> None:
        """Training is over."""
        if self._list is not None:
            self._list.on_train_end(dict(self._logs))


def sets_rate(callback: Any) -> bool:
    """Whether a callback sets the learning rate as training goes; Keras refuses a schedule beside one."""
    kinds = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)
    return isinstance(callback, kinds)
