"""The other side: Keras's own `fit`, one network after another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.speed.cases import Case

from archmend.datasets import encode, read_prepared
from archmend.spaces import Space
from archmend.spaces.layers import Layer, describe


def data_of(folder: Path) -> tuple[Any, Any]:
    """Return encoded rows and labels of the training and the validation part."""
    prepared = read_prepared(folder)
    train, validation = (
        (encode(prepared.info.encoding, part.x), part.y) for part in (prepared.train, prepared.validation)
    )
    return train, validation


def sequential(space: Space, code: str) -> Any:
    """Return the network as somebody would write it with Keras."""
    import keras

    network = describe(space, space.parse(code))
    assert network is not None
    assert space.input_shape is not None
    layers, convolutions = [keras.Input(space.input_shape)], [x for x in network.hidden if x.grid is not None]
    for layer in convolutions:
        layers += [
            keras.layers.Conv2D(
                layer.units, layer.size, layer.stride, padding="same", kernel_initializer="he_normal"
            ),
            *_behind(layer),
        ]
    layers.append(keras.layers.Flatten())
    for layer in network.hidden[len(convolutions) :]:
        layers += [keras.layers.Dense(layer.units, kernel_initializer="he_normal"), *_behind(layer)]
    model = keras.Sequential([*layers, keras.layers.Dense(network.layers[-1].units, "softmax")])
    rate = network.learning_rate or 0.001
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _behind(layer: Layer) -> Iterator[Any]:
    import keras

    if layer.normalized:
        yield keras.layers.BatchNormalization()
    yield keras.layers.Activation(layer.activation)
    if layer.dropout:
        yield keras.layers.Dropout(layer.dropout)
    if layer.pool:
        yield keras.layers.MaxPooling2D(2, padding="same")


def fit(data: Path, case: Case, codes: list[str]) -> tuple[list[float], dict[str, float]]:
    """Return the seconds of each network, building and evaluation with it, and the accuracies."""
    import keras

    (x, y), validation = data_of(data)
    space, seconds, accuracies = case.opened(), [], {}
    for number, code in enumerate(codes):
        keras.utils.set_random_seed(number)
        begun = time.monotonic()
        model = sequential(space, code)
        model.fit(x, y, batch_size=32, epochs=case.epochs, verbose=0)
        accuracies[code] = float(model.evaluate(*validation, batch_size=1024, verbose=0)[1])
        seconds.append(time.monotonic() - begun)
        keras.backend.clear_session()
    return seconds, accuracies
