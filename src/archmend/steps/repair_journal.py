"""What a repair writes and tells while it trains: decisions.jsonl, and its progress."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archmend.steps.repair_files import DECISIONS, write_history
from archmend.storage import disk_errors, write_atomic

if TYPE_CHECKING:
    from archmend.repair import Decision, EpochRecord, Resumed


@dataclass(frozen=True)
class RepairProgress:
    """Where a repair stands after an epoch.

    Attributes:
        epoch: finished ones, of `epochs`. accuracy: on the validation part. decisions: made so far.
        seconds_left: of max_seconds; None without a limit.
    """

    epoch: int
    epochs: int
    accuracy: float
    decisions: int
    seconds_left: float | None


class Journal:
    """Writes what happens while it happens; makes no file before there is something to write."""

    def __init__(
        self,
        out: Path,
        epochs: int,
        deadline: float | None,
        progress: Callable[[RepairProgress], None] | None,
    ) -> None:
        """Hold where to write and whom to tell; `deadline` is of the monotonic clock."""
        self._out, self._epochs, self._deadline, self._progress = out, epochs, deadline, progress
        self._records: list[EpochRecord] = []
        self._decisions = 0
        self._opened = False

    def open(self, earlier: Iterable[Decision] = ()) -> None:
        """Make decisions.jsonl anew, once, with the lines of earlier decisions."""
        if not self._opened:
            with disk_errors(self._out):
                self._out.mkdir(parents=True, exist_ok=True)
            write_atomic(self._out / DECISIONS, "".join(map(_line, earlier)))
            self._opened = True

    def resumed(self, found: Resumed) -> None:
        """Begin with what another process has finished; its seconds are spent."""
        self.open(found.decisions)
        self._records, self._decisions = list(found.history), len(found.decisions)
        if self._deadline is not None:
            self._deadline -= found.seconds

    def epoch(self, record: EpochRecord) -> None:
        """Take an epoch's record, and tell the progress."""
        self.open()
        self._records.append(record)
        if self._progress is not None:
            left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
            said = RepairProgress(record.epoch + 1, self._epochs, record.val_accuracy, self._decisions, left)
            self._progress(said)

    def decision(self, decision: Decision) -> None:
        """Append a line that is on the disk before the repair goes on."""
        self.open()
        self._decisions += 1
        path = self._out / DECISIONS
        with disk_errors(path), path.open("a", encoding="utf-8") as file:
            file.write(_line(decision))
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        """Write the history of a repair that did not come to its end."""
        self.open()
        write_history(self._out, [record.as_dict() for record in self._records])


def _line(decision: Decision) -> str:
    return decision.model_dump_json() + "\n"
