"""Files on this machine that go into a registry, and a version's files that come out of it."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from archmend.errors import BadInput
from archmend.storage import disk_errors, local_path, write_atomic

SAVED_MODEL = "saved_model.tar"


def read_input(path: str | Path, what: str) -> bytes:
    """Return the bytes of a file that was named from outside.

    Raises:
        BadInput: it is not there, is a folder or may not be read.
    """
    place = local_path(path)
    try:
        return place.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"there is no {what} {str(path)!r}; check the path") from None
    except OSError as error:
        reason = error.strerror.lower() if error.strerror else "refused"
        raise BadInput(f"the {what} {str(path)!r} cannot be read ({reason}); name a readable file") from error


def write_files(directory: str | Path, files: Mapping[str, bytes]) -> Path:
    """Write `files` (content by name) into a new or empty folder; the SavedModel's archive is unpacked.

    Raises:
        BadInput: the folder holds something or cannot be written. Unavailable: the disk is full.
    """
    target = local_path(directory)
    with disk_errors(target):
        target.mkdir(parents=True, exist_ok=True)
        if any(target.iterdir()):
            raise BadInput(f"the folder {target} is not empty; name a new one")
    for name, data in files.items():
        if name == SAVED_MODEL:
            unpack(data, target / "saved_model")
        else:
            write_atomic(target / name, data)
    return target


def pack(folder: Path) -> bytes:
    """Return a tar archive of a folder that depends on nothing but the names and contents of its files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted(folder.rglob("*")):
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            if path.is_dir():
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(entry)
            else:
                data = path.read_bytes()
                entry.size, entry.mode = len(data), 0o644
                archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def unpack(data: bytes, folder: Path) -> None:
    """Write the files of an archive made by `pack` below `folder`, and nowhere else."""
    with disk_errors(folder), tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extractall(folder, filter="data")
