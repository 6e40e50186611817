"""A Keras model -> its architecture in a built-in space, also after a repair has changed it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archmend.errors import BadInput
from archmend.spaces import Architecture, Choice, Scalar, Space

if TYPE_CHECKING:
    import keras


@dataclass
class _Block:
    """A kernel layer with what follows it, as far as the built-in spaces speak of it."""

    layer: Any
    activation: str
    normalization: str = "none"
    dropout: float = 0.0
    pool: str | None = None
    order: list[str] = field(default_factory=list)


def architecture_of(model: keras.Model, space: Space) -> Architecture:
    """Return the architecture in `space` that `build` would make this network of.

    Args:
        model: a chain of layers, compiled where the space chooses the learning rate.
        space: a built-in space.

    Raises:
        BadInput: the network is not in the space; the message says what of it is not.
    """
    try:
        blocks = _blocks(model)
        values = _fully_connected(blocks) if space.family == "fc" else _conv(blocks)
        return space.architecture(_offered(values, model, space))
    except _NotOfTheSpaceError as error:
        raise BadInput(
            f"model {model.name!r} is no network of space {space.name!r}: {error}; "
            "use a model that is, or leave the space out"
        ) from error


class _NotOfTheSpaceError(Exception):
    pass


def _offered(values: dict[str, Scalar], model: Any, space: Space) -> dict[str, Scalar]:
    """Return the values of the space's choices; what it does not choose must be as `build` has it."""
    fixed = {"activation": "relu", "normalization": "none", "dropout": 0.0}
    by_name = {choice.name: choice for choice in space.choices if isinstance(choice, Choice)}
    if "width" in by_name:
        widths = {values.pop(f"width_{n}") for n in range(1, int(values["depth"]) + 1)}
        if len(widths) != 1:
            raise _NotOfTheSpaceError(f"its hidden layers have the widths {sorted(widths)}, not one")
        values["width"] = widths.pop()
    for name, usual in fixed.items():
        if name not in by_name and values.pop(name, usual) != usual:
            raise _NotOfTheSpaceError(f"the space has no choice {name!r}")
    if "dropout" in by_name:
        values["dropout"] = _nearest(values["dropout"], by_name["dropout"])
    if "learning_rate" in by_name:
        if getattr(model, "optimizer", None) is None:
            raise _NotOfTheSpaceError("it is not compiled, so it has no learning rate")
        rate = float(model.optimizer.learning_rate)
        values["learning_rate"] = _nearest(rate, by_name["learning_rate"])
    return values


def _nearest(value: Scalar, choice: Choice) -> Scalar:
    """Return the choice's value that this is in single precision."""
    assert isinstance(choice.values, tuple)
    for known in choice.values:
        if math.isclose(float(value), float(known), rel_tol=1e-5, abs_tol=1e-9):
            return known
    raise _NotOfTheSpaceError(f"its {choice.name} {float(value):g} is not offered")


def _fully_connected(blocks: list[_Block]) -> dict[str, Scalar]:
    import keras

    *hidden, output = blocks
    _check_output(output)
    if not hidden or any(not isinstance(block.layer, keras.layers.Dense) for block in hidden):
        raise _NotOfTheSpaceError("it is no chain of dense layers with at least one hidden")
    values: dict[str, Scalar] = {"depth": len(hidden)}
    values |= {f"width_{i}": int(block.layer.units) for i, block in enumerate(hidden, start=1)}
    values["activation"] = _common("activation", (block.activation for block in hidden))
    values["normalization"] = _common("normalization", (block.normalization for block in hidden))
    values["dropout"] = _common("dropout", (block.dropout for block in hidden))
    if any(block.pool for block in hidden):
        raise _NotOfTheSpaceError("it has a pooling layer")
    return values


def _conv(blocks: list[_Block]) -> dict[str, Scalar]:
    import keras

    *hidden, output = blocks
    _check_output(output)
    convs = [block for block in hidden if isinstance(block.layer, keras.layers.Conv2D)]
    dense = hidden[len(convs) :]
    if not convs or len(dense) > 1 or any(not isinstance(b.layer, keras.layers.Dense) for b in dense):
        raise _NotOfTheSpaceError("it is no chain of convolutions with at most one dense layer behind them")
    values: dict[str, Scalar] = {"blocks": len(convs)}
    for number, block in enumerate(convs, start=1):
        values |= _block_values(block, number)
    if any(block.dropout for block in hidden):
        raise _NotOfTheSpaceError("it has dropout")
    if dense and (dense[0].normalization != "none" or dense[0].pool):
        raise _NotOfTheSpaceError("its dense layer is normalised")
    values["dense"] = int(dense[0].layer.units) if dense else 0
    values["activation"] = _common("activation", (block.activation for block in hidden))
    values["normalization"] = _common("normalization", (block.normalization for block in convs))
    return values


