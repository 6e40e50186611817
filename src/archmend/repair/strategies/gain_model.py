"""A small network that predicts what each remedy gains, as plain arrays: no TensorFlow, no training here."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class GainModel:
    """An ensemble of perceptrons with one output a remedy.

    A gain is the logarithm of the validation loss without a remedy over that with it, after the same short
    training.

    Attributes:
        features, remedies: names of inputs and outputs.
        mean, deviation: of each feature in the training data, shape (features,).
        kernels, biases: of each layer, shapes (members, inputs, units) and (members, units).
        error: root mean square of a prediction's error on networks that training had not seen, a remedy;
            infinite for those that were seen too seldom.
    """

    features: tuple[str, ...]
    remedies: tuple[str, ...]
    mean: np.ndarray
    deviation: np.ndarray
    kernels: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    error: np.ndarray

    def predict(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return each remedy's gain and the standard deviation of the members' opinions, shape (remedies,).

        Args:
            values: of the features, in their order.
        """
        # Far outside of what was seen a perceptron goes on in a straight line; it is not asked there.
        x = np.clip((values - self.mean) / self.deviation, -4.0, 4.0)
        hidden = np.broadcast_to(x, (len(self.kernels[0]), 1, len(x)))
        for number, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            hidden = hidden @ kernel + bias[:, None]
            if number < len(self.kernels) - 1:
                hidden = np.maximum(hidden, 0.0)
        opinions = hidden[:, 0]
        return opinions.mean(axis=0), opinions.std(axis=0)

    def save(self, path: Path) -> None:
        """Write everything into one .npz file."""
        from archmend.storage import write_atomic

        arrays: dict[str, Any] = {f"kernel_{i}": k for i, k in enumerate(self.kernels)}
        arrays |= {f"bias_{i}": b for i, b in enumerate(self.biases)}
        named = json.dumps({"features": self.features, "remedies": self.remedies})
        held = io.BytesIO()
        np.savez_compressed(
            held,
            mean=self.mean,
            deviation=self.deviation,
            error=self.error,
            named=np.frombuffer(named.encode(), np.uint8),
            **arrays,
        )
        write_atomic(path, held.getvalue())

    @classmethod
    def load(cls, path: Path) -> GainModel:
        """Return what `save` wrote."""
        with np.load(path, allow_pickle=False) as held:
            named = json.loads(held["named"].tobytes())
            layers = sum(name.startswith("kernel_") for name in held.files)
            return cls(
                features=tuple(named["features"]),
                remedies=tuple(named["remedies"]),
                mean=held["mean"],
                deviation=held["deviation"],
                kernels=tuple(held[f"kernel_{i}"] for i in range(layers)),
                biases=tuple(held[f"bias_{i}"] for i in range(layers)),
                error=held["error"],
            )
