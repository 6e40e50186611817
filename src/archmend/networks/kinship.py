"""Whether two networks are made alike, for spaces whose networks do not show their architecture."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from archmend.errors import BadInput
from archmend.networks.chain import NotOfTheSpaceError
from archmend.networks.reading import architecture_of, learning_rate_of, readable
from archmend.spaces import Architecture, Space

if TYPE_CHECKING:
    import keras

_NOT_OF_THE_KIND = ("name", "seed", "dtype", "trainable")


def layout_of(model: keras.Model) -> tuple[str, ...]:
    """Return what a network is made of: the same for two that differ in weights, names and seeds alone."""
    return tuple(_described(layer) for layer in model.layers)


def same_architecture(model: keras.Model, space: Space, start: Architecture | None = None) -> Architecture:
    """Return the architecture of a network that began as `start`.

    Args:
        model: whose layers are those of the start, where the space's networks do not show more.
        space: of the search.
        start: what it began as; None where the layers must tell.

    Raises:
        BadInput: they do not tell, or the network is not in the space.
    """
    if start is None or readable(space):
        return architecture_of(model, space)
    try:
        rate = learning_rate_of(model, space) if "learning_rate" in start else None
    except NotOfTheSpaceError as error:
        raise BadInput(f"model {model.name!r} is no network of space {space.name!r}: {error}") from error
    return start if rate is None else space.architecture({**start, "learning_rate": rate})


def _described(layer: Any) -> str:
    config = {
        name: value
        for name, value in layer.get_config().items()
        if name not in _NOT_OF_THE_KIND and "initializer" not in name and name != "layers"
    }
    shapes = [tuple(variable.shape) for variable in layer.weights]
    return f"{type(layer).__name__} {shapes} {json.dumps(config, sort_keys=True, default=str)}"
