"""A network as a LiteRT (TensorFlow Lite) file, for phones and small boards, and how that runs."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from archmend.errors import BadInput, unknown_name
from archmend.networks.backend import require_tensorflow
from archmend.networks.latency import Latency, timed

if TYPE_CHECKING:
    import keras

Weights = Literal["float32", "float16", "int8"]
"""What the file's weights are kept as. `int8` is dynamic-range quantisation (arithmetic stays float32 where
the kernel has no mixed form), so no rows are needed to calibrate it."""


def to_lite(model: keras.Model, weights: Weights = "float32") -> bytes:
    """Return the content of a `.tflite` file that computes what the model does when it is not training.

    Args:
        model: built, with one input of numbers and one output; any number of rows.
        weights: what weights are kept as; everything but float32 changes the outputs a little.

    Raises:
        BadInput: an unknown kind of weights, several inputs or outputs, an input of texts, or a layer that
            the format does not know.
        MissingExtra: TensorFlow is not installed.
    """
    if weights not in get_args(Weights):
        raise unknown_name("kind of weights", weights, get_args(Weights))
    require_tensorflow()
    import tensorflow as tf

    _check(model)
    (given,) = model.inputs
    called = tf.function(lambda rows: model(rows, training=False))
    concrete = called.get_concrete_function(tf.TensorSpec((None, *given.shape[1:]), given.dtype))
    # The converter freezes the variables that it finds, and does not find those of a Keras 3 model.
    held = tf.Module()
    held.variables_held = [variable.value for variable in model.variables]
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], held)
    if weights != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if weights == "float16":
        converter.target_spec.supported_types = [tf.float16]
    try:
        return bytes(converter.convert())
    except Exception as error:  # whatever the converter raises on an operation that it does not know
        reason = str(error).strip().partition("\n")[0][:200]
        raise BadInput(
            f"the model {model.name!r} cannot become a LiteRT file ({type(error).__name__}: {reason}); "
            "export one of dense layers, convolutions, pooling, normalisation and their activations"
        ) from error


class LiteModel:
    """A `.tflite` file's content, ready to run on one thread."""

    def __init__(self, content: bytes) -> None:
        """Load it.

        Raises:
            BadInput: the content is no such file. MissingExtra: TensorFlow is not installed.
        """
        require_tensorflow()
        import tensorflow as tf

        with warnings.catch_warnings():
            # It announces its successor, a package of its own that has no wheels for all of our platforms.
            warnings.simplefilter("ignore")
            try:
                self._interpreter = tf.lite.Interpreter(model_content=content, num_threads=1)
            except ValueError as error:
                raise BadInput(f"the content is no LiteRT model ({error}); export it again") from error
        (self._given,) = self._interpreter.get_input_details()
        (self._output,) = self._interpreter.get_output_details()
        self._rows = 0

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Return the outputs of rows (rows, *shape), float32 (rows, outputs)."""
        self._set(rows)
        self._interpreter.invoke()
        return np.array(self._interpreter.get_tensor(self._output["index"]))

    def latency(self, rows: np.ndarray) -> Latency:
        """Time a forward pass of these rows, usually one, after warming up."""
        self._set(rows)
        return timed(self._interpreter.invoke)

    def _set(self, rows: np.ndarray) -> None:
        if len(rows) != self._rows:
            self._interpreter.resize_tensor_input(self._given["index"], rows.shape)
            self._interpreter.allocate_tensors()
            self._rows = len(rows)
        self._interpreter.set_tensor(self._given["index"], np.asarray(rows, dtype=self._given["dtype"]))


def _check(model: Any) -> None:
    if len(model.outputs) != 1:
        raise BadInput(f"the model has {len(model.outputs)} outputs; export one with one output")
    if len(model.inputs) != 1:
        names = ", ".join(tensor.name for tensor in model.inputs)
        raise BadInput(
            f"the model takes a table's columns ({names}) and a LiteRT file one array of numbers; export a "
            "model of arrays or images"
        )
    if model.inputs[0].dtype == "string":
        raise BadInput(
            "the model takes texts and a LiteRT file one array of numbers; export a model of arrays or images"
        )
