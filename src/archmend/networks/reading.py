"""A Keras model -> its architecture in a built-in space, also after a repair has changed it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from archmend.errors import BadInput
from archmend.networks.blocks import Block, blocks_of
from archmend.networks.chain import NotOfTheSpaceError
from archmend.spaces import Architecture, Choice, Scalar, Space
from archmend.spaces.builtin import FAMILIES

if TYPE_CHECKING:
    import keras

_READABLE = ("fc", "conv")
"""Families whose networks are chains of blocks."""


def architecture_of(model: keras.Model, space: Space) -> Architecture:
    """Return the architecture in `space` that `build` would make this network of.

    Args:
        model: a chain of layers, compiled where the space chooses the learning rate; on encoded rows, or
            with its encoder in front.
        space: of a family whose networks show their architecture.

    Raises:
        BadInput: the network is not in the space; the message says what of it is not. Or the space's
            networks do not show it.
    """
    if not readable(space):
        raise BadInput(
            f"the networks of space {space.name!r} do not show their architecture; leave the space out"
        )
    try:
        blocks = blocks_of(model)
        values = _fully_connected(blocks) if space.family == "fc" else _conv(blocks)
        return _offered(values, model, space)
    except NotOfTheSpaceError as error:
        raise BadInput(
            f"model {model.name!r} is no network of space {space.name!r}: {error}; "
            "use a model that is, or leave the space out"
        ) from error


def readable(space: Space) -> bool:
    """Whether a network of the space shows its architecture by its layers."""
    return space.build is None and space.family in _READABLE


def learning_rate_of(model: keras.Model, space: Space) -> Scalar | None:
    """Return the learning rate that the space offers and the model is compiled with.

    None where the space does not choose it.

    Raises:
        NotOfTheSpaceError: it is not offered, or the model is not compiled.
    """
    for choice in space.choices:
        if isinstance(choice, Choice) and choice.name == "learning_rate":
            return _nearest(_rate(model), choice)
    return None


def _offered(values: dict[str, Scalar], model: Any, space: Space) -> Architecture:
    """Return the architecture; what the space does not choose must be as `build` has it."""
    assert space.family is not None
    family = FAMILIES[space.family]
    for setting in family.settings:
        alike = {values[name] for name in values if name.rpartition("_")[0] == setting.name}
        if setting.each is not None and any(choice.name == setting.name for choice in _single(space)):
            if len(alike) != 1:
                raise NotOfTheSpaceError(f"its layers have the {setting.name}s {sorted(alike)}, not one")
            values[setting.name] = alike.pop()

    def decide(choice: Choice, _: Any) -> Scalar:
        value = _rate(model) if choice.name == "learning_rate" else values[choice.name]
        if choice.name in ("learning_rate", "dropout"):
            return _nearest(value, choice)
        found = choice.canonical(value)
        if found is None:
            known = ", ".join(choice.known_codes()) or str(choice.values)
            raise NotOfTheSpaceError(f"{choice.name!r} of the space cannot be {value!r}, but {known}")
        return found

    architecture = space.make(decide)
    for name, value in family.values(architecture).items():
        if name in values and not _alike(values[name], value):
            raise NotOfTheSpaceError(f"the space has no choice {name!r}, or not here")
    return architecture


def _single(space: Space) -> Iterable[Choice]:
    return (choice for choice in space.choices if isinstance(choice, Choice))


def _rate(model: Any) -> float:
    if getattr(model, "optimizer", None) is None:
        raise NotOfTheSpaceError("it is not compiled, so it has no learning rate")
    return float(model.optimizer.learning_rate)


def _alike(a: Scalar, b: Scalar) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    return math.isclose(float(a), float(b), rel_tol=1e-5, abs_tol=1e-9)


def _nearest(value: Scalar, choice: Choice) -> Scalar:
    """Return the choice's value that this is in single precision."""
    assert isinstance(choice.values, tuple)
    for known in choice.values:
        if _alike(value, known):
            return known
    raise NotOfTheSpaceError(f"its {choice.name} {float(value):g} is not offered")


def _fully_connected(blocks: list[Block]) -> dict[str, Scalar]:
    import keras

    *hidden, output = blocks
    _check_output(output)
    if not hidden or any(not isinstance(block.layer, keras.layers.Dense) for block in hidden):
        raise NotOfTheSpaceError("it is no chain of dense layers with at least one hidden")
    values: dict[str, Scalar] = {"depth": len(hidden)}
    values |= {f"width_{i}": int(block.layer.units) for i, block in enumerate(hidden, start=1)}
    values["activation"] = _common("activation", (block.activation for block in hidden))
    values["normalization"] = _common("normalization", (block.normalization for block in hidden))
    values["dropout"] = _common("dropout", (block.dropout for block in hidden))
    if any(block.pool for block in hidden):
        raise NotOfTheSpaceError("it has a pooling layer")
    return values


def _conv(blocks: list[Block]) -> dict[str, Scalar]:
    import keras

    *hidden, output = blocks
    _check_output(output)
    convs = [block for block in hidden if isinstance(block.layer, keras.layers.Conv2D)]
    dense = hidden[len(convs) :]
    if not convs or len(dense) > 1 or any(not isinstance(b.layer, keras.layers.Dense) for b in dense):
        raise NotOfTheSpaceError("it is no chain of convolutions with at most one dense layer behind them")
    values: dict[str, Scalar] = {"blocks": len(convs)}
    for number, block in enumerate(convs, start=1):
        values |= _block_values(block, number)
    if any(block.dropout for block in hidden):
        raise NotOfTheSpaceError("it has dropout")
    if dense and (dense[0].normalization != "none" or dense[0].pool):
        raise NotOfTheSpaceError("its dense layer is normalised")
    values["dense"] = int(dense[0].layer.units) if dense else 0
    values["activation"] = _common("activation", (block.activation for block in hidden))
    values["normalization"] = _common("normalization", (block.normalization for block in convs))
    return values


def _block_values(block: Block, number: int) -> dict[str, Scalar]:
    layer = block.layer
    (kernel,) = set(layer.kernel_size) if len(set(layer.kernel_size)) == 1 else (0,)
    strides = tuple(layer.strides)
    pool = {(1, 1): block.pool, (2, 2): None if block.pool else "stride"}.get(strides)
    plain = layer.padding == "same" and layer.groups == 1 and set(layer.dilation_rate) == {1}
    if pool is None or not plain or not kernel:
        raise NotOfTheSpaceError(f"its layer {layer.name!r} is no block of the space")
    return {f"filters_{number}": int(layer.filters), f"kernel_{number}": kernel, f"pool_{number}": pool}


def _check_output(output: Block) -> None:
    import keras

    if not isinstance(output.layer, keras.layers.Dense) or output.activation != "softmax":
        raise NotOfTheSpaceError("its output is no dense layer with softmax")


def _common(name: str, values: Iterable[Any]) -> Any:
    found = set(values)
    if len(found) != 1:
        raise NotOfTheSpaceError(f"its layers differ in {name}: {', '.join(sorted(map(str, found)))}")
    return found.pop()
