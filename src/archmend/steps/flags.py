"""Checks of single flags, shared by the steps' requests."""

from __future__ import annotations

import math
import re

from archmend.errors import BadInput


def flag(name: str) -> str:
    """Return the flag of a field."""
    return "--" + name.replace("_", "-")


def at_least(name: str, value: int | None, least: int) -> None:
    """Refuse a number below `least`; None is no limit.

    Raises:
        BadInput: naming the flag and the value.
    """
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
        raise BadInput(f"{flag(name)} must be a whole number of at least {least}, got {value}")


def positive(name: str, value: float | None) -> None:
    """Refuse a number that is not above 0; None is no limit.

    Raises:
        BadInput: naming the flag and the value.
    """
    if value is not None and not (math.isfinite(value) and value > 0):
        raise BadInput(f"{flag(name)} must be a number above 0, got {value}")


def memory_bytes(text: str) -> int:
    """Return a size in bytes.

    Raises:
        BadInput: the text is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]i?)?B?", text.strip(), re.IGNORECASE)
    if found is None or float(found[1]) == 0:
        raise BadInput(f"--max-memory must be a size such as 2GiB or 500MB, got {text!r}")
    unit = (found[2] or "").upper()
    base = 1024 if unit.endswith("I") else 1000
    return int(float(found[1]) * base ** (" KMGT".index(unit[0]) if unit else 0))
