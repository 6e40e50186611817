"""The registry's store below a prefix of a bucket: conditional writes keep two writers apart."""

from __future__ import annotations

from collections.abc import Iterator

from archmend.errors import Unavailable
from archmend.registry.store import NotFoundError, Stored
from archmend.storage.failures import AbsentError
from archmend.storage.objects import ObjectStore


class BucketStore:
    """Keys are names below a prefix.

    An object appears whole or not at all. `create` asks the store to write only if the name is free
    (`If-None-Match: *`). A writer that is killed leaves at most the parts of a large object, which nobody
    sees and `sweep` removes.
    """

    def __init__(self, root: str) -> None:
        """Ask nothing; a bucket is never made.

        Args:
            root: URI of the prefix.

        Raises:
            MissingExtra: minio is not installed. BadInput: the environment names no usable connection.
        """
        self.root = root.rstrip("/")
        self._objects = ObjectStore(root)
        self._keeps_apart = False

    def read(self, key: str) -> bytes:
        """Return the value. Raises NotFoundError."""
        try:
            return self._objects.read(self._uri(key))
        except AbsentError:
            raise NotFoundError(key) from None

    def put(self, key: str, data: bytes) -> None:
        """Write the value."""
        self._objects.write(self._uri(key), data)

    def create(self, key: str, data: bytes) -> bool:
        """Write the value if the name is free.

        Raises:
            Unavailable: the store writes in any case; it cannot hold a registry.
        """
        uri = self._uri(key)
        created = self._objects.write(uri, data, if_absent=True)
        if not self._keeps_apart:
            # A store that does not know the condition ignores it and says that all is well.
            if created and self._objects.write(uri, data, if_absent=True):
                raise Unavailable(
                    f"the store of {self.root} ignores `If-None-Match`, which keeps two writers apart; "
                    "put the registry into MinIO, Amazon S3 or a folder"
                )
            self._keeps_apart = True
        return created

    def list(self, prefix: str) -> Iterator[Stored]:
        """List the objects; all of them are whole."""
        for entry in self._objects.listing(self._uri(prefix)):
            yield Stored(entry.uri.removeprefix(f"{self.root}/"), entry.size, entry.modified)

    def delete(self, key: str) -> None:
        """Remove the object; in a bucket with versions it can be brought back."""
        self._objects.delete(self._uri(key))

    def sweep(self, before: float) -> int:
        """Remove the parts of large objects whose writers died."""
        return self._objects.sweep(self.root, before)

    def holds(self, key: str = "") -> bool:
        """Say whether there is an object of this name; without a name, any at all."""
        return self._objects.exists(self._uri(key) if key else self.root)

    def _uri(self, key: str) -> str:
        return f"{self.root}/{key}"