def _block_values(block: _Block, number: int) -> dict[str, Scalar]:
    layer = block.layer
    (kernel,) = set(layer.kernel_size) if len(set(layer.kernel_size)) == 1 else (0,)
    strides = tuple(layer.strides)
    pool = {(1, 1): block.pool, (2, 2): None if block.pool else "stride"}.get(strides)
    plain = layer.padding == "same" and layer.groups == 1 and set(layer.dilation_rate) == {1}
    if pool is None or not plain or not kernel:
        raise _NotOfTheSpaceError(f"its layer {layer.name!r} is no block of the space")
    return {f"filters_{number}": int(layer.filters), f"kernel_{number}": kernel, f"pool_{number}": pool}


def _check_output(output: _Block) -> None:
    import keras

    if not isinstance(output.layer, keras.layers.Dense) or output.activation != "softmax":
        raise _NotOfTheSpaceError("its output is no dense layer with softmax")


def _common(name: str, values: Iterable[Any]) -> Any:
    found = set(values)
    if len(found) != 1:
        raise _NotOfTheSpaceError(f"its layers differ in {name}: {', '.join(sorted(map(str, found)))}")
    return found.pop()


def _blocks(model: Any) -> list[_Block]:
    """Read the chain of layers; each kernel begins a block."""
    import keras

    blocks: list[_Block] = []
    for layer in _chain(model):
        if isinstance(layer, keras.layers.InputLayer | keras.layers.Flatten):
            continue
        if isinstance(layer, keras.layers.Dense | keras.layers.Conv2D):
            if not layer.use_bias:
                raise _NotOfTheSpaceError(f"its layer {layer.name!r} has no bias")
            blocks.append(_Block(layer, _activation_name(layer)))
        elif not blocks:
            raise _NotOfTheSpaceError(f"it begins with {type(layer).__name__}")
        else:
            _follow(blocks[-1], layer)
    if not blocks:
        raise _NotOfTheSpaceError("it has no layer with a kernel")
    return blocks


def _follow(block: _Block, layer: Any) -> None:
    """Add a layer to the block before it; the order of a block is kernel, normalisation, activation, rest."""
    import keras

    if (
        isinstance(layer, keras.layers.BatchNormalization)
        and not block.order
        and block.activation == "linear"
    ):
        block.normalization = "batch"
    elif (
        isinstance(layer, keras.layers.Activation | keras.layers.ReLU | keras.layers.ELU)
        and block.activation == "linear"
    ):
        block.activation = _activation_name(layer)
    elif isinstance(layer, keras.layers.Dropout) and "dropout" not in block.order:
        block.dropout = round(float(layer.rate), 6)
        block.order.append("dropout")
    elif _halves(layer) and not block.order:
        block.pool = "max"
        block.order.append("pool")
    else:
        raise _NotOfTheSpaceError(
            f"its layer {layer.name!r} ({type(layer).__name__}) has no place in a block"
        )


def _halves(layer: Any) -> bool:
    import keras

    return (
        isinstance(layer, keras.layers.MaxPooling2D)
        and tuple(layer.pool_size) == (2, 2)
        and tuple(layer.strides) == (2, 2)
        and layer.padding == "same"
    )


def _activation_name(layer: Any) -> str:
    import keras

    if isinstance(layer, keras.layers.ReLU | keras.layers.ELU):
        return type(layer).__name__.lower()
    return str(getattr(layer.activation, "__name__", type(layer.activation).__name__))


def _chain(model: Any) -> list[Any]:
    """Return the layers in order.

    Raises:
        _NotOfTheSpaceError: a fork, a join or a layer that is called twice.
    """
    import keras

    if isinstance(model, keras.Sequential):
        return list(model.layers)
    for layer in model.layers:
        nodes = layer._inbound_nodes
        joined = len(nodes) == 1 and len(nodes[0].input_tensors) > 1
        if len(nodes) != 1 or joined or len(layer._outbound_nodes) > 1:
            raise _NotOfTheSpaceError(f"it is no chain at the layer {layer.name!r}")
    return list(model.layers)
