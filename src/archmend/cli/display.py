"""How far a search or a repair is: a bar on a terminal, plain lines elsewhere, nothing if quiet."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from archmend.search import SearchProgress, TrialResult
    from archmend.steps.repair import RepairProgress


_COUNTS = ("params", "flops")


class Display:
    """Takes the progress of steps and shows it on stderr, so that stdout holds results alone."""

    def __init__(self, quiet: bool, objective: str = "accuracy") -> None:
        """Decide by where stderr goes.

        Args:
            quiet: show nothing.
            objective: of the search, as its flag has it.
        """
        self._quiet, self._objective = quiet, objective
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
        found = progress.best
        best = "" if found is None else f"best {self._value(found)} (trial {found.id})"
        if self._terminal:
            self._advance(
                f"trial {progress.finished}{of}  {best}", progress.finished, progress.trials, progress
            )
        elif not self._quiet and progress.last is not None:
            last = progress.last
            what = self._value(last) if last.value is not None else last.reason
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

    def _value(self, result: TrialResult) -> str:
        """Return each objective as it was measured: a result's value is turned so that larger is better."""
        from archmend.search import DIRECTIONS, parse_objectives

        values = result.value if isinstance(result.value, tuple) else (result.value,)
        shown = []
        for name, value in zip(parse_objectives(self._objective), values, strict=False):
            measured = DIRECTIONS[name] * (value or 0.0)
            shown.append(f"{name} {measured:,.0f}" if name in _COUNTS else f"{name} {measured:.4f}")
        return ", ".join(shown)

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
