"""A Keras model -> its architecture in a built-in space, also after a repair has changed it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from archmend.errors import BadInput
from archmend.networks.blocks import Block, blocks_of
from archmend.networks.chain import NotOfTheSpaceError
from archmend.spaces import Architecture, Choice, Scalar, Space

if TYPE_CHECKING:
    import keras


def architecture_of(model: keras.Model, space: Space) -> Architecture:
    """Return the architecture in `space` that `build` would make this network of.

    Args:
        model: a chain of layers, compiled where the space chooses the learning rate; on encoded rows, or
            with its encoder in front.
        space: a built-in space.

    Raises:
        BadInput: the network is not in the space; the message says what of it is not.
    """
    try:
        blocks = blocks_of(model)
        values = _fully_connected(blocks) if space.family == "fc" else _conv(blocks)
        return space.architecture(_offered(values, model, space))
    except NotOfTheSpaceError as error:
        raise BadInput(
            f"model {model.name!r} is no network of space {space.name!r}: {error}; "
            "use a model that is, or leave the space out"
        ) from error


def _offered(values: dict[str, Scalar], model: Any, space: Space) -> dict[str, Scalar]:
    """Return the values of the space's choices; what it does not choose must be as `build` has it."""
    fixed = {"activation": "relu", "normalization": "none", "dropout": 0.0}
    by_name = {choice.name: choice for choice in space.choices if isinstance(choice, Choice)}
    if "width" in by_name:
        widths = {values.pop(f"width_{n}") for n in range(1, int(values["depth"]) + 1)}
        if len(widths) != 1:
            raise NotOfTheSpaceError(f"its hidden layers have the widths {sorted(widths)}, not one")
        values["width"] = widths.pop()
    for name, usual in fixed.items():
        if name not in by_name and values.pop(name, usual) != usual:
            raise NotOfTheSpaceError(f"the space has no choice {name!r}")
    if "dropout" in by_name:
        values["dropout"] = _nearest(values["dropout"], by_name["dropout"])
    if "learning_rate" in by_name:
        if getattr(model, "optimizer", None) is None:
            raise NotOfTheSpaceError("it is not compiled, so it has no learning rate")
        rate = float(model.optimizer.learning_rate)
        values["learning_rate"] = _nearest(rate, by_name["learning_rate"])
    return values


def _nearest(value: Scalar, choice: Choice) -> Scalar:
    """Return the choice's value that this is in single precision."""
    assert isinstance(choice.values, tuple)
    for known in choice.values:
        if math.isclose(float(value), float(known), rel_tol=1e-5, abs_tol=1e-9):
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
