"""Whole files and folders: a local copy of what lies anywhere, and a copy anywhere of what is local."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archmend.storage.atomic import disk_errors, open_atomic
from archmend.storage.door import readable
from archmend.storage.uri import is_remote, local_path


def fetch(uri: str | Path) -> Path:
    """Return a local path of what `uri` names; a remote one is downloaded until the process ends.

    Prefer `fetched`, which removes a download as soon as it is no longer needed.

    Args:
        uri: a plain path, file://, s3:// or minio://; a folder (or a prefix) comes as a folder.

    Raises:
        BadInput: it does not exist or cannot be read. MissingExtra: the extra s3 is not installed.
        Unavailable: the store does not answer or refuses, or the disk is full.
    """
    if not is_remote(uri):
        return readable(uri)
    folder = _temporary_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return _download(str(uri), folder)


@contextmanager
def fetched(uri: str | Path) -> Iterator[Path]:
    """Give a local path of what `uri` names for the time of a block, as `fetch` does.

    A download is removed at the end of the block. Files that are memory-mapped then stay readable, as
    the operating system keeps them until the last mapping goes.

    Raises:
        BadInput, MissingExtra, Unavailable: as `fetch` says.
    """
    if not is_remote(uri):
        yield readable(uri)
        return
    folder = _temporary_folder()
    try:
        yield _download(str(uri), folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put(local: str | Path, uri: str | Path) -> None:
    """Copy a local file or folder to `uri`; a reader of a single file never sees half of it.

    Raises:
        BadInput: the local path does not exist, or the target cannot be written.
        MissingExtra: the extra s3 is not installed. Unavailable: the store does not answer or refuses.
    """
    source = readable(local)
    if is_remote(uri):
        from archmend.storage.objects import ObjectStore
        from archmend.storage.trees import upload

        upload(ObjectStore(str(uri)), source, str(uri))
        return
    target = local_path(uri)
    if source.is_file():
        _copy_file(source, target)
        return
    for path in sorted(source.rglob("*")):
        if path.is_file():
            _copy_file(path, target / path.relative_to(source))


def _copy_file(source: Path, target: Path) -> None:
    with source.open("rb") as reader, open_atomic(target, "wb") as writer:
        shutil.copyfileobj(reader, writer, 1 << 20)


def _temporary_folder() -> Path:
    with disk_errors(tempfile.gettempdir()):
        return Path(tempfile.mkdtemp(prefix="archmend-"))


def _download(uri: str, folder: Path) -> Path:
    from archmend.storage.objects import ObjectStore
    from archmend.storage.trees import download

    return download(ObjectStore(uri), uri, folder)
