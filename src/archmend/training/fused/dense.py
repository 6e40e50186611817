"""Populations of fully connected networks: a layout in buckets, and what it computes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archmend.training.fused import layout, packing
from archmend.training.fused.arrangement import Arrangement, Arrays, Batch, Form, Shapes
from archmend.training.fused.forward import Forward, Kinds
from archmend.training.fused.initial import Layers
from archmend.training.fused.noise import keys
from archmend.training.fused.recipe import Recipe


@dataclass(frozen=True)
class DenseForm(Form):
    """Networks in buckets.

    Attributes:
        buckets: where they stand. kinds: what stands behind their kernels.
    """

    buckets: layout.Form
    kinds: Kinds

    @property
    def networks(self) -> int:
        """How many there are."""
        return self.buckets.networks

    @property
    def trained(self) -> dict[str, tuple[int, ...]]:
        """Kernels with their biases, scales and shifts of normalisation."""
        return self.buckets.shapes | (self._each("gamma", "beta") if self.kinds.normalized else {})

    @property
    def moving(self) -> dict[str, tuple[int, ...]]:
        """Statistics of each bucket."""
        return self._each("mean", "variance") if self.kinds.normalized else {}

    def _each(self, *names: str) -> dict[str, tuple[int, ...]]:
        widths = enumerate(self.buckets.widths)
        return {f"{name}-{b}": (self.buckets.count(b), width + 1) for b, width in widths for name in names}

    def forward(self, facts: Arrays, weights: Arrays, batch: Batch) -> tuple[Any, Arrays]:
        """Return the logits and the statistics of the batch."""
        import tensorflow as tf

        noise = {}
        if self.kinds.dropout:
            noise = {b: keys(facts[f"seed-{b}"], batch.number) for b in range(len(self.buckets.widths))}
        forward = Forward(self.buckets, self.kinds, facts, weights, batch.weights, noise, {})
        logits = forward.logits(batch.x)
        return logits, {name: tf.concat(parts, axis=0) for name, parts in forward.statistics.items()}


class DenseArrangement(Arrangement):
    """Fully connected networks in buckets of these widths."""

    def __init__(self, recipes: Sequence[Recipe], widths: Sequence[int]) -> None:
        """Lay them out.

        Args:
            recipes: at least one, for the same data.
            widths: rising; the last one holds the widest layer.
        """
        self._recipes = tuple(recipes)
        self._layout = layout.lay_out(recipes, widths)
        kinds = Kinds(
            tuple(sorted({recipe.activation for recipe in recipes})),
            any(recipe.normalized for recipe in recipes),
            any(recipe.dropout for recipe in recipes),
        )
        self.form: DenseForm = DenseForm(self._layout.form, kinds)
        self.rows = tuple(places[-1].row for places in self._layout.places)

    def packed(self, shapes: Shapes, networks: Sequence[Layers]) -> dict[str, np.ndarray]:
        """Return the arrays of these names; what is padded is zero."""
        return packing.packed(self._layout, shapes, networks)

    def unpacked(self, arrays: Mapping[str, np.ndarray], network: int, like: Layers) -> Layers:
        """Return one network's own arrays."""
        return packing.unpacked(self._layout, arrays, network, like)

    def facts(self, seeds: Sequence[int]) -> dict[str, np.ndarray]:
        """Return what each hidden layer does, by bucket."""
        return packing.facts(self._layout, self._recipes, seeds, self.form.kinds.activations)

    def rates(self, shapes: Shapes) -> dict[str, np.ndarray]:
        """Return the learning rates."""
        return packing.rates(self._layout, shapes, self._recipes)
