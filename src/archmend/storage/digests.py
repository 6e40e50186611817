"""Whether what arrives is what was stored: by our digest, or by what a foreign object brings."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import BinaryIO

from archmend.storage.failures import genuine

DIGEST = "sha256"
"""Name of the metadata that holds the digest of an object's content."""

_CHUNK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MD5 = re.compile(r"[0-9a-f]{32}")
_ENCRYPTED = (
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-customer-algorithm",
)


def sha256_of(stream: BinaryIO) -> str:
    """Return the digest of what is left of a stream."""
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def md5_of(data: bytes) -> str:
    """Return what S3 calls the ETag of an object or of a part that was written at once."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class Check:
    """Follows an object while it arrives, and says at its end whether it is whole.

    Objects of ours carry the sha256 of their content. Of others the ETag is the md5, where they were
    written at once and are not encrypted; of all others the length must do.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        """Take what the store says of the object.

        Args:
            headers: of an answer that begins with the object's first byte.

        Raises:
            NotAStoreError: they are no store's.
        """
        self.etag = genuine(headers.get("etag")).strip('"')
        self.size = int(headers["content-length"])
        self.got = 0
        ours = headers.get(f"x-amz-meta-{DIGEST}", "")
        self._digest = None
        self._expected = ""
        if _SHA256.fullmatch(ours):
            self._digest, self._expected = hashlib.sha256(), ours
        elif _MD5.fullmatch(self.etag) and not any(name in headers for name in _ENCRYPTED):
            self._digest, self._expected = hashlib.md5(usedforsecurity=False), self.etag

    def update(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.got += len(chunk)
        if self._digest is not None:
            self._digest.update(chunk)

    def problem(self) -> str | None:
        """Return what is wrong with all that arrived; None if nothing is."""
        if self.got != self.size:
            return f"{self.got:,} of {self.size:,} bytes"
        if self._digest is not None and self._digest.hexdigest() != self._expected:
            found, name = self._digest.hexdigest(), self._digest.name
            return f"the {name} of its content is {found[:12]}... and should be {self._expected[:12]}..."
        return None
