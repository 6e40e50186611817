"""TensorFlow: whether it is there, how quietly it starts, how many threads it takes and what of a GPU."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec

from archmend.errors import MissingExtra, Unavailable

_NAMES = {"keras": "Keras", "tensorflow": "TensorFlow"}


class NoGpuError(Unavailable):
    """A GPU was asked for and TensorFlow sees none; on another node there may be one."""


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
        # Keras imports TensorFlow as its backend: where it is missing itself, that is not waited for.
        for package in ("keras", "tensorflow"):
            try:
                __import__(package)
            except ModuleNotFoundError as error:
                missing = (error.name or "").partition(".")[0]
                if missing not in _NAMES:
                    raise
                raise MissingExtra(_NAMES[missing], "cpu") from error


def check_tensorflow() -> None:
    """Refuse to go on where TensorFlow is not installed; it is not imported, for others will do that.

    Raises:
        MissingExtra: it is not.
    """
    if "tensorflow" not in sys.modules and find_spec("tensorflow") is None:
        raise MissingExtra("TensorFlow", "cpu")


def pin_threads(count: int) -> None:
    """Let TensorFlow use `count` threads, unless it has begun: then whoever began it has chosen."""
    require_tensorflow()
    import tensorflow as tf

    with suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(count)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def take_gpus(*, required: bool = False, who: str = "this trial") -> None:
    """Let TensorFlow take a GPU's memory as it needs it; before its first operation.

    Args:
        required: whether a GPU was asked for.
        who: asked for it, for the message.

    Raises:
        NoGpuError: it was, and there is none.
    """
    require_tensorflow()
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    if required and not devices:
        raise NoGpuError(
            f"{who} asked for a GPU and TensorFlow sees none; run it from the image's -gpu tag on a node "
            "with a working driver, or ask for no GPU"
        )
    for device in devices:
        # In a notebook TensorFlow may run already, with what its owner said of the memory.
        with suppress(RuntimeError, ValueError):
            tf.config.experimental.set_memory_growth(device, True)


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
