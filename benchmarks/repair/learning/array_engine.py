"""An engine of the repair's loop that trains in NumPy where it can, and is Keras's own where it cannot."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from benchmarks.repair.learning.array_losses import UnknownLossError
from benchmarks.repair.learning.arrays import ArrayNet, UnfitError

from archmend.repair.data import Data
from archmend.repair.engine import Engine, Snapshot
from archmend.repair.labels import Labels
from archmend.repair.run import Run
from archmend.repair.values import LayerStatistics

Array = np.ndarray


class ArrayEngine(Engine):
    """Computes steps in NumPy, and gives the Keras model its values when somebody asks for that."""

    def __init__(self, model: Any, labels: Labels, data: Data) -> None:
        """Read the model; one that NumPy has no layers for is trained by Keras."""
        self._net: ArrayNet | None = None
        # Of the two copies of all values, the model's may be older, or may have been changed by others.
        self._ahead, self._stale = False, True
        super().__init__(model, labels, data)
        try:
            self._stepper = Stepper(model.optimizer)
            self._net = ArrayNet(model, labels, np.random.default_rng(0))
        except (UnfitError, UnknownLossError):
            pass

    @property
    def model(self) -> Any:
        """The model with its values of now; whoever asks may change them."""
        self._give()
        self._stale = True
        return self._held_model

    @model.setter
    def model(self, model: Any) -> None:
        self._held_model = model

    @property
    def learning_rate(self) -> float:
        """Of the next optimiser step."""
        return (
            self._stepper.rate() if self._taken() is not None else float(self.model.optimizer.learning_rate)
        )

    def train_rows(self, x: Any, y: Any, order: Array) -> tuple[Array, Array]:
        """Make one optimiser step for each row of `order`; see `Engine`."""
        net = self._taken()
        if net is None:
            return super().train_rows(x, y, order)
        x, y, told = _array(x), _array(y), []
        self._stepper.see_rate()
        with np.errstate(all="ignore"):
            for rows in order:
                loss, correct, gradients = net.gradients(x[rows], y[rows])
                self._stepper.apply(net.weights, gradients)
                told.append((loss, correct))
        self._ahead = True
        losses, hits = np.array(told, "float32").T
        return losses, hits

    def validate(self, x: Any, y: Any, *, once: bool = False) -> tuple[float, Array, Array]:
        """Return the compiled loss of the rows, and each row's own loss and correctness."""
        net = self._taken()
        if net is None:
            return super().validate(x, y, once=True)
        x, y = _array(x), _array(y)
        with np.errstate(all="ignore"):
            loss, output = net.value(x, y)
            return loss, net.loss.rows(output, y), net.loss.correct(output, y)

    def probe(self, x: Any, y: Any, *, once: bool = False) -> tuple[LayerStatistics, ...]:
        """Look at every layer, operation by operation: compiling takes longer than a few looks."""
        self._give()
        return super().probe(x, y, once=True)

    def snapshot(self) -> Snapshot:
        """Return all values."""
        net = self._taken()
        return super().snapshot() if net is None else (*net.copied(), *self._stepper.copied())

    def restore(self, snapshot: Snapshot) -> None:
        """Bring them back."""
        if self._net is None:
            super().restore(snapshot)
            return
        self._net.put(*snapshot[:2])
        self._stepper.put(*snapshot[2:])
        self._ahead, self._stale = True, False

    def weights(self) -> list[Array]:
        """Return the values of the trainable variables."""
        net = self._taken()
        return super().weights() if net is None else net.copied()[0]

    def _taken(self) -> ArrayNet | None:
        """Return the net with the values of now; None where Keras trains."""
        if self._net is not None and self._stale:
            self._net.read()
            self._stepper.read()
            self._stale = False
        return self._net

    def _give(self) -> None:
        if self._ahead and self._net is not None:
            self._net.write()
            self._stepper.write()
            self._ahead = False


def _array(values: Any) -> Array:
    return values if isinstance(values, np.ndarray) else values.numpy()


class ArrayRun(Run):
    """A run on such engines."""

    @classmethod
    def of(cls, run: Run) -> ArrayRun:
        """Return the same run, before its first batch."""
        engine = ArrayEngine(run.model, run._labels, run._opened)
        return cls(engine, run._opened, run._validation, run._labels, run.epochs)

    @property
    def learning_rate(self) -> float:
        """Of the next optimiser step."""
        return self.engine.learning_rate

    def engine_of(self, model: Any) -> ArrayEngine:
        """Return an engine of a model that is trained on this run's data."""
        return ArrayEngine(model, self._labels_of(model), self._opened)


