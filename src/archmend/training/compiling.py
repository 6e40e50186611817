"""Compiling programs within the memory of a search: one worker after another, and nothing is kept back."""

from __future__ import annotations

import ctypes
import fcntl
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache, partial

Turn = Callable[[], AbstractContextManager[None]]
"""Gives a context in which no other worker of the search compiles."""


_TAKES = 400 << 20
"""Bytes that are free again after a program of 25 networks is compiled, which takes 0.6 GiB."""


def turn_within(memory: int | None, descriptor: int) -> Turn:
    """Return in what context a worker compiles: in its turn, where it has no room to do so beside others.

    All workers of a search would compile their first program at the same time. Taking turns makes a search of
    50 networks and one epoch a tenth longer.

    Args:
        memory: bytes for its arrays of networks; None is no limit.
        descriptor: as of `turn`.
    """
    return nullcontext if memory is None or memory >= _TAKES else partial(turn, descriptor)


@contextmanager
def turn(descriptor: int) -> Iterator[None]:
    """Wait until no other process holds a file that all of them have inherited, and hold it.

    Args:
        descriptor: of the file; the system lets go of it for a process that is killed.
    """
    fcntl.lockf(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        give_back()
        fcntl.lockf(descriptor, fcntl.LOCK_UN)


def give_back() -> None:
    """Hand freed memory back to the system, where the C library can: it keeps it for later otherwise."""
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> ctypes._FuncPointer | None:
    """Return glibc's `malloc_trim`, None with another C library."""
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
