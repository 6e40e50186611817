"""One exception family: each message says what was wrong, with its value, and what to do next.

The command line turns the class into an exit code, so a library caller and a shell script see the
same distinction: the caller's input, the machine's state, or our own defect.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ArchmendError(Exception):
    """Base of everything archmend raises on purpose; an internal error when raised itself."""

    exit_code = 1


class BadInput(ArchmendError, ValueError):
    """Something that came from outside is wrong: the message names it, its value and the way out."""

    exit_code = 2


class MissingExtra(BadInput):
    """A package that an optional extra brings is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        """Name the `package` that is missing and the `extra` that brings it."""
        super().__init__(
            f"{package} is not installed; install the extra that brings it: pip install 'archmend[{extra}]'"
        )


class NothingSucceeded(ArchmendError):
    """Every attempt failed, so there is no result to give."""

    exit_code = 3


class Unavailable(ArchmendError):
    """Something outside is unavailable: a service, the disk, memory, the data source."""

    exit_code = 4


class Interrupted(ArchmendError):
    """A signal ended the work; what was finished is in the journal."""

    def __init__(self, message: str, *, signal_number: int) -> None:
        """Keep the shell's convention: 128 plus the signal's number."""
        super().__init__(message)
        self.exit_code = 128 + signal_number


def unknown_name(kind: str, name: str, known: Iterable[str]) -> BadInput:
    """Return the error for a `name` that is not among the `known` ones, with the nearest of them."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return BadInput(f"unknown {kind} {name!r}: {hint}known: {', '.join(names)}")
