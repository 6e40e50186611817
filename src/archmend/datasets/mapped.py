"""The members of an uncompressed .npz file as memory-mapped arrays."""

from __future__ import annotations

import lzma
import math
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from archmend.datasets.spilled import empty
from archmend.errors import BadInput

_LOCAL_HEADER = 30
_ZIP64_EXTRA = 20
_PADDING_ID = 0xD935  # the extra field that zipalign pads with
_ALIGNMENT = 64
_BLOCK = 1 << 24
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    ValueError,
    EOFError,
    struct.error,
    SyntaxError,
    # Of an archive that is encrypted, or compressed in a way that Python does not know.
    RuntimeError,
)


def write_arrays(stream: IO[bytes], arrays: dict[str, np.ndarray]) -> None:
    """Write an uncompressed .npz whose arrays begin at multiples of 64 bytes, so that maps are aligned.

    The same arrays give the same bytes: the archive holds no times.
    """
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")
            member.file_size = array.nbytes + 1024
            large = member.file_size * 1.05 > zipfile.ZIP64_LIMIT
            before = stream.tell() + _LOCAL_HEADER + len(member.filename) + 4 + (_ZIP64_EXTRA if large else 0)
            padding = -before % _ALIGNMENT
            member.extra = struct.pack("<HH", _PADDING_ID, padding) + bytes(padding)
            with archive.open(member, "w", force_zip64=large) as target:
                # Not ascontiguousarray, which makes a scalar an array of one.
                np.lib.format.write_array(target, np.asarray(array, order="C"), allow_pickle=False)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an .npz file by name, mapped where they are not compressed, else in memory.

    Mapped arrays are read-only and share their pages between processes. Pickled members are refused.

    Raises:
        BadInput: the file is no .npz archive, or is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return {
                member.filename.removesuffix(".npy"): _read_member(path, archive, member)
                for member in archive.infolist()
            }
    except (*_DAMAGED, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the system's; bzip2 calls damaged data so, without a number
        raise BadInput(
            f"{str(path)!r} is no .npz file or is damaged ({error}); write it again with numpy.savez"
        ) from error


def _read_member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        read_header = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, fortran, dtype = read_header(stream)
        start = stream.tell()
        if dtype.hasobject:
            raise ValueError(f"{member.filename} is pickled, and pickles are not read")
        if 0 in shape:
            return np.zeros(shape, dtype=dtype)
        # Before room is made for it: a header that is damaged may say any size.
        if start + math.prod(shape) * dtype.itemsize > member.file_size:
            raise ValueError(f"{member.filename} is shorter than its header says")
        if member.compress_type != zipfile.ZIP_STORED:
            return _decompressed(stream, member.filename, shape, dtype, fortran=fortran)
    offset = _data_offset(path, member) + start
    mapped = np.memmap(path, dtype, "r", offset, shape, "F" if fortran else "C")
    return np.asarray(mapped)


def _decompressed(
    stream: IO[bytes], name: str, shape: tuple[int, ...], dtype: np.dtype, *, fortran: bool
) -> np.ndarray:
    """Return an array of which each block is decompressed to where it belongs."""
    array = empty(shape[::-1] if fortran else shape, dtype)
    memory = array.reshape(-1).view(np.uint8).data
    place = 0
    while place < len(memory):
        count = stream.readinto(memory[place : place + _BLOCK])  # type: ignore[attr-defined]
        if not count:
            raise ValueError(f"{name} is shorter than its header says")
        place += count
    return array.T if fortran else array


def _data_offset(path: Path, member: zipfile.ZipInfo) -> int:
    """Return where a stored member's bytes begin: after its local header, its name and its extra field."""
    with path.open("rb") as stream:
        stream.seek(member.header_offset)
        name_length, extra_length = struct.unpack("<HH", stream.read(_LOCAL_HEADER)[26:30])
    return member.header_offset + _LOCAL_HEADER + int(name_length) + int(extra_length)
