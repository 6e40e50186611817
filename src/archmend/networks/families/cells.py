"""Stacked cells: what flows along each edge is what its operation makes of the node before it."""

from __future__ import annotations

from typing import Any

from archmend.networks.families.common import Seeds
from archmend.spaces.cells import NODES, living_edges
from archmend.spaces.family import Rows, Values


def cells(a: Values, _: Rows, seeds: Seeds, encoded: Any) -> Any:
    """Return the features of images: a stem, stages of cells with a halving between, the mean over places."""
    import keras

    channels = int(a["channels"])
    x = _convolved(encoded, channels, 3, 1, seeds, "stem")
    for stage in range(1, int(a["stages"]) + 1):
        if stage > 1:
            channels *= 2
            x = _reduced(x, channels, seeds, f"reduction_{stage}")
        for number in range(1, int(a["cells"]) + 1):
            x = _cell(a, x, channels, seeds, f"cell_{stage}_{number}")
    x = keras.layers.BatchNormalization(name="last_normalization")(x)
    x = keras.layers.Activation("relu", name="last_activation")(x)
    return keras.layers.GlobalAveragePooling2D(name="mean")(x)


def _cell(a: Values, x: Any, channels: int, seeds: Seeds, name: str) -> Any:
    import keras

    edges = living_edges(a)
    if not edges:
        # Nothing leads through: the cell says nothing, and what stands before it learns nothing.
        return keras.layers.Rescaling(0.0, name=f"{name}_nothing")(x)
    arriving: dict[int, list[Any]] = {node: [] for node in range(1, NODES)}
    nodes: dict[int, Any] = {0: x}
    for source, target, operation in edges:
        if source not in nodes:
            nodes[source] = _summed(arriving[source], f"{name}_node_{source}")
        edge = f"{name}_{source}_{target}"
        if operation == "avgpool3x3":
            flow = keras.layers.AveragePooling2D(3, strides=1, padding="same", name=edge)(nodes[source])
        elif operation == "skip":
            flow = nodes[source]
        else:
            rectified = keras.layers.Activation("relu", name=f"{edge}_activation")(nodes[source])
            flow = _convolved(rectified, channels, int(operation[-1]), 1, seeds, edge)
        arriving[target].append(flow)
    return _summed(arriving[NODES - 1], f"{name}_node_{NODES - 1}")


def _summed(flows: list[Any], name: str) -> Any:
    import keras

    return flows[0] if len(flows) == 1 else keras.layers.Add(name=name)(flows)


def _reduced(x: Any, channels: int, seeds: Seeds, name: str) -> Any:
    import keras

    inner = keras.layers.Activation("relu", name=f"{name}_activation_1")(x)
    inner = _convolved(inner, channels, 3, 2, seeds, f"{name}_1")
    inner = keras.layers.Activation("relu", name=f"{name}_activation_2")(inner)
    inner = _convolved(inner, channels, 3, 1, seeds, f"{name}_2")
    past = keras.layers.AveragePooling2D(2, padding="same", name=f"{name}_pool")(x)
    past = _kernel(past, channels, 1, 1, seeds, f"{name}_past")
    return keras.layers.Add(name=f"{name}_add")([inner, past])


def _convolved(x: Any, channels: int, kernel: int, strides: int, seeds: Seeds, name: str) -> Any:
    import keras

    x = _kernel(x, channels, kernel, strides, seeds, name)
    return keras.layers.BatchNormalization(name=f"{name}_normalization")(x)


def _kernel(x: Any, channels: int, kernel: int, strides: int, seeds: Seeds, name: str) -> Any:
    import keras

    return keras.layers.Conv2D(
        channels,
        kernel,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer=seeds.initializer("relu"),
        name=name,
    )(x)
