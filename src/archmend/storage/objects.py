"""Objects in S3 or MinIO: whole values under names, checked when they arrive."""

from __future__ import annotations

import io
import uuid
from functools import partial
from typing import Any, BinaryIO

from archmend.storage.clients import amazon_client, minio_client
from archmend.storage.connection import Connection
from archmend.storage.digests import DIGEST, sha256_of
from archmend.storage.failures import code_of, genuine, is_missing
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
        sink = io.BytesIO()
        self.receive(uri, sink)
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
        self.send(uri, io.BytesIO(data), len(data), anew=True)
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

    def receive(self, uri: str, sink: BinaryIO) -> None:
        """Write an object's content to an empty seekable stream.

        Raises:
            BadInput: it does not exist. Unavailable: the store does not answer, refuses, or what arrived
                is not what was stored.
        """
        bucket, key = bucket_and_key(uri)
        self._ask(uri, Receiving(self._client, bucket, key, sink))

    def send(self, uri: str, source: BinaryIO, size: int, *, anew: bool = False) -> None:
        """Write a seekable stream of `size` bytes; a large one goes on where a killed process was.

        Args:
            uri: the object's name.
            source: read from its start.
            size: in bytes.
            anew: send it also if the object holds this content already, which renews its age.

        Raises:
            BadInput: the source changes meanwhile.
            Unavailable: the bucket does not exist, the store does not answer or refuses.
        """
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
