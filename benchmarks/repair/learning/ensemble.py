"""Perceptrons that predict gains with their deviations, trained together in NumPy.

Deep ensembles: Lakshminarayanan, Pritzel, Blundell, NeurIPS 2017. Gradients are weighted by the deviation
as in beta-NLL: Seitzer et al., ICLR 2022.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from archmend.repair.strategies.gain_model import FAR, LOGS


@dataclass(frozen=True)
class Settings:
    """How an ensemble is fitted.

    Attributes:
        members: perceptrons, each fitted to a bootstrap sample of networks. units: of each hidden layer.
        steps: of Adam with all rows. rate: its learning rate. decay: decoupled weight decay of a step.
    """

    members: int = 12
    units: tuple[int, ...] = (48, 48)
    steps: int = 600
    rate: float = 3e-3
    decay: float = 0.03


class Ensemble:
    """Members as arrays with a leading axis."""

    def __init__(self, inputs: int, outputs: int, settings: Settings, seed: int) -> None:
        """Draw the weights; the outputs begin at 0, with a deviation of e^-1."""
        self._settings = settings
        self._rng = np.random.default_rng(seed)
        sizes = (inputs, *settings.units)
        members = settings.members
        pairs = list(pairwise(sizes))
        self.kernels = [
            self._rng.normal(0, np.sqrt(2 / a), (members, a, b)).astype("float32") for a, b in pairs
        ]
        self.kernels.append(np.zeros((members, sizes[-1], 2 * outputs), "float32"))
        self.biases = [np.zeros((members, k.shape[2]), "float32") for k in self.kernels]
        self.biases[-1][:, outputs:] = -1.0

    def fit(self, x: np.ndarray, y: np.ndarray, groups: np.ndarray) -> None:
        """Fit all members.

        Args:
            x: scaled features (rows, inputs).
            y: targets (rows, outputs), NaN where nothing was measured.
            groups: of each row the network that it comes from; a member sees all rows of a network or none.
        """
        told, targets = np.isfinite(y), np.nan_to_num(y).astype("float32")
        names, place = np.unique(groups, return_inverse=True)
        # How often each network was drawn, for each member.
        counts = self._rng.multinomial(len(names), np.full(len(names), 1 / len(names)), len(self.biases[0]))
        weights = counts[:, place, None] * told[None]
        weights = (weights / weights.sum(axis=(1, 2), keepdims=True)).astype("float32")
        x = np.clip(x, -FAR, FAR).astype("float32")
        values = [*self.kernels, *self.biases]
        first, second = ([np.zeros_like(v) for v in values] for _ in range(2))
        for step in range(1, self._settings.steps + 1):
            gradients = self._gradients(x, targets, weights)
            # The rate falls to 0 on a half cosine.
            rate = self._settings.rate * 0.5 * (1 + np.cos(np.pi * step / self._settings.steps))
            for value, gradient, m, v in zip(values, gradients, first, second, strict=True):
                m += 0.1 * (gradient - m)
                v += 0.001 * (np.square(gradient) - v)
                hat = (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
                shrunk = self._settings.decay * value if value.ndim == 3 else 0.0
                value -= rate * (hat + shrunk)

    def _gradients(self, x: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> list[np.ndarray]:
        layers = [np.broadcast_to(x, (len(self.kernels[0]), *x.shape))]
        for number, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            out = layers[-1] @ kernel + bias[:, None]
            layers.append(np.maximum(out, 0) if number < len(self.kernels) - 1 else out)
        gains, logs = np.split(layers[-1], 2, axis=2)
        inside = (logs > LOGS[0]) & (logs < LOGS[1])
        deviation = np.exp(np.clip(logs, *LOGS))
        miss = (gains - targets) / deviation
        # Times the deviation: rows that cannot be foretold keep a say in the mean, and are not let go.
        slope = np.concatenate([weights * miss, weights * deviation * (1 - miss**2) * inside], axis=2)
        kernels, biases = [], []
        for number in reversed(range(len(self.kernels))):
            kernels.append(layers[number].transpose(0, 2, 1) @ slope)
            biases.append(slope.sum(axis=1))
            if number:
                slope = (slope @ self.kernels[number].transpose(0, 2, 1)) * (layers[number] > 0)
        return [*reversed(kernels), *reversed(biases)]
