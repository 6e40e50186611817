"""What a trained network says of rows, as its Keras model would say it."""

from __future__ import annotations

from typing import Any

import numpy as np

from archmend.training.fused.forward import EPSILON
from archmend.training.fused.initial import Layers
from archmend.training.fused.recipe import Recipe

_ROWS, _IMAGES = 4096, 512


def probabilities(recipe: Recipe, layers: Layers, x: Any) -> np.ndarray:
    """Return class probabilities, (rows, classes) float64.

    It is not compiled: a network's few products take less time than their compilation.

    Args:
        recipe: of the network.
        layers: its weights, the classifier's last.
        x: encoded rows on the device, (rows, inputs).
    """
    import tensorflow as tf

    count, most = int(x.shape[0]), _IMAGES if recipe.convolutional else _ROWS
    parts = [_forward(recipe, layers, x[i : i + most]) for i in range(0, count, most)]
    return np.asarray(tf.concat(parts, axis=0)).astype(np.float64)


def _forward(recipe: Recipe, layers: Layers, x: Any) -> Any:
    import keras
    import tensorflow as tf

    if recipe.convolutional:
        x = tf.reshape(x, (-1, *recipe.shape))
    for known, layer in zip(recipe.layers[:-1], layers[:-1], strict=True):
        if known.grid is None:
            x = tf.matmul(tf.reshape(x, (x.shape[0], -1)), layer["kernel"]) + layer["bias"]
        else:
            x = tf.nn.conv2d(x, layer["kernel"], known.stride, "SAME") + layer["bias"]
        if known.normalized:
            x = tf.nn.batch_normalization(
                x, layer["mean"], layer["variance"], layer["beta"], layer["gamma"], EPSILON
            )
        x = keras.activations.get(known.activation)(x)
        if known.pool:
            x = tf.nn.max_pool2d(x, 2, 2, "SAME")
    x = tf.reshape(x, (x.shape[0], -1))
    return tf.nn.softmax(tf.matmul(x, layers[-1]["kernel"]) + layers[-1]["bias"])
