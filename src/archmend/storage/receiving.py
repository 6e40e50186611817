"""An object on its way down: goes on where it was cut, and is checked at its end."""

from __future__ import annotations

from typing import Any, BinaryIO

from archmend.storage.digests import Check
from archmend.storage.failures import DamagedError, code_of

_CHUNK = 1 << 20


class Receiving:
    """One object into one stream; each call is an attempt that goes on where the last one ended."""

    def __init__(self, client: Any, bucket: str, key: str, sink: BinaryIO) -> None:
        """Ask nothing yet.

        Args:
            client: a `minio.Minio`.
            bucket: where the object lies.
            key: its name there.
            sink: an empty seekable stream.
        """
        self._client = client
        self._bucket = bucket
        self._key = key
        self._sink = sink
        self._check: Check | None = None

    def __call__(self) -> None:
        """Receive the rest of the object.

        Raises:
            DamagedError: what arrived is not what was stored; the next call starts anew.
        """
        if self._check is None or self._check.got < self._check.size:
            try:
                self._receive()
            except Exception as error:
                if code_of(error) == "PreconditionFailed":  # replaced by another object meanwhile
                    self._start_anew()
                    raise DamagedError("it was replaced while it was read") from error
                raise
        problem = self._check.problem() if self._check else None
        if problem:
            self._start_anew()
            raise DamagedError(problem)

    def _receive(self) -> None:
        done = self._check.got if self._check else 0
        same = {"If-Match": f'"{self._check.etag}"'} if self._check and done else None
        response = self._client.get_object(self._bucket, self._key, offset=done, request_headers=same)
        try:
            if not done:
                self._start_anew()
                self._check = Check(response.headers)
            assert self._check is not None
            for chunk in response.stream(_CHUNK, decode_content=False):
                self._sink.write(chunk)
                self._check.update(chunk)
        finally:
            response.close()
            response.release_conn()

    def _start_anew(self) -> None:
        self._check = None
        self._sink.seek(0)
        self._sink.truncate()
