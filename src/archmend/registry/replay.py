"""The half of the registry that runs a model: what is exported with it, and does it still say the same."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from archmend.datasets.types import Features
from archmend.errors import ArchmendError, BadInput
from archmend.networks.backend import require_tensorflow
from archmend.registry.files import SAVED_MODEL, pack, unpack
from archmend.registry.rows import pack_rows, unpack_rows

EXAMPLES = "examples.npz"
_MODEL = "model.keras"
# Another processor orders its sums differently; a damaged weight moves probabilities by far more.
_RELATIVE, _ABSOLUTE = 1e-3, 1e-5


def exported(model: Any, rows: Features | None) -> dict[str, bytes]:
    """Return what is stored beside a model's `.keras` file: its SavedModel, and rows with predictions.

    Args:
        model: a Keras model.
        rows: a few raw rows that it takes; None stores none.

    Raises:
        BadInput: the SavedModel does not say of `rows` what the model says.
    """
    require_tensorflow()
    with tempfile.TemporaryDirectory(prefix="archmend-") as scratch:
        folder = Path(scratch) / "saved_model"
        try:
            _export(model, folder)
        except Exception as error:  # Keras raises whatever a layer that cannot be traced raises
            raise BadInput(
                f"the model cannot be exported as a TensorFlow SavedModel ({_first_line(error)}); replace "
                "the layer that cannot be traced"
            ) from error
        files = {SAVED_MODEL: pack(folder)}
        if rows is None:
            return files
        expected = _of_keras(model, rows)
        found = _of_saved_model(folder, model, rows)
    if not _alike(expected, found):
        raise BadInput(
            "the model's SavedModel predicts other values than the model itself; replace the layers that "
            "behave differently outside Keras, and register it again"
        )
    return {**files, EXAMPLES: pack_rows(rows, expected)}


def _export(model: Any, folder: Path) -> None:
    """Write a SavedModel whose endpoint `serve` takes what the model takes.

    A signature's arguments are named by identifiers, and a table's columns need not be; there the columns
    stay the keys of the dict, and the arguments get names made from them.
    """
    import keras
    import tensorflow as tf

    archive = keras.export.ExportArchive()
    archive.track(model)
    # A Sequential has one input, which it names only as a list.
    given = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
    if isinstance(given, Mapping):
        signature: Any = {
            name: tf.TensorSpec(tensor.shape, tensor.dtype, name=f"column_{number}_{_identifier(name)}")
            for number, (name, tensor) in enumerate(given.items())
        }
    else:
        signature = tf.TensorSpec(given.shape, given.dtype, name="rows")

    def serve(rows: Any) -> Any:
        return model(rows, training=False)

    archive.add_endpoint("serve", serve, input_signature=[signature])
    # Of column names that are no node names; they are none here.
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        archive.write_out(str(folder), verbose=False)
    finally:
        logger.setLevel(level)


def _identifier(name: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in name)


def replay(files: Mapping[str, bytes]) -> tuple[list[str], int]:
    """Load a version's model and SavedModel from its files and predict the stored rows again.

    Returns:
        A sentence for each thing that is wrong, and how many rows were predicted.

    Raises:
        MissingExtra: TensorFlow is not installed.
    """
    require_tensorflow()
    rows, expected = unpack_rows(files[EXAMPLES]) if EXAMPLES in files else (None, np.empty((0, 0)))
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix="archmend-") as scratch:
        path = Path(scratch) / _MODEL
        path.write_bytes(files[_MODEL])
        try:
            model = _load(path)
        except ArchmendError as error:
            return [f"{_MODEL} cannot be loaded: {error}"], 0
        if rows is not None:
            problems += _compare(_MODEL, expected, lambda: _of_keras(model, rows))
        if SAVED_MODEL in files and rows is not None:
            folder = Path(scratch) / "saved_model"
            unpack(files[SAVED_MODEL], folder)
            problems += _compare(SAVED_MODEL, expected, lambda: _of_saved_model(folder, model, rows))
    return problems, len(expected)


def _load(path: Path) -> Any:
    from archmend.networks import load_model

    return load_model(path)[0]


def _compare(name: str, expected: np.ndarray, predict: Callable[[], np.ndarray]) -> list[str]:
    try:
        found = predict()
    except Exception as error:  # whatever TensorFlow raises is a finding about the model, not about us
        return [f"{name} cannot predict the stored rows: {_first_line(error)}"]
    if _alike(expected, found):
        return []
    if found.shape != expected.shape:
        return [f"{name} predicts the shape {found.shape} and predicted {expected.shape} when registered"]
    worst = float(np.max(np.abs(found - expected)))
    return [f"{name} predicts other values than when registered: they differ by up to {worst:.3g}"]


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


def _alike(expected: np.ndarray, found: np.ndarray) -> bool:
    return found.shape == expected.shape and np.allclose(found, expected, rtol=_RELATIVE, atol=_ABSOLUTE)


def _of_keras(model: Any, rows: Features) -> np.ndarray:
    return np.asarray(model(_tensors(model, rows), training=False))


def _of_saved_model(folder: Path, model: Any, rows: Features) -> np.ndarray:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))  # its variables live as long as this name
    return np.asarray(loaded.serve(_tensors(model, rows)))


def _tensors(model: Any, rows: Features) -> Any:
    """Return `rows` as the tensors that the model declares: names, types and ranks."""
    import tensorflow as tf

    def tensor(values: np.ndarray, declared: Any) -> Any:
        text = values.dtype.kind in "OU"
        made = tf.constant(values.tolist() if text else values, dtype=None if text else declared.dtype)
        return tf.expand_dims(made, -1) if len(declared.shape) == made.shape.rank + 1 else made

    if isinstance(rows, dict):
        return {declared.name: tensor(rows[declared.name], declared) for declared in model.inputs}
    return tensor(rows, model.inputs[0])
