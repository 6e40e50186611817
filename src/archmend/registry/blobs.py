"""Stored files: named by the digest of their content, so that damage shows and equal ones are one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from archmend.errors import BadInput, unknown_name
from archmend.registry import keys
from archmend.registry.store import NotFoundError, Store
from archmend.registry.types import Blob, Record


def keep(store: Store, files: Mapping[str, bytes]) -> dict[str, Blob]:
    """Store the `files` (content by name) and return what to write in the record.

    A blob that is there already is written again: that renews its age, so that a gc at the same time
    leaves it, and mends it if it was damaged.
    """
    described = {}
    for name, data in files.items():
        described[name] = Blob(sha256=hashlib.sha256(data).hexdigest(), size=len(data))
        store.put(keys.blob(described[name].sha256), data)
    return described


def restore_missing(store: Store, files: Mapping[str, bytes], described: Mapping[str, Blob]) -> None:
    """Write again what a gc removed between `keep` and the writing of the record."""
    for name, blob in described.items():
        key = keys.blob(blob.sha256)
        if all(entry.key != key for entry in store.list(key.rsplit("/", 1)[0] + "/")):
            store.put(key, files[name])


def problem(store: Store, name: str, blob: Blob) -> str | None:
    """Return what is wrong with the stored file `name`, in a sentence, or None."""
    try:
        data = store.read(keys.blob(blob.sha256))
    except NotFoundError:
        return f"{name} is missing: there is no blob {blob.sha256}"
    actual = hashlib.sha256(data).hexdigest()
    if actual != blob.sha256:
        return (
            f"{name} is damaged: the blob {blob.sha256} of {blob.size} bytes now has {len(data)} bytes "
            f"with the digest {actual}"
        )
    return None


def read(store: Store, record: Record, name: str) -> bytes:
    """Return a stored file of a version.

    Raises:
        BadInput: the version has no such file, or it is missing or damaged.
    """
    if name not in record.files:
        raise unknown_name(f"file of {record.name} version {record.version}", name, record.files)
    if damage := problem(store, name, record.files[name]):
        raise BadInput(
            f"{record.name} version {record.version}: {damage}; register the model again to mend it"
        )
    return store.read(keys.blob(record.files[name].sha256))
