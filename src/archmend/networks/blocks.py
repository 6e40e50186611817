"""A network's chain of layers as blocks: a kernel with what normalises, activates, thins out or pools it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from archmend.networks.chain import NotOfTheSpaceError, chain_of


@dataclass
class Block:
    """A kernel layer with what follows it, as far as the built-in spaces speak of it.

    Attributes:
        layer: the kernel. activation, normalization, dropout, pool: as the spaces call them; pool is None
            for none. order: what came behind the activation. normalizer: the layer that normalises.
    """

    layer: Any
    activation: str
    normalization: str = "none"
    dropout: float = 0.0
    pool: str | None = None
    order: list[str] = field(default_factory=list)
    normalizer: Any = None


def blocks_of(model: Any) -> list[Block]:
    """Return the blocks in their order; each kernel begins one.

    Raises:
        NotOfTheSpaceError: the network is no chain, or has a layer that no block has.
    """
    import keras

    blocks: list[Block] = []
    for layer in chain_of(model):
        if isinstance(layer, keras.layers.InputLayer | keras.layers.Flatten):
            continue
        if isinstance(layer, keras.layers.Dense | keras.layers.Conv2D):
            if not layer.use_bias:
                raise NotOfTheSpaceError(f"its layer {layer.name!r} has no bias")
            blocks.append(Block(layer, _activation_name(layer)))
        elif not blocks:
            raise NotOfTheSpaceError(f"it begins with {type(layer).__name__}")
        else:
            _follow(blocks[-1], layer)
    if not blocks:
        raise NotOfTheSpaceError("it has no layer with a kernel")
    return blocks


def _follow(block: Block, layer: Any) -> None:
    """Add a layer to the block before it; the order of a block is kernel, normalisation, activation, rest."""
    import keras

    if (
        isinstance(layer, keras.layers.BatchNormalization)
        and not block.order
        and block.activation == "linear"
        and block.normalization == "none"
    ):
        block.normalization, block.normalizer = "batch", layer
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
        raise NotOfTheSpaceError(f"its layer {layer.name!r} ({type(layer).__name__}) has no place in a block")


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
