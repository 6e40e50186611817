"""What a trained network says of rows, as its Keras model would say it."""

from __future__ import annotations

from typing import Any

import numpy as np

from archmend.training.fused.forward import EPSILON
from archmend.training.fused.initial import Layers

_ROWS = 4096


def probabilities(activation: str, layers: Layers, x: Any) -> np.ndarray:
    """Return class probabilities, (rows, classes) float64.

    It is not compiled: a network's few products take less time than their compilation.

    Args:
        activation: of the hidden layers.
        layers: of one network, the classifier last.
        x: encoded rows on the device, (rows, inputs).
    """
    import tensorflow as tf

    count = int(x.shape[0])
    parts = [_forward(activation, layers, x[i : i + _ROWS]) for i in range(0, count, _ROWS)]
    return np.asarray(tf.concat(parts, axis=0)).astype(np.float64)


def _forward(activation: str, layers: Layers, x: Any) -> Any:
    import keras
    import tensorflow as tf

    act = keras.activations.get(activation)
    for layer in layers[:-1]:
        x = tf.matmul(x, layer["kernel"]) + layer["bias"]
        if "gamma" in layer:
            x = tf.nn.batch_normalization(
                x, layer["mean"], layer["variance"], layer["beta"], layer["gamma"], EPSILON
            )
        x = act(x)
    return tf.nn.softmax(tf.matmul(x, layers[-1]["kernel"]) + layers[-1]["bias"])
