"""The other side: Keras's own `fit`, one network after another."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks.speed.cases import Case

from archmend.datasets import encode, read_prepared
from archmend.spaces import Space


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

    from archmend.spaces.layers import describe

    network = describe(space, space.parse(code))
    assert network is not None
    assert space.input_shape is not None
    model = keras.Sequential([keras.Input(space.input_shape), keras.layers.Flatten()])
    for layer in network.hidden:
        model.add(keras.layers.Dense(layer.units, kernel_initializer="he_normal"))
        if layer.normalized:
            model.add(keras.layers.BatchNormalization())
        model.add(keras.layers.Activation(layer.activation))
        if layer.dropout:
            model.add(keras.layers.Dropout(layer.dropout))
    model.add(keras.layers.Dense(network.layers[-1].units, "softmax"))
    rate = network.learning_rate or 0.001
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


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
