"""Training data as batches in an order that depends only on the seed and the epoch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from archmend.errors import BadInput

PROBE_ROWS = 256
"""Rows of the probe: enough for the share of a unit's active rows, few enough to cost little."""
EVALUATION_BATCH = 1024
"""Rows validated at once; the result does not depend on it."""

Batch = tuple[Any, Any]


class Data(ABC):
    """Rows that can be read epoch by epoch.

    Attributes:
        batches: in one epoch.
        batch_size: rows a batch, but for an epoch's last; None where the owner of the data makes the batches.
        rows: in one epoch; None where nobody has counted them.
    """

    batches: int
    batch_size: int | None = None
    rows: int | None = None

    def batched(self, size: int) -> Data:
        """Return the same rows in the same order in batches of another size, which shares their memory.

        Raises:
            ValueError: the owner of the data makes the batches (`batch_size` is None).
        """
        raise ValueError(f"these batches are made by the data's owner, so none of {size} rows can be had")

    @abstractmethod
    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch from the `start`-th on; equal arguments give equal batches."""

    @abstractmethod
    def in_order(self) -> Iterator[Batch]:
        """Yield all rows in the order in which they came, for validation."""

    @abstractmethod
    def probe(self) -> Batch:
        """Return up to `PROBE_ROWS` rows, always the same ones."""

    @abstractmethod
    def signature(self) -> tuple[Any, Any]:
        """Return the tensor specs of a batch, of any number of rows."""


class Rows(Data):
    """Arrays in memory, shuffled anew in each epoch by (seed, epoch)."""

    def __init__(self, x: Any, y: np.ndarray, batch_size: int, seed: int) -> None:
        """Hold `x`, an array or a structure of arrays, and `y` with as many rows."""
        self.x, self.y = x, y
        self.rows: int = len(y)
        self.batch_size: int = batch_size
        self._seed = seed
        self.batches = -(-self.rows // batch_size)

    def batched(self, size: int) -> Rows:
        """Return the same arrays, and the same tensors of them, in batches of another size."""
        other = Rows(self.x, self.y, size, self._seed)
        other.whole = self.whole
        return other

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """Yield the batches in the order of (seed, number)."""
        order = self.order(number)
        for first in range(start * self.batch_size, self.rows, self.batch_size):
            yield self._take(order[first : first + self.batch_size])

    def order(self, number: int) -> np.ndarray:
        """Return the order of the rows in an epoch, shape (rows,), int32."""
        return np.random.default_rng((self._seed, number)).permutation(self.rows).astype(np.int32)

    @cached_property
    def whole(self) -> Batch:
        """All rows as tensors, made at the first use."""
        return keras.tree.map_structure(tf.convert_to_tensor, (self.x, self.y))

    def in_order(self) -> Iterator[Batch]:
        """Yield all rows in large batches."""
        for first in range(0, self.rows, EVALUATION_BATCH):
            yield self._take(slice(first, first + EVALUATION_BATCH))

    def probe(self) -> Batch:
        """Return rows drawn once by the seed."""
        chosen = np.random.default_rng(self._seed).permutation(self.rows)[:PROBE_ROWS]
        return self._take(np.sort(chosen))

    def signature(self) -> tuple[Any, Any]:
        """Return the specs of the arrays' rows."""

        def spec(array: np.ndarray) -> Any:
            return tf.TensorSpec((None, *array.shape[1:]), tf.as_dtype(tf.convert_to_tensor(array[:1]).dtype))

        return keras.tree.map_structure(spec, self.x), spec(self.y)

    def _take(self, which: Any) -> Batch:
        return keras.tree.map_structure(lambda a: a[which], self.x), self.y[which]


class Stream(Data):
    """A batched tf.data.Dataset, read from its start in each epoch; shuffling is its owner's matter."""

    def __init__(self, dataset: Any, name: str) -> None:
        """Read the dataset's form, and count it once where it does not know its length."""
        spec = dataset.element_spec
        if not (isinstance(spec, tuple) and len(spec) == 2):
            raise BadInput(f"{name} must yield batches of (x, y), got elements of the form {spec}")
        for leaf in keras.tree.flatten(spec):
            if leaf.shape.rank is None or leaf.shape.rank < 1:
                raise BadInput(f"{name} must be batched, got elements of shape {leaf.shape}; call .batch(32)")
        known = int(dataset.cardinality())
        if known == tf.data.INFINITE_CARDINALITY:
            raise BadInput(f"{name} never ends; give it a length with .take(batches)")
        self.batches = known if known >= 0 else sum(1 for _ in dataset)
        if self.batches == 0:
            raise BadInput(f"{name} is empty; give at least one batch")
        self.dataset = dataset
        self._spec = spec

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """Yield the dataset's batches; a dataset without shuffling of its own is the same in every epoch."""
        return iter(self.dataset.skip(start) if start else self.dataset)

    def in_order(self) -> Iterator[Batch]:
        """Yield the dataset's batches."""
        return iter(self.dataset)

    def probe(self) -> Batch:
        """Return the first rows."""
        parts, rows = [], 0
        for x, y in self.dataset:
            parts.append((x, y))
            rows += int(tf.shape(y)[0])
            if rows >= PROBE_ROWS:
                break
        joined = keras.tree.map_structure(lambda *leaves: tf.concat(leaves, 0)[:PROBE_ROWS], *parts)
        return joined[0], joined[1]

    def signature(self) -> tuple[Any, Any]:
        """Return the dataset's specs with any number of rows."""

        def any_rows(spec: Any) -> Any:
            return tf.TensorSpec((None, *spec.shape[1:]), spec.dtype)

        x, y = keras.tree.map_structure(any_rows, self._spec)
        return x, y
