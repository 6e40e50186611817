"""trials.jsonl: one line a trial, on the disk before the next is asked for."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from pydantic import ValidationError

from archmend.errors import BadInput
from archmend.search import TrialResult
from archmend.spaces import Space
from archmend.steps.records import TrialRecord
from archmend.storage import disk_errors, make_folder, sync_folder

_WAY_OUT = "restore the file, or start in another output folder"


class Journal:
    """Appends whole lines and holds the file for one writer at a time.

    A line that a kill cut short is dropped on opening, for what it said was never answered for.

    Attributes:
        records: what the file held when it was opened, in the order of the lines.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, made if it is not there, and drop a last line that was cut.

        Raises:
            BadInput: another process writes it, it is damaged elsewhere, it cannot be written.
            Unavailable: the disk fails.
        """
        self._path = path
        with disk_errors(path):
            make_folder(path.parent)
            self._file: IO[bytes] = path.open("a+b", buffering=0)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise BadInput(
                f"another process writes {path}; wait for it, or choose another output folder"
            ) from error
        self._file.seek(0)
        content = self._file.read()
        whole = content.rfind(b"\n") + 1
        try:
            self.records = parsed_records(path, content[:whole])
            _refuse_garbage(path, content[whole:])
        except BadInput:
            self._file.close()
            raise
        if whole < len(content):
            with disk_errors(path):
                self._file.truncate(whole)
        sync_folder(path.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()

    def append(self, *records: TrialRecord) -> None:
        """Write lines at once, and return when they are on the disk.

        Raises:
            Unavailable: the disk is full; what was written of the lines is taken back.
        """
        line = b"".join(record.model_dump_json().encode() + b"\n" for record in records)
        end = self._file.seek(0, os.SEEK_END)
        with disk_errors(self._path):
            try:
                written = 0
                while written < len(line):
                    written += self._file.write(line[written:])
                os.fsync(self._file.fileno())
            except OSError:
                self._file.truncate(end)
                raise

    def close(self) -> None:
        """Let the next writer in."""
        self._file.close()


def results_of(path: Path, records: Sequence[TrialRecord], space: Space) -> list[TrialResult]:
    """Return a journal's lines as results.

    Raises:
        BadInput: an architecture that the space does not hold.
    """
    results = []
    for number, record in enumerate(records, start=1):
        try:
            results.append(record.result(space))
        except BadInput as error:
            raise BadInput(f"line {number} of {path}: {error}; {_WAY_OUT}") from error
    return results


def read_journal(path: Path) -> tuple[TrialRecord, ...]:
    """Return the whole lines of a journal without holding it.

    Raises:
        BadInput: it is damaged before its last line.
    """
    content = path.read_bytes()
    return parsed_records(path, content[: content.rfind(b"\n") + 1])


def _refuse_garbage(path: Path, rest: bytes) -> None:
    """Refuse what stands behind the last whole line, unless a cut line begins so or a lost block is zeros."""
    rest = rest.strip(b"\0")
    if rest and not rest.startswith(b"{"):
        raise BadInput(f"the end of {path} is no trial, nor the beginning of one; {_WAY_OUT}")


def parsed_records(path: str | Path, content: bytes, way_out: str = _WAY_OUT) -> tuple[TrialRecord, ...]:
    """Return the trials of whole lines, in the order of the lines.

    Args:
        path: where they stand, for messages.
        content: the lines.
        way_out: what to do about a damage, for messages.

    Raises:
        BadInput: a line that is no trial, or one of a trial that was there before.
    """
    records: list[TrialRecord] = []
    seen: set[int] = set()
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            record = TrialRecord.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "text"
            raise BadInput(
                f"line {number} of {path} is no trial ({where}: {first['msg'].lower()}); {way_out}"
            ) from error
        if record.trial in seen:
            raise BadInput(
                f"line {number} of {path} is trial {record.trial}, which was there before; {way_out}"
            )
        seen.add(record.trial)
        records.append(record)
    return tuple(records)
