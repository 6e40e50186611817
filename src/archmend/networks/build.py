"""An architecture of a built-in space -> a compiled Keras model on encoded rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from archmend.errors import BadInput
from archmend.networks.backend import require_tensorflow
from archmend.networks.optimizers import create_optimizer
from archmend.spaces import Architecture, Space

if TYPE_CHECKING:
    import keras


def build(
    space: Space,
    architecture: Architecture,
    *,
    seed: int = 0,
    optimizer: str = "adam",
    learning_rate: float | None = None,
) -> keras.Sequential:
    """Return the compiled network of an architecture, with new weights.

    Hidden layers get He's initialisation (2015) for rectifiers and Glorot's (2010) otherwise.

    Args:
        space: a built-in space; it knows the shape of a row and the number of classes.
        architecture: of this space.
        seed: of the weights and of dropout.
        optimizer: one of `optimizer_names()`.
        learning_rate: None is the architecture's own, else the optimiser's default.

    Raises:
        BadInput: a space of no family that archmend builds, a learning rate where the space chooses it.
        MissingExtra: TensorFlow is not installed.
    """
    if space.family is None or space.input_shape is None or space.classes is None:
        raise BadInput(
            f"space {space.name!r} does not say what network its architectures are; "
            "give KerasEvaluator a build function of your own"
        )
    chosen = architecture.get("learning_rate")
    if chosen is not None and learning_rate is not None:
        raise BadInput(
            f"learning_rate {learning_rate:g} contradicts space {space.name!r}, which chooses it; "
            "leave it out"
        )
    require_tensorflow()
    import keras

    seeds = _seeds(seed)
    layers = _fully_connected(architecture, seeds) if space.family == "fc" else _conv(architecture, seeds)
    model = keras.Sequential(
        [
            keras.Input(space.input_shape, name="encoded"),
            *layers,
            keras.layers.Dense(
                space.classes, "softmax", kernel_initializer=_initializer("softmax", seeds), name="output"
            ),
        ],
        name=space.family,
    )
    rate = float(chosen) if chosen is not None else learning_rate
    # Compiling each small network by XLA would take longer than training it.
    model.compile(
        create_optimizer(optimizer, rate),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,
    )
    return model


def _fully_connected(a: Architecture, seeds: Iterator[int]) -> Iterator[Any]:
    import keras

    yield keras.layers.Flatten(name="flatten")
    activation = str(a.get("activation", "relu"))
    for number in range(1, int(a["depth"]) + 1):
        width = int(a["width"] if "width" in a else a[f"width_{number}"])
        yield keras.layers.Dense(
            width, kernel_initializer=_initializer(activation, seeds), name=f"dense_{number}"
        )
        yield from _normalized(a, activation, number)
        if a.get("dropout"):
            yield keras.layers.Dropout(float(a["dropout"]), seed=next(seeds), name=f"dropout_{number}")


def _conv(a: Architecture, seeds: Iterator[int]) -> Iterator[Any]:
    import keras

    activation = str(a["activation"])
    for number in range(1, int(a["blocks"]) + 1):
        by_stride = a[f"pool_{number}"] == "stride"
        yield keras.layers.Conv2D(
            int(a[f"filters_{number}"]),
            int(a[f"kernel_{number}"]),
            strides=2 if by_stride else 1,
            padding="same",
            kernel_initializer=_initializer(activation, seeds),
            name=f"conv_{number}",
        )
        yield from _normalized(a, activation, number)
        if not by_stride:
            yield keras.layers.MaxPooling2D(2, padding="same", name=f"pool_{number}")
    yield keras.layers.Flatten(name="flatten")
    if a["dense"]:
        yield keras.layers.Dense(
            int(a["dense"]), activation, kernel_initializer=_initializer(activation, seeds), name="dense_1"
        )


def _normalized(a: Architecture, activation: str, number: int) -> Iterator[Any]:
    import keras

    if a.get("normalization") == "batch":
        yield keras.layers.BatchNormalization(name=f"normalization_{number}")
    yield keras.layers.Activation(activation, name=f"activation_{number}")


def _initializer(activation: str, seeds: Iterator[int]) -> Any:
    import keras

    kind = keras.initializers.HeNormal if activation in ("relu", "elu") else keras.initializers.GlorotUniform
    return kind(seed=next(seeds))


def _seeds(seed: int) -> Iterator[int]:
    """Yield one seed for each random part, all from the one given."""
    import numpy as np

    rng = np.random.default_rng(seed)
    while True:
        yield int(rng.integers(2**31 - 1))
