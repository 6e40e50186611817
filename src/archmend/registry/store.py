"""The seam between the registry and the place it lies in: six questions that a folder and S3 can both answer.

Everything the registry keeps is written once and never changed, so the only primitive that two writers
need to agree is `create`: exactly one of them gets the name. A folder answers it with a hard link, an
object store with a conditional write (`If-None-Match: *`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


class NotFoundError(KeyError):
    """The store holds nothing under this key."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One entry of a listing.

    Attributes:
        key: its name, parts separated by "/". size: bytes.
        modified: when it was last written, seconds since the epoch.
    """

    key: str
    size: int
    modified: float


class Store(Protocol):
    """Whole values under keys; no reader ever sees half of one, whenever a writer was killed."""

    def read(self, key: str) -> bytes:
        """Return the value. Raises NotFoundError."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Write the value, whether or not there is one, and renew its time of modification."""
        ...

    def create(self, key: str, data: bytes) -> bool:
        """Write the value if the key is free; of any number of writers at once exactly one gets True."""
        ...

    def list(self, prefix: str) -> Iterable[Stored]:
        """Return all entries whose key starts with `prefix` (a whole part, ending in "/", or "")."""
        ...

    def delete(self, key: str) -> None:
        """Remove the entry; one that is not there is no error."""
        ...

    def sweep(self, before: float) -> int:
        """Remove what writers that died before `before` (seconds since the epoch) left; return how many."""
        ...
