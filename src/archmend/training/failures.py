"""What went wrong in a trial, in one line."""

from __future__ import annotations

OUT_OF_MEMORY = "out of memory"
_LONGEST = 300


def reason_of(error: BaseException) -> str:
    """Return an exception's kind and first line; every way of having no memory is called the same."""
    kind = type(error).__name__
    line = str(error).strip().partition("\n")[0][:_LONGEST]
    if isinstance(error, MemoryError) or kind == "ResourceExhaustedError":
        return f"{OUT_OF_MEMORY}: {line}" if line else OUT_OF_MEMORY
    return f"{kind}: {line}" if line else kind
