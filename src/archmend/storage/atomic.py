"""Files that are written whole or not at all, and what a failing disk is called."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from archmend.errors import BadInput, Unavailable

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENAMETOOLONG,
}

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}


@contextmanager
def disk_errors(path: str | Path) -> Iterator[None]:
    """Translate what the operating system says about writing `path` into archmend's errors.

    Raises:
        Unavailable: the disk or the quota is full, or the device fails.
        BadInput: the place cannot be written (permission, read-only, a file where a folder should be).
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise Unavailable(f"the disk is full at {path}; free some space and start again") from error
        if error.errno == errno.EIO:
            raise Unavailable(f"the disk failed at {path}: {error.strerror}; try another disk") from error
        if error.errno in _FORBIDDEN:
            reason = error.strerror.lower() if error.strerror else "refused"
            raise BadInput(f"{path} cannot be written ({reason}); choose another place") from error
        raise


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where it is not there.

    Raises:
        BadInput: it lies where no folder can be, as below /proc. OSError: see `disk_errors`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:
        raise BadInput(f"{folder} cannot be made (no such place); choose another place") from error


@contextmanager
def open_atomic(path: str | Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a temporary file beside `path` that takes its place when the block ends without an error.

    The content reaches the disk before the name does, so a reader sees the old file or the whole new
    one, also after a power cut. Missing parent folders are made.

    Args:
        path: the file to write or to replace.
        mode: "wb", or "w" for UTF-8 text.

    Raises:
        BadInput, Unavailable: as `disk_errors` says.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:12]}.tmp")
    with disk_errors(target):
        make_folder(target.parent)
        text = {} if "b" in mode else {"encoding": "utf-8", "newline": ""}
        try:
            with temporary.open(mode.replace("w", "x"), **text) as stream:  # type: ignore[call-overload]
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(target)
            sync_folder(target.parent)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise


def write_atomic(path: str | Path, data: bytes | str) -> None:
    """Write `data` (text as UTF-8) to `path`, whole or not at all.

    Raises:
        BadInput, Unavailable: as `disk_errors` says.
    """
    with open_atomic(path, "wb") as stream:
        stream.write(data.encode() if isinstance(data, str) else data)


def create_atomic(path: str | Path, data: bytes) -> bool:
    """Write `data` to `path`, whole, if nothing is there; of any number of writers exactly one gets True.

    Raises:
        BadInput: the file system has no hard links, and as `disk_errors` says. Unavailable: as there.
    """
    target = Path(path)
    staged = target.with_name(f".{target.name}.{uuid.uuid4().hex[:12]}.new")
    write_atomic(staged, data)
    try:
        return link_new(staged, target)
    finally:
        staged.unlink(missing_ok=True)


def link_new(staged: Path, target: Path) -> bool:
    """Give a whole file its name if that is free, and say whether it was.

    Raises:
        BadInput: the file system has no hard links, and as `disk_errors` says. Unavailable: as there.
    """
    with disk_errors(target):
        try:
            os.link(staged, target)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno in _NO_LINKS:
                raise BadInput(
                    f"the file system of {target.parent} has no hard links, which keep two writers apart; "
                    "choose a folder on another file system"
                ) from error
            raise
        sync_folder(target.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk, where the file system can do that."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
