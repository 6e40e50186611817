"""Convolutional networks of one shape as one program."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np

from archmend.spaces.layers import Layer
from archmend.training.fused.arrangement import Arrangement, Arrays, Batch, Form, Shapes
from archmend.training.fused.conv.grid import Grid
from archmend.training.fused.conv.operations import Once, adds_behind, convolved, halved, normalized, shifted
from archmend.training.fused.forward import product
from archmend.training.fused.initial import Layers
from archmend.training.fused.recipe import Recipe

SMALL, MOVING = "small", "moving"
"""Arrays of all that is small, side by side: each array has loops of its own to be updated by, and compiling
those took as long as all the rest."""
_SMALL = 16_384
"""Numbers up to which a kernel is small: to bring it there and back is hardly more than to update it."""
_RISING = ("relu", "elu", "selu", "tanh", "sigmoid")
"""Activations of which the largest is that of the largest, so that fewer numbers need one."""


@dataclass(frozen=True, slots=True)
class Part:
    """Where a layer's kernel or vector lies.

    Attributes:
        array: by name. begin: of it there. shape: it has.
    """

    array: str
    begin: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)


def _in_a_row(array: str, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Part]:
    begins = accumulate(map(math.prod, shapes.values()), initial=0)
    return {
        name: Part(array, begin, shape) for (name, shape), begin in zip(shapes.items(), begins, strict=False)
    }


@dataclass(frozen=True)
class ConvForm(Form):
    """Networks that have their shapes in common, and differ by weights and learning rates.

    Attributes:
        count: of them. shape: of an image, (height, width, channels). layers: of each, the classifier last.
    """

    count: int
    shape: tuple[int, int, int]
    layers: tuple[Layer, ...]

    @property
    def networks(self) -> int:
        """How many there are."""
        return self.count

    @property
    def blocks(self) -> Iterator[tuple[Layer, Grid, int]]:
        """Each convolution, its grid, and the channels that it reads."""
        height, width, channels = self.shape
        for layer in self.layers:
            if layer.grid is None:
                return
            yield layer, Grid(height, width, layer.size, layer.stride, layer.pool), channels
            (height, width), channels = layer.grid, layer.units

    @cached_property
    def parts(self) -> dict[str, Part]:
        """Where each trained part of each layer lies, by its name and the layer's number."""
        kernels = [
            (layer.units * grid.taps, channels)
            if adds_behind(layer.units, channels, grid)
            else (layer.units, channels * grid.taps)
            for layer, grid, channels in self.blocks
        ]
        kernels += [(layer.units, layer.inputs) for layer in self.layers[len(kernels) :]]
        shapes: dict[str, tuple[int, ...]] = {}
        for number, (layer, kernel) in enumerate(zip(self.layers, kernels, strict=True)):
            shapes[f"kernel-{number}"] = kernel
            for part in ("bias", *(("gamma", "beta") if layer.normalized else ())):
                shapes[f"{part}-{number}"] = (layer.units,)
        large = {name: shape for name, shape in shapes.items() if math.prod(shape) > _SMALL}
        small = _in_a_row(SMALL, {name: shape for name, shape in shapes.items() if name not in large})
        return small | {name: Part(name, 0, shape) for name, shape in large.items()}

    @cached_property
    def statistics(self) -> dict[str, Part]:
        """Where each moving statistic lies, likewise."""
        which = [(number, layer.units) for number, layer in enumerate(self.layers) if layer.normalized]
        shapes = {f"{part}-{n}": (units,) for n, units in which for part in ("mean", "variance")}
        return _in_a_row(MOVING, shapes)

    @property
    def trained(self) -> dict[str, tuple[int, ...]]:
        """One array of all that is small, and one of each large kernel."""
        large = {name: part.shape for name, part in self.parts.items() if part.array == name}
        small = sum(part.size for part in self.parts.values() if part.array == SMALL)
        return {name: (self.count, *shape) for name, shape in {SMALL: (small,), **large}.items()}

    @property
    def moving(self) -> dict[str, tuple[int, ...]]:
        """One array of all statistics."""
        parts = self.statistics.values()
        return {MOVING: (self.count, sum(part.size for part in parts))} if parts else {}

    def _own(self, weights: Arrays) -> dict[str, Any]:
        """Return each part of each layer, (networks, ...)."""
        import tensorflow as tf

        small = {name: part for name, part in self.parts.items() if part.array == SMALL}
        split = tf.split(weights[SMALL], [part.size for part in small.values()], axis=1)
        found = {name: weights[name] for name, part in self.parts.items() if part.array == name}
        for (name, part), value in zip(small.items(), split, strict=True):
            found[name] = tf.reshape(value, (self.count, *part.shape))
        return found

    def forward(self, facts: Arrays, weights: Arrays, batch: Batch) -> tuple[Any, Arrays]:
        """Return the logits and the statistics of the batch."""
        import keras
        import tensorflow as tf

        once, statistics, own = Once(batch.number), list[Any](), self._own(weights)
        rows = int(batch.weights.shape[0])
        height, width, channels = self.shape
        images = tf.reshape(tf.transpose(batch.x), (1, height * width, channels, rows))
        values = tf.transpose(images, (0, 2, 1, 3))
        for number, (layer, grid, channels) in enumerate(self.blocks):
            kernels, behind = own[f"kernel-{number}"], adds_behind(layer.units, channels, grid)
            if number == 0:
                # All networks see the same images: their filters are those of one.
                kernels = tf.reshape(kernels, (1, -1, kernels.shape[2]))
            outputs = convolved(kernels, values, grid, once, behind=behind, first=number == 0)
            outputs = tf.reshape(outputs, (self.count, layer.units, grid.outputs, rows))
            rising = layer.activation in _RISING
            bias = own[f"bias-{number}"]
            if layer.normalized:
                there = tf.constant(grid.there / grid.there.sum(), tf.float32)
                gamma, beta = (own[f"{part}-{number}"] for part in ("gamma", "beta"))
                share = there[:, None] * batch.weights
                outputs, mean, variance = normalized(
                    outputs, gamma, beta, share, once, pool=grid.pool and rising
                )
                # A bias changes nothing but the mean: what is normalised is without it.
                statistics += [mean + bias, variance]
            else:
                outputs = shifted(halved(outputs, once) if grid.pool and rising else outputs, bias)
            values = keras.activations.get(layer.activation)(outputs)
            if grid.pool and not rising:
                values = halved(values, once)
        values = tf.reshape(values, (self.count, -1, rows))
        for number, layer in enumerate(self.layers):
            if layer.grid is None:
                sums = product(own[f"kernel-{number}"], values)
                values = keras.activations.get(layer.activation)(shifted(sums, own[f"bias-{number}"]))
        return values, {MOVING: tf.concat(statistics, axis=1)} if statistics else {}


