"""Keras's losses of classes in NumPy, with the shortcuts that Keras takes behind softmax and sigmoid."""

from __future__ import annotations

from typing import Any

import numpy as np

from archmend.repair.labels import Labels

Array = np.ndarray
EPSILON = np.float32(1e-7)
CROSS = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")
OTHERS = ("mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error")
_SHORT = {"mse": OTHERS[0], "mae": OTHERS[1], "mape": OTHERS[2]}


class UnknownLossError(Exception):
    """A loss that is not written here."""


class Loss:
    """A compiled loss: its value, its slope, and how many rows are right."""

    def __init__(self, loss: Any, activation: str, labels: Labels) -> None:
        """Read the loss; Keras's cross-entropies take the logits of a softmax or sigmoid, whichever it is.

        Raises:
            UnknownLossError: it is not written here.
        """
        config = loss.get_config() if hasattr(loss, "get_config") else {}
        name = loss if isinstance(loss, str) else getattr(loss, "name", "")
        self._name = _SHORT.get(name, name)
        if self._name not in (*CROSS, *OTHERS) or config.get("label_smoothing"):
            raise UnknownLossError(name)
        self._cross = self._name in CROSS
        self._shortcut = self._cross and activation in ("softmax", "sigmoid")
        self._logits = self._shortcut or bool(config.get("from_logits"))
        self._labels = labels

    def value(self, z: Array, output: Array, y: Array) -> float:
        """Return the mean over the rows; `z` is what stands before the last activation."""
        t, o = self._targets(y, output), z if self._shortcut else output
        if self._name == "binary_crossentropy":
            if self._logits:
                return float((np.maximum(o, 0) - o * t + np.log1p(np.exp(-np.abs(o)))).mean())
            o = np.clip(o, EPSILON, 1 - EPSILON)
            return float(-(t * np.log(o) + (1 - t) * np.log(1 - o)).mean())
        if self._cross:
            if self._logits:
                return float(-(t * _log_softmax(o)).sum(axis=-1).mean())
            if self._name.startswith("sparse"):
                return float(
                    -(t * _log_softmax(np.log(np.clip(o, EPSILON, 1 - EPSILON)))).sum(axis=-1).mean()
                )
            o = np.clip(o / o.sum(axis=-1, keepdims=True), EPSILON, 1 - EPSILON)
            return float(-(t * np.log(o)).sum(axis=-1).mean())
        if self._name == "mean_squared_error":
            return float(np.square(t - o).mean())
        if self._name == "mean_absolute_error":
            return float(np.abs(t - o).mean())
        return float(100 * (np.abs(t - o) / np.maximum(np.abs(t), EPSILON)).mean())

    def slope(self, z: Array, output: Array, y: Array) -> tuple[Array, bool]:
        """Return the gradient of the value, and whether it is that at `z` rather than at the output."""
        t, o = self._targets(y, output), z if self._shortcut else output
        rows, size = np.float32(len(o)), np.float32(o.size)
        if self._name == "binary_crossentropy":
            if self._logits:
                return (1 / (1 + np.exp(-o)) - t) / size, self._shortcut
            inside, held = (o >= EPSILON) & (o <= 1 - EPSILON), np.clip(o, EPSILON, 1 - EPSILON)
            return inside * ((1 - t) / (1 - held) - t / held) / size, False
        if self._cross and self._logits:
            return (np.exp(_log_softmax(o)) * t.sum(axis=-1, keepdims=True) - t) / rows, self._shortcut
        if self._cross and self._name.startswith("sparse"):
            inside, held = (o >= EPSILON) & (o <= 1 - EPSILON), np.clip(o, EPSILON, 1 - EPSILON)
            return inside * (np.exp(_log_softmax(np.log(held))) - t) / held / rows, False
        if self._cross:
            total = o.sum(axis=-1, keepdims=True)
            q = o / total
            of_q = ((q >= EPSILON) & (q <= 1 - EPSILON)) * -t / np.clip(q, EPSILON, 1 - EPSILON)
            return (of_q - (of_q * q).sum(axis=-1, keepdims=True)) / total / rows, False
        if self._name == "mean_squared_error":
            return 2 * (o - t) / size, False
        weight = 1.0 if self._name == "mean_absolute_error" else 100 / np.maximum(np.abs(t), EPSILON)
        return np.sign(o - t) * weight / size, False

    def correct(self, output: Array, y: Array) -> Array:
        """Return for each row how right it is, as `Labels.correct` does."""
        if self._labels.kind == "other":
            return np.full(len(output), np.nan, "float32")
        t = self._targets(y, output)
        if self._labels.kind == "binary":
            threshold = 0.0 if self._labels.from_logits else 0.5
            return ((output > threshold) == t).reshape(len(t), -1).mean(axis=1)
        return (output.argmax(axis=-1) == t.argmax(axis=-1)).astype("float32")

    def rows(self, output: Array, y: Array) -> Array:
        """Return each row's loss, as `Labels.row_losses` does."""
        t, kind, logits = self._targets(y, output), self._labels.kind, self._labels.from_logits
        if kind == "other":
            return np.square(t - output).reshape(len(t), -1).mean(axis=1)
        if kind == "binary":
            p = np.clip(1 / (1 + np.exp(-output)) if logits else output, EPSILON, 1 - EPSILON)
            return -(t * np.log(p) + (1 - t) * np.log(1 - p)).reshape(len(t), -1).mean(axis=1)
        p = np.exp(_log_softmax(output)) if logits else np.where(output < 0, 0, output)
        p = p / np.maximum(p.sum(axis=-1, keepdims=True), np.finfo(np.float32).tiny)
        return -(t * np.log(np.clip(p, EPSILON, 1))).sum(axis=-1)

    def _targets(self, y: Array, output: Array) -> Array:
        if self._name.startswith("sparse"):
            return np.eye(output.shape[-1], dtype="float32")[y.reshape(-1)]
        return y.reshape(output.shape)


def _log_softmax(z: Array) -> Array:
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
