"""One door for data in and artifacts out: the same questions for files and for object stores."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from archmend.errors import BadInput
from archmend.storage.atomic import create_atomic, disk_errors, write_atomic
from archmend.storage.stored import Stored
from archmend.storage.uri import is_remote, local_path


def exists(uri: str | Path) -> bool:
    """Say whether `uri` names a file, a folder, an object or a prefix that holds objects.

    Raises:
        BadInput: a scheme that archmend does not read. MissingExtra: the extra s3 is not installed.
        Unavailable: the bucket does not exist, or its store does not answer or refuses.
    """
    if not is_remote(uri):
        return local_path(uri).exists()
    from archmend.storage.objects import ObjectStore

    return ObjectStore(str(uri)).exists(str(uri))


def read_bytes(uri: str | Path) -> bytes:
    """Return the content of one file or object.

    Raises:
        BadInput: it does not exist. MissingExtra, Unavailable: as `fetch` says.
    """
    if not is_remote(uri):
        return readable(uri).read_bytes()
    from archmend.storage.objects import ObjectStore

    return ObjectStore(str(uri)).read(str(uri))


def write_bytes(uri: str | Path, data: bytes) -> None:
    """Write one file or object, whole or not at all, whether or not there is one.

    Raises:
        BadInput, MissingExtra, Unavailable: as `put` says.
    """
    if not is_remote(uri):
        write_atomic(local_path(uri), data)
        return
    from archmend.storage.objects import ObjectStore

    ObjectStore(str(uri)).write(str(uri), data)


def create_bytes(uri: str | Path, data: bytes) -> bool:
    """Write one file or object if there is none; of any number of writers at once exactly one gets True.

    Raises:
        BadInput: the file system has no hard links. MissingExtra, Unavailable: as `put` says.
    """
    if is_remote(uri):
        from archmend.storage.objects import ObjectStore

        return ObjectStore(str(uri)).write(str(uri), data, if_absent=True)
    return create_atomic(local_path(uri), data)


def delete(uri: str | Path) -> None:
    """Remove one file or object; one that is not there is no error.

    Raises:
        BadInput: it is a folder, or may not be removed. MissingExtra, Unavailable: as `put` says.
    """
    if is_remote(uri):
        from archmend.storage.objects import ObjectStore

        ObjectStore(str(uri)).delete(str(uri))
        return
    path = local_path(uri)
    with disk_errors(path):
        path.unlink(missing_ok=True)


def list_objects(uri: str | Path) -> list[Stored]:
    """Return every file or object below a folder or prefix, by name; none where nothing lies there.

    The name of one file or object gives that one alone. What disappears meanwhile is left out.

    Raises:
        MissingExtra, Unavailable: as `fetch` says.
    """
    if is_remote(uri):
        from archmend.storage.objects import ObjectStore

        return ObjectStore(str(uri)).listing(str(uri))
    top = local_path(uri)
    found = []
    for path in [top] if top.is_file() else sorted(top.rglob("*")):
        with suppress(FileNotFoundError):
            if path.is_file():
                status = path.stat()
                found.append(Stored(str(path), status.st_size, status.st_mtime))
    return found


def readable(uri: str | Path) -> Path:
    """Return the local path of what can be read there. Raises BadInput."""
    path = local_path(uri)
    if not path.exists():
        raise BadInput(f"{str(uri)!r} does not exist; give the path of an existing file or folder")
    if not os.access(path, os.R_OK):
        raise BadInput(f"{str(uri)!r} cannot be read (permission denied); change its permissions")
    return path
