"""Linear algebra on one thread, where its matrices are small."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


@contextmanager
def one_thread() -> Iterator[None]:
    """Let BLAS use one thread meanwhile.

    The products of a surrogate take fractions of a millisecond. Threads gain nothing there, and where other
    work has the cores, as trials of the same search do, waiting for each other makes them many times slower.
    """
    with _libraries().limit(limits=1):
        yield


@cache
def _libraries() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401  (so that its own BLAS is loaded, besides NumPy's)
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
