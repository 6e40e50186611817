"""A model's layers read as blocks: a layer with a kernel, what normalises it, and its activation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import keras

KERNEL_LAYERS = (keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
ACTIVATION_LAYERS: Mapping[type, str] = {
    keras.layers.ReLU: "relu",
    keras.layers.LeakyReLU: "leaky_relu",
    keras.layers.PReLU: "prelu",
    keras.layers.ELU: "elu",
    keras.layers.Softmax: "softmax",
}
GATES = ("Multiply", "Dot", "Einsum", "Matmul")
"""Layers and operations whose factors are gates or attention weights, not signals."""
_TRANSPARENT = (keras.layers.BatchNormalization, keras.layers.LayerNormalization, keras.layers.Dropout)


@dataclass(frozen=True)
class Block:
    """One kernel layer and what follows it up to its activation.

    Attributes:
        name: of the kernel layer. activation: its name, `linear` for none.
        end: name of the layer whose output is the block's: the activation's, or the last one before a fork.
        normalized: whether a normalisation stands between kernel and activation.
        output: whether nothing with a kernel comes after it.
        parts: names from the kernel layer to `end`.
        gate: whether its output is a factor that weighs another signal.
    """

    name: str
    activation: str
    end: str
    normalized: bool
    output: bool
    parts: tuple[str, ...] = ()
    gate: bool = False


def consumers(model: Any) -> dict[str, list[str]]:
    """Return for each part of a Sequential or Functional model the names of those that read its output.

    A layer that is called twice is named once a call.
    """
    if isinstance(model, keras.Sequential):
        names = [layer.name for layer in model.layers]
        return {name: [follower] for name, follower in pairwise(names)} | {names[-1]: []}
    # Operations, such as the slice x[:, :3], have a place in the graph and are no layers.
    entries = model.get_config()["layers"]
    found: dict[str, list[str]] = {entry["name"]: [] for entry in entries}
    for layer in entries:
        for node in layer["inbound_nodes"]:
            for source in _sources(node):
                found[source].append(layer["name"])
    return found


def calls(model: Any) -> dict[str, int]:
    """Return how often each layer is called in the model; more than once is a layer with shared weights."""
    if isinstance(model, keras.Sequential):
        return {layer.name: 1 for layer in model.layers}
    return {layer["name"]: len(layer["inbound_nodes"]) for layer in model.get_config()["layers"]}


def inputs_of(model: Any) -> Any:
    """Return the model's symbolic inputs in the structure in which it takes data."""
    return model.inputs[0] if isinstance(model, keras.Sequential) else model.input


def blocks_of(model: Any) -> tuple[Block, ...]:
    """Return the model's blocks in the order of its layers."""
    followers = consumers(model)
    layers: dict[str, Any] = {layer.name: layer for layer in model.layers}
    kernels = {name for name, layer in layers.items() if isinstance(layer, KERNEL_LAYERS)}
    gates = gates_of(model)
    return tuple(
        _block(layers[name], layers, followers, kernels, gates) for name in layers if name in kernels
    )


def gates_of(model: Any) -> frozenset[str]:
    """Return the names of the parts of a model whose output is a factor of a product."""
    if isinstance(model, keras.Sequential):
        return frozenset()
    kinds = {operation.name: type(operation).__name__ for operation in model.operations}
    followers = consumers(model)
    return frozenset(n for n, after in followers.items() if any(kinds.get(a) in GATES for a in after))


def input_names(model: Any) -> tuple[str, ...]:
    """Return the names of the model's inputs, as its graph knows them."""
    return tuple(tensor._keras_history.operation.name for tensor in model.inputs)


def activation_of(layer: Any) -> str | None:
    """Return the activation that a layer is or carries; None where it has none."""
    for kind, name in ACTIVATION_LAYERS.items():
        if isinstance(layer, kind):
            return name
    held: Any = getattr(layer, "activation", None)
    return None if held is None else str(getattr(held, "__name__", type(held).__name__))


def _block(
    layer: Any,
    layers: dict[str, Any],
    followers: dict[str, list[str]],
    kernels: set[str],
    gates: frozenset[str],
) -> Block:
    activation, end, normalized = activation_of(layer) or "linear", layer.name, False
    parts = [end]
    while activation == "linear" and len(followers[end]) == 1:
        (follower,) = followers[end]
        following = layers.get(follower)
        if isinstance(following, (keras.layers.Activation, *ACTIVATION_LAYERS)):
            activation, end = activation_of(following) or "linear", follower
            parts.append(end)
            break
        if not isinstance(following, _TRANSPARENT):
            break
        normalized |= not isinstance(following, keras.layers.Dropout)
        end = follower
        parts.append(end)
    output = not _reaches(layer.name, followers, kernels)
    return Block(layer.name, activation, end, normalized, output, tuple(parts), end in gates)


def _reaches(name: str, followers: dict[str, list[str]], kernels: set[str]) -> bool:
    """Whether another kernel layer comes after this one."""
    waiting, seen = list(followers[name]), set()
    while waiting:
        one = waiting.pop()
        if one in kernels and one != name:
            return True
        if one not in seen:
            seen.add(one)
            waiting += followers[one]
    return False


def _sources(node: Any) -> Iterator[str]:
    """Yield the layers whose output tensors a serialised call reads."""
    if isinstance(node, Mapping):
        if node.get("class_name") == "__keras_tensor__":
            yield node["config"]["keras_history"][0]
        else:
            for value in node.values():
                yield from _sources(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _sources(value)
