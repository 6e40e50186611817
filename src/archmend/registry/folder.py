"""The registry's store in a folder: staged in one corner, then named by a link or a rename."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archmend.errors import BadInput
from archmend.registry.store import NotFoundError, Stored
from archmend.storage import disk_errors, link_new, sync_folder, write_atomic

STAGING = ".tmp"


class FolderStore:
    """Keys are paths below a folder.

    A value is first written whole to `.tmp/` and then gets its name in one step: by `link(2)`, which
    fails where the name is taken, or by `rename(2)`, which replaces. A writer that is killed leaves at
    most a file in `.tmp/`, which `sweep` removes.
    """

    def __init__(self, root: Path) -> None:
        """Touch nothing; the first write makes the folder."""
        self.root = root

    def read(self, key: str) -> bytes:
        """Return the value. Raises NotFoundError."""
        try:
            return (self.root / key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise NotFoundError(key) from None
        except PermissionError as error:
            raise BadInput(f"{self.root / key} cannot be read; change its permissions") from error

    def put(self, key: str, data: bytes) -> None:
        """Write the value by a rename."""
        with self._staged(key, data) as (staged, target), disk_errors(target):
            staged.replace(target)
            sync_folder(target.parent)

    def create(self, key: str, data: bytes) -> bool:
        """Write the value by a link, which fails where the name is taken.

        Raises:
            BadInput: the file system has no hard links.
        """
        with self._staged(key, data) as (staged, target):
            return link_new(staged, target)

    def list(self, prefix: str) -> Iterator[Stored]:
        """Walk the folder; what disappears meanwhile is left out."""
        top = self.root / prefix
        for folder, folders, names in os.walk(top):
            if STAGING in folders:
                folders.remove(STAGING)
            folders.sort()
            for name in sorted(names):
                path = Path(folder) / name
                with suppress(FileNotFoundError):
                    status = path.stat()
                    yield Stored(path.relative_to(self.root).as_posix(), status.st_size, status.st_mtime)

    def delete(self, key: str) -> None:
        """Remove the file."""
        with disk_errors(self.root / key):
            (self.root / key).unlink(missing_ok=True)

    def sweep(self, before: float) -> int:
        """Remove staged files of writers that died."""
        removed = 0
        for path in (self.root / STAGING).glob("*"):
            with suppress(FileNotFoundError), disk_errors(path):
                if path.stat().st_mtime < before:
                    path.unlink()
                    removed += 1
        return removed

    @contextmanager
    def _staged(self, key: str, data: bytes) -> Iterator[tuple[Path, Path]]:
        target = self.root / key
        staged = self.root / STAGING / uuid.uuid4().hex
        with disk_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(staged, data)
        try:
            yield staged, target
        finally:
            staged.unlink(missing_ok=True)
