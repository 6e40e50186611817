"""Fingerprints of rows: of a whole source, and of each row alone."""

from __future__ import annotations

import hashlib

import numpy as np

from archmend.datasets.types import Features, Split

_BLOCK = 1 << 22


def content_digest(*parts: tuple[Features, np.ndarray], classes: tuple[str, ...]) -> str:
    """Return the SHA-256 of rows, labels and class names in their order, as hexadecimal text.

    It does not depend on where the rows lie or how a file packs them (member order, compression, byte
    order, CSV or Parquet): hashed are the names, shapes and dtypes and then the values in C order,
    little endian; a table's numbers as 32-bit floats, its categories as text.

    Args:
        parts: features and class indices (rows,) of each part that the source has.
        classes: class names in the order of the indices.
    """
    sha = hashlib.sha256()
    _text(sha, list(classes))
    for x, y in parts:
        if isinstance(x, dict):
            for name, column in x.items():
                _text(sha, [name])
                _column(sha, column)
        else:
            _array(sha, x)
        _array(sha, y.astype(np.int64))
    return sha.hexdigest()


def split_digest(digest: str, split: Split) -> str:
    """Return the SHA-256 of the data's digest and everything else that decides which row goes where."""
    text = f"{digest}:{split.seed}:{split.validation!r}:{split.test!r}:{split.given_test}"
    return hashlib.sha256(text.encode()).hexdigest()


def row_hashes(x: Features) -> np.ndarray:
    """Return a 64-bit hash of each row's features, (rows,) uint64; equal rows have equal hashes.

    Each word of a row is mixed with a key of its place and the results are summed (a Zobrist hash), so
    that two different rows of a million agree by chance in about one data set of thirty million.
    """
    if isinstance(x, dict):
        words = [_column_words(column) for column in x.values()]
        total = np.zeros(len(words[0]), dtype=np.uint64)
        for key, word in zip(_keys(len(words)), words, strict=True):
            total += _mix(word ^ key)
        return total
    rows = len(x)
    width = int(np.prod(x.shape[1:])) * x.dtype.itemsize
    padded = -(-width // 8) * 8
    keys = _keys(padded // 8)
    total = np.empty(rows, dtype=np.uint64)
    step = max(1, _BLOCK // padded)
    for start in range(0, rows, step):
        block = np.ascontiguousarray(x[start : start + step])
        if block.dtype.kind == "f":
            block = block + block.dtype.type(0)  # one zero, not two
        buffer = np.zeros((len(block), padded), dtype=np.uint8)
        buffer[:, :width] = block.reshape(len(block), -1).view(np.uint8)
        total[start : start + step] = _mix(buffer.view(np.uint64) ^ keys).sum(axis=1, dtype=np.uint64)
    return total


def mixed_with_labels(hashes: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return hashes of features and label together."""
    return _mix(hashes ^ _mix(y.astype(np.uint64) + np.uint64(1)))


def _keys(count: int) -> np.ndarray:
    return np.random.default_rng(20_211_105).integers(0, 1 << 64, size=count, dtype=np.uint64)


def _mix(words: np.ndarray) -> np.ndarray:
    """Mix every bit of each word into every other (the finaliser of SplitMix64, Steele et al. 2014)."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _column_words(column: np.ndarray) -> np.ndarray:
    if column.dtype.kind == "f":
        values = np.where(np.isnan(column), np.nan, column).astype(np.float64) + 0.0
        return values.view(np.uint64)
    _, codes = np.unique(column.astype(str), return_inverse=True)
    return codes.astype(np.uint64)


def _text(sha: hashlib._Hash, values: list[str]) -> None:
    sha.update(np.array([len(v) for v in values], dtype="<i8").tobytes())
    sha.update("".join(values).encode("utf-8", "surrogatepass"))


def _column(sha: hashlib._Hash, column: np.ndarray) -> None:
    if column.dtype.kind == "f":
        _array(sha, np.where(np.isnan(column), np.float32(np.nan), column).astype(np.float32))
    else:
        _text(sha, [str(v) for v in column])


def _array(sha: hashlib._Hash, values: np.ndarray) -> None:
    little = values.dtype.newbyteorder("<")
    sha.update(f"{little.str}{values.shape}".encode())
    step = max(1, _BLOCK // max(1, values.itemsize * int(np.prod(values.shape[1:]))))
    for start in range(0, len(values), step):
        sha.update(np.ascontiguousarray(values[start : start + step], dtype=little).data)
