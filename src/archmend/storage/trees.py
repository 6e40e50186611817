"""Files and folders of this machine, from and to an object store."""

from __future__ import annotations

from pathlib import Path

from archmend.errors import BadInput
from archmend.storage.atomic import disk_errors
from archmend.storage.failures import AbsentError
from archmend.storage.objects import ObjectStore
from archmend.storage.uri import bucket_and_key


def download(store: ObjectStore, uri: str, folder: Path) -> Path:
    """Copy the object, or every object below the prefix, into an empty `folder`; return its local path.

    Raises:
        BadInput: nothing has this name. Unavailable: the store does not answer, refuses, or what arrived
            is not what was stored; or the disk is full.
    """
    found = store.listing(uri)
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
                store.receive(entry.uri, sink)
    return root


def upload(store: ObjectStore, source: Path, uri: str) -> None:
    """Copy a file, or every file below a folder, to `uri`.

    Raises:
        BadInput: a file changes meanwhile. Unavailable: the bucket does not exist, the store does not
            answer or refuses.
    """
    files = [source] if source.is_file() else sorted(p for p in source.rglob("*") if p.is_file())
    for file in files:
        name = uri if file == source else f"{uri.rstrip('/')}/{file.relative_to(source).as_posix()}"
        with disk_errors(file), file.open("rb") as stream:
            store.send(name, stream, file.stat().st_size)


def _relative(uri: str, inner: str) -> Path:
    """Return an object's name below the prefix as a path that cannot lead out of a folder."""
    parts = inner.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise BadInput(f"the object {uri!r} has a name that is no file's; rename it")
    return Path(*parts)
