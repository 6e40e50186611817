"""An entry of a listing, of a store or of a folder."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stored:
    """One object or file.

    Attributes:
        uri: its name. size: bytes. modified: when it was written, seconds since the epoch.
        etag: what the store calls this content; None for a file.
    """

    uri: str
    size: int
    modified: float
    etag: str | None = None