class Stepper:
    """An optimiser's updates, and its moments as arrays."""

    def __init__(self, optimizer: Any) -> None:
        """Hold the optimiser; its moments come by `read`.

        Raises:
            UnfitError: it has a setting that is not written here.
        """
        kinds = (keras.optimizers.Adam, keras.optimizers.SGD, keras.optimizers.RMSprop)
        odd = ("amsgrad", "centered", "use_ema", "gradient_accumulation_steps", "loss_scale_factor")
        if type(optimizer) not in kinds or any(getattr(optimizer, name, None) for name in odd):
            raise UnfitError(type(optimizer).__name__)
        self._optimizer, self._count = optimizer, 0
        held = optimizer._learning_rate
        self._schedule = None if isinstance(held, keras.Variable) else held
        self._rate = np.float32(0)
        self._slots: list[list[Array]] = []

    def read(self) -> None:
        """Take over the optimiser's moments and its count."""
        self._count = int(self._optimizer.iterations.value.numpy())
        self._slots = [[np.array(v.value.numpy()) for v in slot] for slot in _slots(self._optimizer)]

    def write(self) -> None:
        """Give the optimiser its moments and its count."""
        for slot, values in zip(_slots(self._optimizer), self._slots, strict=True):
            for variable, value in zip(slot, values, strict=True):
                variable.value.assign(value)
        self._optimizer.iterations.assign(self._count)

    def copied(self) -> tuple[list[list[Array]], int, float]:
        """Return moments, count and rate."""
        return [[value.copy() for value in slot] for slot in self._slots], self._count, self.rate()

    def put(self, slots: list[list[Array]], count: int, rate: float) -> None:
        """Take over what `copied` returned."""
        self._slots, self._count = [[value.copy() for value in slot] for slot in slots], count
        if self._schedule is None and self.rate() != rate:
            self._optimizer.learning_rate = rate

    def rate(self) -> float:
        """Return the rate of the next step, as the optimiser has it now."""
        if self._schedule is not None:
            return float(self._schedule(self._count))
        return float(self._optimizer._learning_rate.value.numpy())

    def see_rate(self) -> None:
        """Take over the rate that is set; others may have set it."""
        if self._schedule is None:
            self._rate = np.float32(self.rate())

    def apply(self, weights: list[Array], gradients: list[Array]) -> None:
        """Update the weights in place."""
        optimizer = self._optimizer
        rate = self._rate if self._schedule is None else np.float32(self.rate())
        self._count += 1
        gradients = _clipped(optimizer, gradients)
        if optimizer.weight_decay:
            for weight in weights:
                weight -= weight * np.float32(optimizer.weight_decay) * rate
        if isinstance(optimizer, keras.optimizers.Adam):
            one, two = optimizer.beta_1, optimizer.beta_2
            scaled = rate * np.float32(np.sqrt(1 - two**self._count) / (1 - one**self._count))
            for weight, gradient, m, v in zip(weights, gradients, *self._slots, strict=True):
                m += (gradient - m) * np.float32(1 - one)
                v += (np.square(gradient) - v) * np.float32(1 - two)
                weight -= m * scaled / (np.sqrt(v) + np.float32(optimizer.epsilon))
        elif isinstance(optimizer, keras.optimizers.SGD):
            self._sgd(weights, gradients, rate)
        else:
            self._rmsprop(weights, gradients, rate)

    def _sgd(self, weights: list[Array], gradients: list[Array], rate: Any) -> None:
        share = np.float32(self._optimizer.momentum)
        if not share:
            for weight, gradient in zip(weights, gradients, strict=True):
                weight -= rate * gradient
            return
        for weight, gradient, m in zip(weights, gradients, *self._slots, strict=True):
            m[...] = m * share - gradient * rate
            weight += m * share - gradient * rate if self._optimizer.nesterov else m

    def _rmsprop(self, weights: list[Array], gradients: list[Array], rate: Any) -> None:
        optimizer, moved = self._optimizer, self._slots[1] if len(self._slots) > 1 else None
        for number, (weight, gradient) in enumerate(zip(weights, gradients, strict=True)):
            v = self._slots[0][number]
            v[...] = np.float32(optimizer.rho) * v + np.square(gradient) * np.float32(1 - optimizer.rho)
            step = rate * gradient / np.sqrt(v + np.float32(optimizer.epsilon))
            if moved is not None:
                moved[number][...] = np.float32(optimizer.momentum) * moved[number] + step
                step = moved[number]
            weight -= step


def _slots(optimizer: Any) -> list[list[Any]]:
    if isinstance(optimizer, keras.optimizers.Adam):
        return [optimizer._momentums, optimizer._velocities]
    if isinstance(optimizer, keras.optimizers.SGD):
        return [optimizer.momentums] if optimizer.momentum else []
    return [optimizer._velocities, *([optimizer._momentums] if optimizer.momentum > 0 else [])]


def _clipped(optimizer: Any, gradients: list[Array]) -> list[Array]:
    if optimizer.clipnorm:
        norms = [np.sqrt(np.square(g).sum()) for g in gradients]
        return [
            g * (optimizer.clipnorm / np.maximum(n, optimizer.clipnorm))
            for g, n in zip(gradients, norms, strict=True)
        ]
    if optimizer.global_clipnorm:
        norm = np.sqrt(sum(np.square(g).sum() for g in gradients))
        return [
            g * (optimizer.global_clipnorm / np.maximum(norm, optimizer.global_clipnorm)) for g in gradients
        ]
    if optimizer.clipvalue:
        return [np.clip(g, -optimizer.clipvalue, optimizer.clipvalue) for g in gradients]
    return gradients
