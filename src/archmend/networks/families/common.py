"""What the families share: seeds, initialisers, and what stands behind a kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from archmend.spaces.family import Rows, Values


class Seeds:
    """One seed for each random part, all from the one given."""

    def __init__(self, seed: int) -> None:
        """Begin with the first."""
        import numpy as np

        self._rng = np.random.default_rng(seed)

    def __next__(self) -> int:
        return int(self._rng.integers(2**31 - 1))

    def initializer(self, activation: str) -> Any:
        """Return He's initialisation (2015) for rectifiers and Glorot's (2010) otherwise."""
        import keras

        rectifier = activation in ("relu", "elu")
        kind = keras.initializers.HeNormal if rectifier else keras.initializers.GlorotUniform
        return kind(seed=next(self))


Chain = Callable[[Values, Rows, Seeds], Iterator[Any]]
"""Yields the layers of an architecture between its encoded rows and its output, which are a chain."""
Graph = Callable[[Values, Rows, Seeds, Any], Any]
"""The same of a network that forks: from a tensor of encoded rows to one of features, (rows, features)."""


def normalized(a: Values, activation: str, number: int) -> Iterator[Any]:
    """Yield what stands behind the kernel with this number: normalisation and activation."""
    import keras

    if a["normalization"] == "batch":
        yield keras.layers.BatchNormalization(name=f"normalization_{number}")
    yield keras.layers.Activation(activation, name=f"activation_{number}")
