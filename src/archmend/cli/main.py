"""Where the command line begins and ends: every error becomes one sentence and an exit code here."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SUPPORTED = ((3, 11), (3, 13))
INTERNAL_ERROR = 1
BAD_INPUT = 2
UNAVAILABLE = 4
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code.

    That is 0 done, 1 a defect, 2 bad input, 3 nothing succeeded, 4 something outside is unavailable, 130 and
    143 interrupted.

    Args:
        arguments: without the program's name; those of the process for None.
    """
    if not SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]:
        version = ".".join(map(str, sys.version_info[:3]))
        _end(
            f"archmend needs Python 3.11, 3.12 or 3.13 and this is {version}; install one of them", BAD_INPUT
        )
    _open_streams()
    sys.exit(_run(list(sys.argv[1:] if arguments is None else arguments)))


def _open_streams() -> None:
    """Give a process that was started without stdout or stderr somewhere to write to."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115  (as long as the process lives)


def _run(arguments: list[str]) -> int:
    import typer

    from archmend.cli.app import app
    from archmend.errors import ArchmendError

    # Also where a user's own file imports TensorFlow: what it logs at its start is not for who reads us.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

    try:
        code = app(args=arguments, prog_name="archmend", standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED:  # typer takes Ctrl-C for itself
            return _say("interrupted", INTERRUPTED)
        return code if isinstance(code, int) else 0
    except ArchmendError as error:
        return _say(str(error), error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        return _say("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone; Python must not complain of that again at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        return _say("out of memory; use smaller data, a smaller --batch-size or fewer --workers", UNAVAILABLE)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            where = error.filename or "where the output goes"
            return _say(f"the disk is full ({where}); free some space, then start again", UNAVAILABLE)
        # What typer raises on wrong flags has no public base but says of itself how it is shown.
        if hasattr(error, "format_message") and getattr(error, "exit_code", None) is not None:
            return _say(_usage(error), BAD_INPUT)
        return _defect(error)


def _usage(error: Any) -> str:
    """Say what is wrong with a flag; of a number that is none, typer does not say what it was."""
    from pydantic import ValidationError

    cause = error.__cause__
    if isinstance(cause, ValidationError):
        wrong = cause.errors()[0]
        kind = "whole number" if wrong["type"].startswith("int") else "number"
        return f"{error.param.opts[0]} is {wrong['input']!r}, which is no {kind}; give a {kind}"
    return _one_line(error.format_message())


def _defect(error: Exception) -> int:
    if os.environ.get("ARCHMEND_TRACEBACK"):
        traceback.print_exc()
        return INTERNAL_ERROR
    with tempfile.NamedTemporaryFile(
        "w", prefix="archmend-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exc(file=file)
    what = _one_line(f"{type(error).__name__}: {error}")
    return _say(f"a defect of archmend ({what}); please report it with {file.name}", INTERNAL_ERROR)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _say(sentence: str, code: int) -> int:
    print(f"archmend: {sentence}", file=sys.stderr)
    return code


def _end(sentence: str, code: int) -> None:
    sys.exit(_say(sentence, code))
