"""Objects in S3 or MinIO: whole values under names, checked when they arrive."""

from __future__ import annotations

import io
import uuid
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from archmend.errors import BadInput
from archmend.storage.atomic import disk_errors
from archmend.storage.clients import amazon_client, minio_client
from archmend.storage.connection import Connection
from archmend.storage.digests import DIGEST, sha256_of
from archmend.storage.failures import AbsentError, code_of, genuine, is_missing
from archmend.storage.receiving import Receiving
from archmend.storage.requests import Requests
from archmend.storage.sending import SMALLEST, Sending, abort_begun
from archmend.storage.stored import Stored
from archmend.storage.uri import bucket_and_key, scheme_of

_WRITER = "writer"


class ObjectStore:
    """The store that a URI's scheme and the environment name."""

    def __init__(self, uri: str) -> None:
        """Connect nothing yet: the first request does.

        Args:
            uri: an s3:// or minio:// URI; its scheme decides which variables are read.

        Raises:
            MissingExtra: minio is not installed. BadInput: the environment names no usable connection.
        """
        self._connection = Connection.from_environment(scheme_of(uri))
        self._client: Any = minio_client(self._connection)
        self._ask = Requests(self._connection)

    def exists(self, uri: str) -> bool:
        """Say whether an object or a prefix of this name exists.

        Raises:
            Unavailable: the bucket does not exist, the store does not answer or refuses.
        """
        return self._ask(uri, partial(self._exists, uri))

    def read(self, uri: str) -> bytes:
        """Return an object's content.

        Raises:
            BadInput: it does not exist. Unavailable: the store does not answer or refuses.
        """
        bucket, key = bucket_and_key(uri)
        sink = io.BytesIO()
        self._ask(uri, Receiving(self._client, bucket, key, sink))
        return sink.getvalue()

    def write(self, uri: str, data: bytes, *, if_absent: bool = False) -> bool:
        """Write an object whole.

        Args:
            uri: its name.
            data: its content.
            if_absent: leave one that is there alone; of any number of writers at once exactly one writes.

        Returns:
            Whether it was written.

        Raises:
            Unavailable: the bucket does not exist, the store does not answer or refuses.
        """
        if if_absent:
            return self._create(uri, data)
        self._send(uri, io.BytesIO(data), len(data), anew=True)
        return True

    def delete(self, uri: str) -> None:
        """Remove an object; one that is not there is no error."""
        bucket, key = bucket_and_key(uri)
        self._ask(uri, lambda: self._client.remove_object(bucket, key))

    def listing(self, uri: str) -> list[Stored]:
        """Return every object below a prefix, or the object of this name itself, by name.

        Raises:
            Unavailable: the bucket does not exist, the store does not answer or refuses.
        """
        return self._ask(uri, partial(self._listed, uri))

    def download(self, uri: str, folder: Path) -> Path:
        """Copy the object, or every object below the prefix, into `folder`; return its local path.

        Raises:
            BadInput: nothing has this name. Unavailable: the store does not answer, refuses, or what
                arrived is not what was stored.
        """
        found = self.listing(uri)
        if not found:
            raise AbsentError(f"there is no object {uri!r}; check the name and the service it lies in")
        bucket, key = bucket_and_key(uri)
        root = folder / (key.rsplit("/", 1)[-1] or bucket)
        for entry in found:
            name = bucket_and_key(entry.uri)[1]
            inner = name.removeprefix(key).removeprefix("/") if name != key else ""
            target = root / _relative(entry.uri, inner) if inner else root
            with disk_errors(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("x+b") as sink:
                    self._ask(entry.uri, Receiving(self._client, bucket, name, sink))
        return root

    def upload(self, source: Path, uri: str) -> None:
        """Copy a file, or every file below a folder, to `uri`; a large file goes on where it was cut.

        Raises:
            Unavailable: the bucket does not exist, the store does not answer or refuses.
        """
        files = [source] if source.is_file() else sorted(p for p in source.rglob("*") if p.is_file())
        for file in files:
            name = uri if file == source else f"{uri.rstrip('/')}/{file.relative_to(source).as_posix()}"
            with disk_errors(file), file.open("rb") as stream:
                self._send(name, stream, file.stat().st_size)

    def sweep(self, uri: str, before: float) -> int:
        """Remove the parts of uploads below a prefix that were begun before a time and never ended.

        Args:
            uri: the prefix.
            before: seconds since the epoch.

        Returns:
            How many uploads there were.
        """
        bucket, key = bucket_and_key(uri)
        client = amazon_client(self._connection)
        return self._ask(uri, lambda: abort_begun(client, bucket, key and f"{key}/", before))

    def _send(self, uri: str, source: BinaryIO, size: int, *, anew: bool = False) -> None:
        bucket, key = bucket_and_key(uri)
        if size > SMALLEST:
            Sending(amazon_client(self._connection), self._ask, uri, bucket, key).send(
                source, size, anew=anew
            )
            return
        metadata = {DIGEST: sha256_of(source)}

        def put() -> None:
            source.seek(0)
            # In one request, as a process that is killed between the client's own parts would leave them.
            written = self._client.put_object(
                bucket, key, source, size, metadata=metadata, part_size=SMALLEST
            )
            genuine(written.etag)

        self._ask(uri, put)

    def _create(self, uri: str, data: bytes) -> bool:
        bucket, key = bucket_and_key(uri)
        client = amazon_client(self._connection)
        # After a lost answer the second attempt finds the key taken, perhaps by the first one.
        metadata = {DIGEST: sha256_of(io.BytesIO(data)), _WRITER: uuid.uuid4().hex}

        def create() -> bool:
            try:
                answer = client.put_object(
                    Bucket=bucket, Key=key, Body=data, Metadata=metadata, IfNoneMatch="*"
                )
            except Exception as error:
                if code_of(error) != "PreconditionFailed":
                    raise
                head = self._client.stat_object(bucket, key)
                return bool(head.metadata.get(f"x-amz-meta-{_WRITER}") == metadata[_WRITER])
            genuine(answer.get("ETag"))
            return True

        return self._ask(uri, create)

    def _exists(self, uri: str) -> bool:
        bucket, key = bucket_and_key(uri)
        if key and self._stat(bucket, key) is not None:
            return True
        return any(self._client.list_objects(bucket, prefix=key and f"{key}/", recursive=True))

    def _listed(self, uri: str) -> list[Stored]:
        scheme, (bucket, key) = scheme_of(uri), bucket_and_key(uri)
        found = [self._stat(bucket, key)] if key and not uri.endswith("/") else []
        if not any(found):
            found = list(self._client.list_objects(bucket, prefix=key and f"{key}/", recursive=True))
        return [
            Stored(f"{scheme}://{bucket}/{o.object_name}", o.size, o.last_modified.timestamp(), o.etag)
            for o in found
            if not o.object_name.endswith("/")
        ]

    def _stat(self, bucket: str, key: str) -> Any:
        try:
            found = self._client.stat_object(bucket, key)
        except Exception as error:
            if is_missing(error):
                return None
            raise
        genuine(found.etag)
        return found


def _relative(uri: str, inner: str) -> Path:
    """Return an object's name below the prefix as a path that cannot lead out of a folder."""
    parts = inner.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise BadInput(f"the object {uri!r} has a name that is no file's; rename it")
    return Path(*parts)
