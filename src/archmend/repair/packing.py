"""Checkpoints as plain values and arrays: each engine's network and each array is packed once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from archmend.repair.archive import Arrays
from archmend.repair.configs import config_of, model_of, settle
from archmend.repair.engine import Engine
from archmend.repair.run import Checkpoint, Place


class Packer:
    """Takes parts of a state; what they share is held once."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._arrays = Arrays()
        self._engines: list[Engine] = []

    @property
    def arrays(self) -> list[np.ndarray]:
        """All arrays so far, by number."""
        return self._arrays.held

    def networks(self) -> list[dict[str, Any]]:
        """Return the configuration of each engine's model, by number."""
        return [config_of(engine.model) for engine in self._engines]

    def engine(self, engine: Engine) -> int:
        """Return the number of an engine."""
        for number, held in enumerate(self._engines):
            if held is engine:
                return number
        self._engines.append(engine)
        return len(self._engines) - 1

    def values(self, values: Iterable[Any]) -> list[int]:
        """Return the numbers of arrays."""
        return [self._arrays.put(value) for value in values]

    def checkpoint(self, checkpoint: Checkpoint) -> dict[str, Any]:
        """Return a checkpoint as plain values."""
        return {
            "engine": self.engine(checkpoint.engine),
            "values": self.values(checkpoint.snapshot),
            "place": checkpoint.place.as_dict(),
        }


class Unpacker:
    """Gives back what a packer took; its engines are new ones, each model once."""

    def __init__(
        self,
        networks: list[dict[str, Any]],
        arrays: list[np.ndarray],
        source: Any,
        engine: Callable[[Any], Engine],
    ) -> None:
        """Build every network now, so that nothing can be refused later.

        Args:
            networks: of the packer.
            arrays: of the packer.
            source: a model compiled as the networks are.
            engine: makes an engine of a model.

        Raises:
            SavedError: a network cannot be built.
        """
        self._arrays = arrays
        self._engines = [engine(model_of(network, source)) for network in networks]

    def engine(self, number: int) -> Engine:
        """Return the engine of this number."""
        return self._engines[number]

    def values(self, numbers: list[int]) -> list[np.ndarray]:
        """Return the arrays of these numbers."""
        return [self._arrays[number] for number in numbers]

    def checkpoint(self, packed: dict[str, Any]) -> Checkpoint:
        """Return a checkpoint of the new engines."""
        engine = self.engine(packed["engine"])
        snapshot = tuple(tf.convert_to_tensor(value) for value in self.values(packed["values"]))
        engine.restore(snapshot)
        settle(engine.model)
        return Checkpoint(engine, snapshot, Place.from_dict(packed["place"]))
