"""A small network that predicts what each remedy gains, as plain arrays: no TensorFlow, no training here."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from archmend.errors import BadInput

VERSION = 1
"""Of the file; it changes with what the arrays mean."""
ANEW = "fit it anew with `make repair-learned`"
FAR = 4.0
"""Standard deviations from the mean beyond which a feature counts as this far: outside of what was seen a
perceptron goes on in a straight line, and it is not asked there."""


@dataclass(frozen=True)
class Expected:
    """What is expected of some remedies.

    Attributes:
        opinions: expected gain by each member, shape (members, remedies).
        deviation: standard deviation of a gain around the members' mean, shape (remedies,): what the members
            disagree on, and what none of them can know.
    """

    opinions: np.ndarray
    deviation: np.ndarray

    @property
    def gains(self) -> np.ndarray:
        """The members' mean, shape (remedies,)."""
        return self.opinions.mean(axis=0)

    def ahead(self, one: int, other: int | None) -> float:
        """Return by how many deviations of the members' opinions a remedy is ahead of another, or of none."""
        difference = self.opinions[:, one] - (0.0 if other is None else self.opinions[:, other])
        return float(difference.mean() / max(float(difference.std()), 1e-6))


@dataclass(frozen=True)
class GainModel:
    """An ensemble of perceptrons, each with two outputs a remedy: its gain and that one's deviation.

    A gain is the share of what a guess by the classes' frequencies gets wrong that the network gets right
    with the remedy and does not get right without, -1 to 1. The members' outputs are added to what
    remedies at that place of the rules gained on the average.

    Attributes:
        features, remedies: names of inputs and outputs.
        mean, deviation: of each feature in the training data, shape (features,).
        kernels, biases: of each layer, shapes (members, inputs, units) and (members, units).
        by_place: average gain of the rules' first, second, ... remedy; the last one is of all others.
        factor: by which deviations are multiplied so that they fit networks which training had not seen.
    """

    features: tuple[str, ...]
    remedies: tuple[str, ...]
    mean: np.ndarray
    deviation: np.ndarray
    kernels: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    by_place: np.ndarray
    factor: float = 1.0

    def predict(self, values: np.ndarray, rules: Sequence[str]) -> Expected:
        """Return what is expected of each remedy that the model knows.

        Args:
            values: of the features, in their order.
            rules: names of remedies in the rules' order for the symptom.
        """
        x = np.clip((values - self.mean) / self.deviation, -FAR, FAR)
        hidden = np.broadcast_to(x, (len(self.kernels[0]), 1, len(x)))
        for number, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            hidden = hidden @ kernel + bias[:, None]
            if number < len(self.kernels) - 1:
                hidden = np.maximum(hidden, 0.0)
        residuals, logs = np.split(hidden[:, 0], 2, axis=1)
        opinions = residuals + self.by_place[places(self.remedies, rules, len(self.by_place))]
        variance = np.exp(2 * np.clip(logs, *LOGS)).mean(axis=0) + opinions.var(axis=0)
        return Expected(opinions, self.factor * np.sqrt(variance))

    def check(self, features: Sequence[str], path: Path) -> None:
        """Refuse a model that was fitted to other features; `path` is where it lies.

        Raises:
            BadInput: it was, in one sentence.
        """
        other = sorted(set(features) ^ set(self.features))
        if other:
            raise BadInput(
                f"{path} was fitted to {len(self.features)} features, this version reads {len(features)} "
                f"({', '.join(other[:3])} are not in both); {ANEW}"
            )
        if tuple(features) != self.features:
            raise BadInput(f"{path} has the features in another order than this version reads them; {ANEW}")

    def save(self, path: Path) -> None:
        """Write everything into one .npz file."""
        from archmend.storage import write_atomic

        arrays: dict[str, Any] = {f"kernel_{i}": k.astype("float32") for i, k in enumerate(self.kernels)}
        arrays |= {f"bias_{i}": b.astype("float32") for i, b in enumerate(self.biases)}
        named = {
            "version": VERSION,
            "features": self.features,
            "remedies": self.remedies,
            "factor": self.factor,
        }
        held = io.BytesIO()
        np.savez_compressed(
            held,
            mean=self.mean,
            deviation=self.deviation,
            by_place=self.by_place,
            named=np.frombuffer(json.dumps(named).encode(), np.uint8),
            **arrays,
        )
        write_atomic(path, held.getvalue())

    @classmethod
    def load(cls, path: Path) -> GainModel:
        """Return what `save` wrote; nothing in the file is run.

        Raises:
            BadInput: the file is not there, or is no such file, or is of another version.
        """
        try:
            with np.load(path, allow_pickle=False) as held:
                named = json.loads(held["named"].tobytes())
                version = named["version"]
                layers = sum(name.startswith("kernel_") for name in held.files)
                made = cls(
                    features=tuple(named["features"]),
                    remedies=tuple(named["remedies"]),
                    mean=held["mean"],
                    deviation=held["deviation"],
                    kernels=tuple(held[f"kernel_{i}"] for i in range(layers)),
                    biases=tuple(held[f"bias_{i}"] for i in range(layers)),
                    by_place=held["by_place"],
                    factor=float(named["factor"]),
                )
        except FileNotFoundError as error:
            raise BadInput(f"{path} is not there; {ANEW}") from error
        except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise BadInput(f"{path} holds no gains of remedies ({error}); {ANEW}") from error
        if version != VERSION:
            raise BadInput(f"{path} is of version {version}, this one reads version {VERSION}; {ANEW}")
        return made


LOGS = (-4.0, 1.0)
"""Between which the logarithm of a member's deviation lies: 0.02 to 2.7."""


def places(remedies: Sequence[str], rules: Sequence[str], count: int) -> np.ndarray:
    """Return each remedy's place among the rules' names, from 0; `count` - 1 for a later one or none."""
    at = {name: number for number, name in enumerate(rules)}
    return np.array([min(at.get(name, count), count - 1) for name in remedies])
