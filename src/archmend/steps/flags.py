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


def memory_bytes(text: str, name: str = "max_memory") -> int:
    """Return a size in bytes; `name` is the field that it is of.

    Raises:
        BadInput: the text is none, or less than a byte.
    """
    found = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]+)?) ?([KMGT]i?)?B?", text.strip(), re.IGNORECASE)
    size = 0
    if found is not None:
        unit = (found[2] or "").upper()
        base = 1024 if unit.endswith("I") else 1000
        size = int(float(found[1]) * base ** (" KMGT".index(unit[0]) if unit else 0))
    if size < 1:
        raise BadInput(f"{flag(name)} must be a size such as 2GiB or 500MB, got {text!r}")
    return size


def check_fused(no_fuse: bool | None, population: int | None, max_memory: str | None) -> None:
    """Refuse flags of trials that are trained together where each is trained by itself, and no size.

    Raises:
        BadInput: naming the flags.
    """
    if max_memory is not None:
        memory_bytes(max_memory)
    for given, what in (
        (population and f"--population {population}", "trains trials together"),
        (max_memory and f"--max-memory {max_memory}", "bounds networks that are trained together"),
    ):
        if no_fuse and given:
            raise BadInput(f"{given} {what} and --no-fuse trains each by itself; leave one of them out")
