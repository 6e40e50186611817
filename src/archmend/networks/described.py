"""What `weights_of` says of a fully connected network, without building it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from archmend.networks.stages import Structure, signature_of, stages_of_architecture
from archmend.spaces import Architecture, Space, create_space
from archmend.spaces.layers import Layer, describe

_EVERYTHING = "2-8-16-relu-batch-0.1-0.001"
"""An architecture of `fc` whose second layer has all that a hidden layer can have."""


class Describer:
    """Describes networks of a space of the family `fc`; one small network is built as the pattern for all."""

    def __init__(self, space: Space) -> None:
        """Build the pattern.

        Args:
            space: of the family, for the data.
        """
        from archmend.networks.build import build

        assert space.input_shape is not None
        assert space.classes is not None
        self._space = space
        pattern = create_space("fc", input_shape=space.input_shape, classes=space.classes)
        config = build(pattern, pattern.parse(_EVERYTHING)).get_config()
        layers = {layer["config"]["name"]: layer for layer in config["layers"]}
        self._begin = [layers["encoded"], layers["flatten"]]
        self._hidden = [layers[f"{kind}_2"] for kind in ("dense", "normalization", "activation", "dropout")]
        self._end = layers["output"]
        self._whole = {key: value for key, value in config.items() if key != "layers"}

    def packed(self, architecture: Architecture) -> np.ndarray:
        """Return what `structure_of` says of the architecture's model, packed."""
        network = describe(self._space, architecture)
        assert network is not None
        layers = [deepcopy(layer) for layer in self._begin]
        for number, layer in enumerate(network.hidden, start=1):
            layers += self._layers(layer, number)
        layers.append(_shaped(self._end, network.layers[-1].inputs))
        signature = signature_of({**self._whole, "layers": layers})
        return Structure(signature, stages_of_architecture(self._space, architecture)).packed()

    def _layers(self, layer: Layer, number: int) -> Iterator[dict[str, Any]]:
        dense, normalization, activation, dropout = (_named(each, number) for each in self._hidden)
        dense["config"]["units"] = layer.units
        yield _shaped(dense, layer.inputs)
        if layer.normalized:
            yield _shaped(normalization, layer.units)
        activation["config"]["activation"] = layer.activation
        yield activation
        if layer.dropout:
            dropout["config"]["rate"] = layer.dropout
            yield dropout


def _named(layer: Mapping[str, Any], number: int) -> dict[str, Any]:
    made = deepcopy(dict(layer))
    made["config"]["name"] = f"{made['config']['name'].rpartition('_')[0]}_{number}"
    return made


def _shaped(layer: Mapping[str, Any], inputs: int) -> dict[str, Any]:
    made = deepcopy(dict(layer))
    made["build_config"] = {"input_shape": [None, inputs]}
    return made
