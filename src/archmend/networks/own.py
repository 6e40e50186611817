"""Networks that a user's own code makes: asked for, and checked before anything trains them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archmend.errors import BadInput
from archmend.spaces import Architecture, Space

if TYPE_CHECKING:
    import keras


def build_own(space: Space, architecture: Architecture, seed: int) -> keras.Model:
    """Return what the space's build function makes of an architecture.

    Args:
        space: with a build function.
        architecture: of it.
        seed: that Keras, NumPy and Python's random module get before.

    Raises:
        BadInput: it raises, or returns no compiled Keras model from encoded rows to the data's classes.
    """
    import keras

    assert space.build is not None
    keras.utils.set_random_seed(seed & 0xFFFFFFFF)
    model = space.build(architecture, space.input_shape, space.classes)
    wrong = _wrong_with(model, space)
    if wrong is not None:
        where = getattr(space.build, "place", f"space {space.name!r}")
        raise BadInput(f"{where}: build() returned {wrong}")
    return model


def _wrong_with(model: Any, space: Space) -> str | None:
    import keras

    if not isinstance(model, keras.Model):
        return f"{type(model).__name__}; return a compiled keras.Model"
    if getattr(model, "optimizer", None) is None:
        return f"the model {model.name!r}, which is not compiled; call its compile() before"
    if not model.built or len(model.outputs or ()) != 1 or len(model.inputs or ()) != 1:
        return (
            f"the model {model.name!r}, which has not one input and one output of known shape; begin it "
            "with keras.Input(input_shape)"
        )
    takes, gives = tuple(model.inputs[0].shape[1:]), tuple(model.outputs[0].shape[1:])
    assert space.input_shape is not None
    fits = len(takes) == len(space.input_shape) and all(
        a in (None, b) for a, b in zip(takes, space.input_shape, strict=True)
    )
    if not fits:
        return f"a model of rows {takes}, and the data's encoded rows are {space.input_shape}; take those"
    if gives != (space.classes,):
        return (
            f"a model with the output {gives}, and the data has {space.classes} classes; end it with "
            f"keras.layers.Dense({space.classes}, 'softmax')"
        )
    return None
