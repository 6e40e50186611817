"""A user's own model code as an evaluator, in this process."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from archmend.errors import BadInput
from archmend.networks import count_flops, count_params, measure_latency, require_tensorflow
from archmend.search import Suggestion, TrialResult, checked_objectives, objective_value
from archmend.spaces import Architecture
from archmend.training.failures import reason_of
from archmend.training.metrics import classification_metrics
from archmend.training.task import TIME_OVER, trial_seed

if TYPE_CHECKING:
    import keras


class KerasEvaluator:
    """Builds, trains and measures one network after another with Keras's own `fit`.

    Attributes:
        deadline: a moment of `time.monotonic`; a trial that runs then is stopped and measured.
        seed: of the search; Keras is seeded anew for each trial.
    """

    def __init__(
        self,
        build: Callable[[Architecture], keras.Model],
        train: tuple[Any, Any],
        validation: tuple[Any, Any],
        *,
        epochs: int,
        batch_size: int = 32,
        callbacks: Iterable[Any] = (),
        objectives: Sequence[str] = ("accuracy",),
    ) -> None:
        """Check what can be checked before the first network.

        Args:
            build: from an architecture to a compiled classifier; its output is class probabilities, or one
                probability of the second class.
            train: (x, y) as the model takes them.
            validation: (x, y) likewise; y as class indices, one-hot or 0 and 1.
            epochs: unless a suggestion says otherwise.
            batch_size: rows a step.
            callbacks: Keras callbacks for every trial.
            objectives: what the value is made of.

        Raises:
            BadInput: counts below 1, an unknown objective.
            MissingExtra: TensorFlow is not installed.
        """
        for name, value in (("epochs", epochs), ("batch_size", batch_size)):
            if value < 1:
                raise BadInput(f"{name} must be at least 1, got {value}")
        self._objectives = checked_objectives(objectives)
        require_tensorflow()
        self.deadline: float | None = None
        self.seed = 0
        self._build, self._epochs, self._batch_size = build, epochs, batch_size
        self._train, self._validation, self._callbacks = train, validation, tuple(callbacks)

    def __call__(self, suggestions: list[Suggestion]) -> Iterator[TrialResult]:
        """Yield one result a suggestion; what a build function or a training raises is a failed trial."""
        for suggestion in suggestions:
            yield self._evaluate(suggestion)

    def _evaluate(self, suggestion: Suggestion) -> TrialResult:
        import keras

        started = time.monotonic()
        seed = trial_seed(self.seed, suggestion.id)
        watch = _watch(self.deadline)
        status, reason, measured = "succeeded", None, dict[str, float]()
        try:
            keras.utils.set_random_seed(seed)
            model = self._build(suggestion.architecture)
            measured = {"params": count_params(model), "flops": count_flops(model)}
            self._fit(model, suggestion.fidelity or self._epochs, watch)
            if watch.reason is not None:
                status, reason = ("failed" if watch.failed else "stopped"), watch.reason
            if status != "failed" and watch.batches:
                measured |= self._measure(model)
        except Exception as error:  # a trial that fails is a result of the search, not its end
            status, reason = "failed", reason_of(error)
        has_value = status != "failed" and "accuracy" in measured
        return TrialResult(
            suggestion.id,
            suggestion.architecture,
            objective_value(self._objectives, measured) if has_value else None,
            status,  # type: ignore[arg-type]
            suggestion.fidelity,
            metrics={n: measured[n] for n in ("accuracy", "average_precision", "loss") if n in measured},
            reason=reason,
            params=_whole(measured.get("params")),
            flops=_whole(measured.get("flops")),
            latency_ms=measured.get("latency_ms"),
            seconds=round(time.monotonic() - started, 3),
            epochs=watch.epochs,
            seed=seed,
        )

    def _fit(self, model: Any, epochs: int, watch: Any) -> None:
        if getattr(model, "optimizer", None) is None:
            raise BadInput("the build function returned a model that is not compiled; compile it")
        x, y = self._train
        callbacks = [*self._callbacks, watch]
        with suppress(_OutOfTimeError):
            model.fit(x, y, epochs=epochs, batch_size=self._batch_size, verbose=0, callbacks=callbacks)

    def _measure(self, model: Any) -> dict[str, float]:
        x, y = self._validation
        output = np.asarray(model.predict(x, verbose=0, batch_size=1024), dtype=np.float64)
        if output.ndim != 2 or not np.isfinite(output).all():
            raise BadInput(f"the model's output of shape {output.shape} is no class probabilities")
        probabilities = np.hstack([1 - output, output]) if output.shape[1] == 1 else output
        labels = np.asarray(y)
        if labels.ndim == 2:
            labels = labels.argmax(axis=1) if labels.shape[1] > 1 else labels[:, 0]
        found = classification_metrics(probabilities, labels.astype(np.int64), probabilities.shape[1])
        if "latency_ms" in self._objectives:
            import keras

            row = keras.tree.map_structure(lambda column: column[:1], x)
            found["latency_ms"] = measure_latency(model, row).median_ms
        return found


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _watch(deadline: float | None) -> Any:
    """Return a Keras callback that stops at the deadline or at a loss that is not finite, and counts."""
    import keras

    class Watch(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.reason: str | None = None
            self.failed = False
            self.batches = 0
            self.epochs = 0.0

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.batches += 1
            if deadline is not None and time.monotonic() >= deadline:
                self.reason = TIME_OVER
                raise _OutOfTimeError  # Keras looks at stop_training between epochs alone

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.epochs = float(epoch + 1)
            if not math.isfinite((logs or {}).get("loss", 0.0)):
                self.failed, self.model.stop_training = True, True
                self.reason = f"the loss was not finite in epoch {epoch + 1}"

    return Watch()


class _OutOfTimeError(Exception):
    pass
