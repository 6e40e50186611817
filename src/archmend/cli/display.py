"""How far a search or a repair is: a bar on a terminal, plain lines elsewhere, nothing if quiet."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from archmend.search import SearchProgress, TrialResult
    from archmend.steps.repair import RepairProgress


class Display:
    """Takes the progress of steps and shows it on stderr, so that stdout holds results alone."""

    def __init__(self, quiet: bool) -> None:
        """Decide by where stderr goes."""
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._terminal = not quiet and sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._end_bar()

    def step(self, name: str) -> None:
        """Say that a step begins."""
        self._end_bar()
        if not self._quiet:
            print(f"{name} ...", file=sys.stderr)

    def search(self, progress: SearchProgress) -> None:
        """Show where a search stands."""
        of = "" if progress.trials is None else f" of {progress.trials}"
        best = "" if progress.best is None else f"best {_value(progress.best)} (trial {progress.best.id})"
        if self._terminal:
            self._advance(
                f"trial {progress.finished}{of}  {best}", progress.finished, progress.trials, progress
            )
        elif not self._quiet and progress.last is not None:
            last = progress.last
            what = _value(last) if last.value is not None else last.reason
            left = "" if progress.seconds_left is None else f", {progress.seconds_left:.0f} s left"
            stands = f"{best or 'no best yet'}; {progress.finished}{of}{left}"
            print(f"trial {last.id} {last.status} {what}; {stands}", file=sys.stderr)

    def repair(self, progress: RepairProgress) -> None:
        """Show where a repair stands."""
        text = f"epoch {progress.epoch} of {progress.epochs}  validation accuracy {progress.accuracy:.4f}"
        tried = f"  {progress.decisions} remedies tried" if progress.decisions else ""
        if self._terminal:
            self._advance(text + tried, progress.epoch, progress.epochs, progress)
        elif not self._quiet:
            left = "" if progress.seconds_left is None else f"; {progress.seconds_left:.0f} s left"
            print(f"{text}{tried}{left}", file=sys.stderr)

    def _advance(self, text: str, done: int, total: int | None, progress: Any) -> None:
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), _left_column())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(text, total=total, until=None)
            self._bar.start()
        left = progress.seconds_left
        until = None if left is None else time.monotonic() + left
        self._bar.update(self._task, description=text, completed=done, until=until, refresh=True)

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _left_column() -> Any:
    """Return a column that counts down between two reports as well."""
    from rich.progress import ProgressColumn, Task
    from rich.text import Text

    class Left(ProgressColumn):
        def render(self, task: Task) -> Text:
            until = task.fields["until"]
            return Text("" if until is None else f"{max(0.0, until - time.monotonic()):.0f} s left")

    return Left()


def _value(result: TrialResult) -> str:
    values = result.value if isinstance(result.value, tuple) else (result.value,)
    return ", ".join(f"{value:.4f}" for value in values if value is not None)
