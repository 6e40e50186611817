"""One archive of plain values and arrays: a zip of state.json and .npy files, with no code in it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import archmend
from archmend.errors import BadInput

SCHEMA = 1
_STATE = "state.json"


class SavedError(BadInput):
    """A saved state with which this fit cannot go on; the message is the reason, a part of a sentence."""


class Arrays:
    """Arrays by number; the same bits are held once, whoever brings them."""

    def __init__(self) -> None:
        """Hold none."""
        self.held: list[np.ndarray] = []
        self._numbers: dict[bytes, int] = {}

    def put(self, value: Any) -> int:
        """Hold an array (or a tensor) and return its number."""
        array = np.ascontiguousarray(value).reshape(np.shape(value))
        head = f"{array.dtype.name} {array.shape} ".encode()
        digest = hashlib.blake2b(head + array.tobytes(), digest_size=16).digest()
        if digest not in self._numbers:
            self._numbers[digest] = len(self.held)
            self.held.append(array)
        return self._numbers[digest]


def packed(state: dict[str, Any], arrays: list[np.ndarray], of: str) -> bytes:
    """Return an archive of plain JSON values (NaN and infinity too) and arrays; `of` says whose it is.

    Raises:
        TypeError, ValueError: a value that JSON does not know, an array of Python objects.
    """
    content = io.BytesIO()
    head = {"schema_version": SCHEMA, "of": of, "versions": _versions()}
    types = [array.dtype.name for array in arrays]
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(_STATE, json.dumps({**head, "types": types, "state": state}))
        for number, array in enumerate(arrays):
            # NumPy writes no bfloat16, so its bits go as whole numbers.
            plain = array.view(f"u{array.dtype.itemsize}") if array.dtype.kind == "V" else array
            with archive.open(f"{number}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, plain, allow_pickle=False)
    return content.getvalue()


def unpacked(content: bytes, of: str) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Return the values and the arrays of an archive.

    Raises:
        SavedError: it is damaged, or of another fit, version or schema.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            head = json.loads(archive.read(_STATE))
            _check(head, of)
            arrays = [
                _array(archive.read(f"{number}.npy"), name) for number, name in enumerate(head["types"])
            ]
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, EOFError, NotImplementedError) as error:
        if isinstance(error, SavedError):
            raise
        raise SavedError(f"it is damaged: {str(error).strip(chr(39)) or type(error).__name__}") from error
    return head["state"], arrays


def _array(content: bytes, name: str) -> np.ndarray:
    array: np.ndarray = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    return array if array.dtype.name == name else array.view(name)


def _check(head: dict[str, Any], of: str) -> None:
    if head["schema_version"] != SCHEMA:
        raise SavedError(f"it has schema {head['schema_version']}, this archmend reads {SCHEMA}")
    for name, now in _versions().items():
        then = head["versions"].get(name, "none")
        if then != now:
            raise SavedError(f"it was written with {name} {then}, this is {now}")
    if head["of"] != of:
        raise SavedError("it is of another request or of other data")


def _versions() -> dict[str, str]:
    packages = {"archmend": archmend, "keras": keras, "numpy": np, "tensorflow": tf}
    return {name: str(package.__version__) for name, package in packages.items()}
