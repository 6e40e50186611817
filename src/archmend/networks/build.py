"""An architecture -> a compiled Keras model on encoded rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archmend.errors import BadInput
from archmend.networks.backend import require_tensorflow
from archmend.networks.families import CHAINS, GRAPHS, Seeds
from archmend.networks.optimizers import create_optimizer
from archmend.spaces import Architecture, Space
from archmend.spaces.builtin import FAMILIES
from archmend.spaces.family import Rows

if TYPE_CHECKING:
    import keras


def build(
    space: Space,
    architecture: Architecture,
    *,
    seed: int = 0,
    optimizer: str = "adam",
    learning_rate: float | None = None,
) -> keras.Model:
    """Return the compiled network of an architecture, with new weights.

    Hidden layers get He's initialisation (2015) for rectifiers and Glorot's (2010) otherwise. A space with
    a build function of its own is asked for the network, and that one compiles it.

    Args:
        space: of a family, or with a build function; it knows the shape of a row and the number of classes.
        architecture: of this space.
        seed: of the weights and of dropout.
        optimizer: one of `optimizer_names()`.
        learning_rate: None is the architecture's own, else the optimiser's default.

    Raises:
        BadInput: a space of no family that archmend builds, a learning rate where the space chooses it, a
            build function that raises or returns no compiled classifier.
        MissingExtra: TensorFlow is not installed.
    """
    if space.build is None and space.family not in FAMILIES:
        raise BadInput(
            f"space {space.name!r} does not say what network its architectures are; name a family in it, "
            "or give a build function in a Python file or to KerasEvaluator"
        )
    if space.input_shape is None or space.classes is None:
        raise BadInput(f"space {space.name!r} knows no data; give it input_shape and classes")
    chosen = architecture.get("learning_rate")
    if chosen is not None and learning_rate is not None:
        raise BadInput(
            f"learning_rate {learning_rate:g} contradicts space {space.name!r}, which chooses it; "
            "leave it out"
        )
    require_tensorflow()
    if space.build is not None:
        from archmend.networks.own import build_own

        return build_own(space, architecture, seed)
    rate = float(chosen) if chosen is not None else learning_rate
    model = _network(space, architecture, Seeds(seed))
    # Compiling each small network by XLA would take longer than training it.
    model.compile(
        create_optimizer(optimizer, rate),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,
    )
    return model


def _network(space: Space, architecture: Architecture, seeds: Seeds) -> Any:
    import keras

    assert space.family is not None
    assert space.input_shape is not None
    assert space.classes is not None
    rows = Rows(space.input_shape, space.classes, space.columns, space.words)
    values = FAMILIES[space.family].values(architecture)
    start = keras.Input(space.input_shape, name="encoded")

    def output() -> Any:
        return keras.layers.Dense(
            space.classes, "softmax", kernel_initializer=seeds.initializer("softmax"), name="output"
        )

    if space.family in CHAINS:
        layers = CHAINS[space.family](values, rows, seeds)
        return keras.Sequential([start, *layers, output()], name=space.family)
    features = GRAPHS[space.family](values, rows, seeds, start)
    return keras.Model(start, output()(features), name=space.family)
