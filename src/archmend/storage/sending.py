"""A large object on its way up, in parts: a process that follows a killed one sends only what is missing.

Nothing is kept on this machine for that. The size of the parts holds some bits of the content's digest,
so that a successor recognises its own upload among the unfinished ones, and each part that is there is
compared by its ETag before it is used.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any, BinaryIO

from archmend.errors import BadInput, Unavailable
from archmend.storage.digests import DIGEST, md5_of, sha256_of
from archmend.storage.failures import code_of, is_full, is_missing
from archmend.storage.requests import Requests

SMALLEST = 16 << 20
"""Bytes from which an object goes up in parts; no part but the last is smaller."""

_FINGERPRINT_BITS = 22
_MOST_PARTS = 10_000  # S3's limit


def part_size(size: int, digest: str) -> int:
    """Return the bytes of a part of a content: at least `SMALLEST`, and other ones for another digest."""
    least = max(SMALLEST, -(-size // _MOST_PARTS))
    return least + int(digest, 16) % (1 << _FINGERPRINT_BITS)


def abort_begun(client: Any, bucket: str, prefix: str, before: float) -> int:
    """Abort the unfinished uploads below `prefix` that were begun before a time; return how many.

    Args:
        client: a boto3 client of S3.
        bucket: where they lie.
        prefix: of their keys.
        before: seconds since the epoch.
    """
    count = 0
    # Without a prefix: MinIO takes that for the whole name of an object.
    for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        for upload in page.get("Uploads", []):
            if upload["Key"].startswith(prefix) and upload["Initiated"].timestamp() < before:
                client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
                count += 1
    return count


class Sending:
    """One stream into one object, by a boto3 client."""

    def __init__(self, client: Any, ask: Requests, uri: str, bucket: str, key: str) -> None:
        """Ask nothing yet.

        Args:
            client: a boto3 client of S3.
            ask: how the store is asked.
            uri: of the object, for messages.
            bucket: where it shall lie.
            key: its name there.
        """
        self._client = client
        self._ask = ask
        self._uri = uri
        self._of: dict[str, str] = {"Bucket": bucket, "Key": key}

    def send(self, source: BinaryIO, size: int, *, anew: bool = False) -> None:
        """Send a seekable stream of `size` bytes; the object appears when its last part is there.

        Args:
            source: read from its start.
            size: in bytes.
            anew: send it also if the object holds this content already, which renews its age.

        Raises:
            BadInput: the source changes meanwhile. Unavailable: the store refuses or does not answer; what
                has arrived is then kept for the next attempt, unless the store will never take the rest.
        """
        source.seek(0)
        digest = sha256_of(source)
        if not anew and self._is_there(digest, size):
            return
        step = part_size(size, digest)
        upload, there = self._begun(step) or (self._begin(digest), {})
        try:
            parts, sent = self._send_parts(source, size, step, upload, there)
            if sent != digest:
                raise BadInput(f"what goes to {self._uri!r} changed while it was sent; send it again")
            self._complete(upload, parts)
        except (BadInput, Unavailable) as error:
            if error.__cause__ is not None and code_of(error.__cause__) == "NoSuchUpload":
                # Another process sent the same and ended first, or the answer to our own end was lost.
                if self._is_there(digest, size):
                    return
            elif isinstance(error, BadInput) or is_full(error.__cause__):
                self._abort(upload)
            raise

    def _is_there(self, digest: str, size: int) -> bool:
        """Say whether the object holds this content already."""

        def look() -> bool:
            try:
                head = self._client.head_object(**self._of)
            except Exception as error:
                if is_missing(error):
                    return False
                raise
            return head["ContentLength"] == size and head["Metadata"].get(DIGEST) == digest

        return self._ask(self._uri, look)

    def _begin(self, digest: str) -> str:
        def begin() -> str:
            answer = self._client.create_multipart_upload(**self._of, Metadata={DIGEST: digest})
            return str(answer["UploadId"])

        return self._ask(self._uri, begin)

    def _begun(self, step: int) -> tuple[str, dict[int, str]] | None:
        """Return an unfinished upload of this content and its parts' ETags by number; None if none is."""

        def look() -> list[dict[str, Any]]:
            answer = self._client.list_multipart_uploads(Bucket=self._of["Bucket"], Prefix=self._of["Key"])
            return [u for u in answer.get("Uploads", []) if u["Key"] == self._of["Key"]]

        for upload in self._ask(self._uri, look):
            parts = self._ask(self._uri, partial(self._listed, upload["UploadId"]))
            if 1 in parts and parts[1][0] == step:
                return upload["UploadId"], {n: etag for n, (_, etag) in parts.items()}
        return None

    def _listed(self, upload: str) -> dict[int, tuple[int, str]]:
        try:
            pages = self._client.get_paginator("list_parts").paginate(**self._of, UploadId=upload)
            found = [part for page in pages for part in page.get("Parts", [])]
        except Exception as error:
            if code_of(error) == "NoSuchUpload":  # finished by another process meanwhile
                return {}
            raise
        return {p["PartNumber"]: (p["Size"], p["ETag"].strip('"')) for p in found}

    def _send_parts(
        self, source: BinaryIO, size: int, step: int, upload: str, there: dict[int, str]
    ) -> tuple[list[dict[str, Any]], str]:
        """Send the parts that are not there; return all of them and the digest of what was read."""
        source.seek(0)
        parts, digest = [], hashlib.sha256()
        for number in range(1, -(-size // step) + 1):
            data = source.read(step)
            digest.update(data)
            etag = there.get(number)
            if etag is None or etag != md5_of(data):
                etag = self._ask(self._uri, partial(self._send_part, upload, number, data))
            parts.append({"PartNumber": number, "ETag": etag})
        return parts, digest.hexdigest()

    def _send_part(self, upload: str, number: int, data: bytes) -> str:
        answer = self._client.upload_part(**self._of, UploadId=upload, PartNumber=number, Body=data)
        return str(answer["ETag"])

    def _complete(self, upload: str, parts: list[dict[str, Any]]) -> None:
        self._ask(
            self._uri,
            lambda: self._client.complete_multipart_upload(
                **self._of, UploadId=upload, MultipartUpload={"Parts": parts}
            ),
        )

    def _abort(self, upload: str) -> None:
        try:
            self._client.abort_multipart_upload(**self._of, UploadId=upload)
        except Exception:
            return  # the failure that led here is the one to tell; the bucket's lifecycle removes the rest
