"""What went wrong in a trial, in one line."""

from __future__ import annotations

from archmend.errors import ArchmendError

OUT_OF_MEMORY = "out of memory"
_LONGEST = 300

NOT_FINITE = "its predictions are not finite"
"""Why a network failed that was trained and answers with no numbers."""


def reason_of(error: BaseException) -> str:
    """Return an exception's kind and first line; every way of having no memory is called the same.

    What was too large is left out of that, so that trials which fail for it are seen to fail alike.
    """
    kind = type(error).__name__
    if isinstance(error, MemoryError) or kind == "ResourceExhaustedError":
        return OUT_OF_MEMORY
    line = str(error).strip().partition("\n")[0][:_LONGEST]
    if isinstance(error, ArchmendError):
        return line
    return f"{kind}: {line}" if line else kind
