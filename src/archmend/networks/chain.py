"""The layers of a network in their order, behind its encoder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import dropwhile
from typing import Any


class NotOfTheSpaceError(Exception):
    """What of a network no built-in space has."""


def chain_of(model: Any) -> list[Any]:
    """Return the layers in order, without those of the encoder that stands before a network of raw rows.

    Raises:
        NotOfTheSpaceError: a fork, a join or a layer that is called twice, behind the encoder.
    """
    import keras

    if isinstance(model, keras.Sequential):
        return _without_encoder(list(model.layers))
    layers = {layer.name: layer for layer in model.layers}
    chain: list[Any] = []
    before = None
    for entry in model.get_config()["layers"]:
        name = entry["name"]
        layer = layers.get(name)
        if not chain and (layer is None or isinstance(layer, _encoding_layers())):
            if layer is None and entry["class_name"] not in _ENCODING_OPERATIONS:
                raise NotOfTheSpaceError(f"it begins with {entry['class_name']}")
            continue
        calls = entry["inbound_nodes"]
        if layer is None or len(calls) != 1 or (before is not None and list(_sources(calls)) != [before]):
            raise NotOfTheSpaceError(f"it is no chain at the layer {name!r}")
        chain += chain_of(layer) if isinstance(layer, keras.Model) else [layer]
        before = name
    return chain


_ENCODING_OPERATIONS = frozenset({"Where", "Isfinite", "IsFinite"})
"""What `with_encoder` fills gaps with."""


def _encoding_layers() -> tuple[type, ...]:
    """Return the layers of which `with_encoder` makes an encoder, and those that only change a shape."""
    import keras

    kind = keras.layers
    return (
        kind.InputLayer,
        kind.Reshape,
        kind.Flatten,
        kind.Normalization,
        kind.Rescaling,
        kind.StringLookup,
        kind.Concatenate,
    )


def _without_encoder(layers: list[Any]) -> list[Any]:
    return list(dropwhile(lambda layer: isinstance(layer, _encoding_layers()), layers))


def _sources(node: Any) -> Iterator[str]:
    """Yield the layers whose outputs a serialised call reads."""
    if isinstance(node, Mapping):
        if node.get("class_name") == "__keras_tensor__":
            yield node["config"]["keras_history"][0]
        else:
            for value in node.values():
                yield from _sources(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _sources(value)
