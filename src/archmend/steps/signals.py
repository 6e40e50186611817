"""SIGINT and SIGTERM as an exception, so that what is finished is kept and the rest is put away in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from archmend.errors import Interrupted


@contextmanager
def interruptible(message: str) -> Iterator[None]:
    """Raise Interrupted with this message where the block is when a signal comes; only a main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: Any) -> None:
        raise Interrupted(message, signal_number=number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