class ConvArrangement(Arrangement):
    """Convolutional networks of one shape."""

    def __init__(self, recipes: Sequence[Recipe]) -> None:
        """Lay them out.

        Args:
            recipes: at least one; all with the same layers.
        """
        height, width, channels = recipes[0].shape
        self._recipes = tuple(recipes)
        self.form: ConvForm = ConvForm(len(recipes), (height, width, channels), recipes[0].layers)
        self.rows = tuple(range(len(recipes)))
        self._parts = self.form.parts | self.form.statistics
        self._grids = list(self.form.blocks)

    def packed(self, shapes: Shapes, networks: Sequence[Layers]) -> dict[str, np.ndarray]:
        """Return the arrays of these names; of networks without layers they are zero."""
        arrays = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
        for network, layers in enumerate(networks):
            for number, layer in enumerate(layers):
                for name, value in layer.items():
                    part = self._parts[f"{name}-{number}"]
                    if part.array not in arrays:
                        continue
                    if name == "kernel":
                        lying, axes = self._lying(number, value.shape)
                        value = value.reshape(lying).transpose(axes)
                    flat = arrays[part.array].reshape(len(self.rows), -1)
                    flat[network, part.begin : part.begin + part.size] = value.ravel()
        return arrays

    def unpacked(self, arrays: Mapping[str, np.ndarray], network: int, like: Layers) -> Layers:
        """Return one network's own arrays."""
        found = Layers()
        for number, layer in enumerate(like):
            found.append({})
            for name, old in layer.items():
                part = self._parts[f"{name}-{number}"]
                value = arrays[part.array][network].reshape(-1)[part.begin : part.begin + part.size]
                if name == "kernel":
                    lying, axes = self._lying(number, old.shape)
                    value = value.reshape([lying[axis] for axis in axes]).transpose(np.argsort(axes))
                found[-1][name] = np.array(value.reshape(old.shape), order="C")
        return found

    def _lying(self, number: int, shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the shape in which a kernel of Keras's is seen, and the order of its axes here."""
        if number < len(self._grids):
            layer, grid, channels = self._grids[number]
            # Keras has (taps, channels, filters).
            before = not adds_behind(layer.units, channels, grid)
            return (grid.taps, channels, layer.units), (2, 1, 0) if before else (2, 0, 1)
        if number == len(self._grids):
            # A flattened image is (places, channels) in Keras, and (channels, places) here.
            filters = self._grids[-1][0].units
            return (shape[0] // filters, filters, shape[1]), (2, 1, 0)
        return shape, (1, 0)

    def facts(self, seeds: Sequence[int]) -> dict[str, np.ndarray]:
        """Return nothing: what the networks are is their form."""
        return {}

    def rates(self, shapes: Shapes) -> dict[str, np.ndarray]:
        """Return the learning rates."""
        rates = np.array([recipe.rate for recipe in self._recipes], np.float32)
        return {name: rates.reshape(-1, *(1,) * (len(shape) - 1)) for name, shape in shapes.items()}
