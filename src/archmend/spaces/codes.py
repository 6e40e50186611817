"""Text codes of values: only letters, digits, `_`, `.` and the escape `=`, and never a leading dot.

Such a text is safe in file names, URLs, object names, shells and Katib's text templates, and it
leaves `-` free to join the values of an architecture.
"""

from __future__ import annotations

import math
import re

import numpy as np

from archmend.errors import BadInput

Scalar = bool | int | float | str
"""What a choice can take: a value of one of these types has a code."""

_ESCAPED = re.compile(r"^\.|[^A-Za-z0-9_.]")


def checked_value(value: object, owner: str) -> Scalar:
    """Return `value` as a plain Python scalar (NumPy scalars are turned into theirs).

    Raises:
        BadInput: the value is no boolean, finite number or text; `owner` names whose value it is.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        raise BadInput(f"{owner} has the value {value}, which has no code; use finite numbers")
    if not isinstance(value, bool | int | float | str):
        raise BadInput(
            f"{owner} has the value {value!r} of type {type(value).__name__}, which has no code; "
            "use booleans, numbers or text"
        )
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise BadInput(f"{owner} has the value {value!r}, which is no valid Unicode text") from None
    return value


def value_code(value: Scalar) -> str:
    """Return the code of a value; equal values of one type, and only they, have equal codes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = _float_text(value) if isinstance(value, float) else str(value)
    return _ESCAPED.sub(_escape, text) or "="


def _float_text(value: float) -> str:
    # Positional digits need no minus sign in an exponent, which would have to be escaped; beyond
    # this range they would be long.
    if value == 0 or 1e-12 <= abs(value) < 1e16:
        return np.format_float_positional(value, trim="-")
    return repr(value)


def _escape(match: re.Match[str]) -> str:
    return "".join(f"={byte:02X}" for byte in match.group().encode())
