"""TensorFlow: whether it is there, how quietly it starts, and how many threads it takes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from archmend.errors import MissingExtra


def require_tensorflow() -> None:
    """Import TensorFlow and Keras without their greetings.

    Raises:
        MissingExtra: one of them is not installed.
    """
    if "tensorflow" in sys.modules and "keras" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with _quiet_start():
        for package in ("tensorflow", "keras"):
            try:
                __import__(package)
            except ModuleNotFoundError as error:
                if error.name != package:
                    raise
                raise MissingExtra("TensorFlow" if package == "tensorflow" else "Keras", "cpu") from error


def check_tensorflow() -> None:
    """Refuse to go on where TensorFlow is not installed; it is not imported, for others will do that.

    Raises:
        MissingExtra: it is not.
    """
    if "tensorflow" not in sys.modules and find_spec("tensorflow") is None:
        raise MissingExtra("TensorFlow", "cpu")


def pin_threads(count: int) -> None:
    """Let TensorFlow use `count` threads; before its first operation."""
    require_tensorflow()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(1)


@contextmanager
def _quiet_start() -> Iterator[None]:
    """Send what C++ code writes on stderr while it loads to nowhere; log levels do not reach that early."""
    try:
        kept = os.dup(2)
    except OSError:  # no stderr at all
        yield
        return
    try:
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123  (a file descriptor is what is needed)
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
