"""What a Keras model costs: trainable parameters, and multiply-accumulates from its layers' shapes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


def count_params(model: keras.Model) -> int:
    """Return the number of trainable parameters."""
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)


def count_flops(model: keras.Model) -> int:
    """Return 2 x multiply-accumulates of one forward pass of one sample.

    Counted are the products of kernels: dense, convolution, recurrent and attention layers, at each place
    where they are applied. Sums, activations, normalisation and lookups are not.
    """
    return sum(_layer_flops(layer) for layer in model.layers)


def _layer_flops(layer: Any) -> int:
    import keras

    if isinstance(layer, keras.Model):
        return count_flops(layer)
    if isinstance(layer, keras.layers.TimeDistributed):
        return _places(layer.input, 2) * _layer_flops(layer.layer)
    if isinstance(layer, keras.layers.Bidirectional):
        return _layer_flops(layer.forward_layer) + _layer_flops(layer.backward_layer)
    # A recurrent layer's biases are a matrix, too, and multiply nothing.
    kernels = [v for v in layer.trainable_variables if len(v.shape) >= 2 and v.name != "bias"]
    if not kernels or isinstance(layer, keras.layers.Embedding):
        return 0
    size = sum(math.prod(v.shape) for v in kernels)
    return 2 * size * _applications(layer)


def _applications(layer: Any) -> int:
    """Return how often a sample multiplies each kernel entry."""
    import keras

    kind = keras.layers
    if isinstance(
        layer, kind.Conv1D | kind.Conv2D | kind.Conv3D | kind.DepthwiseConv1D | kind.DepthwiseConv2D
    ):
        return _spatial(layer, layer.output)
    if isinstance(layer, kind.SeparableConv1D | kind.SeparableConv2D):
        return _spatial(layer, layer.output)
    if isinstance(layer, kind.Conv1DTranspose | kind.Conv2DTranspose | kind.Conv3DTranspose):
        return _spatial(layer, layer.input)
    # With a mask, or with several tensors, the first one is what the kernel multiplies.
    tensor = layer.input[0] if isinstance(layer.input, list) else layer.input
    if isinstance(layer, kind.RNN):
        return int(tensor.shape[1] or 1)
    return math.prod(int(n or 1) for n in tensor.shape[1:-1])


def _spatial(layer: Any, tensor: Any) -> int:
    sizes = tensor.shape[2:] if layer.data_format == "channels_first" else tensor.shape[1:-1]
    return math.prod(int(n or 1) for n in sizes)


def _places(tensor: Any, end: int) -> int:
    return math.prod(int(n or 1) for n in tensor.shape[1:end])
