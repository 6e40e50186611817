"""Parameters of a run, held against what the compiled pipeline takes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from archmend.errors import BadInput, unknown_name

_WANTED = {
    "STRING": "a text",
    "NUMBER_INTEGER": "a whole number",
    "NUMBER_DOUBLE": "a number",
    "BOOLEAN": "true or false",
    "LIST": "a list, as JSON",
    "STRUCT": "a mapping, as JSON",
}
_TRUTH = {"true": True, "false": False}
_WHOLE_NUMBERS = 2**53
"""Values travel as JSON numbers, which are exact up to here."""


def checked_parameters(given: Mapping[str, Any], declared: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the parameters with the types that the pipeline declares.

    Args:
        given: by name; texts are read as the type says, values of another kind must be of that type.
        declared: the compiled pipeline's.

    Raises:
        BadInput: an unknown name, a value of another type, or one missing that has no default.
    """
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name not in declared:
            raise unknown_name("pipeline parameter", name, declared)
        kind = str(declared[name].get("parameterType", "STRING"))
        try:
            found[name] = _value(value, kind)
        except (ValueError, TypeError) as error:
            wanted = _WANTED.get(kind, kind)
            shown = value if isinstance(value, str) else json.dumps(value, default=str)
            raise BadInput(f"parameter {name}={shown} is of the wrong type; give {wanted}") from error
    for name, what in declared.items():
        if name not in given and "defaultValue" not in what and not what.get("isOptional"):
            wanted = _WANTED.get(str(what.get("parameterType")), "a value")
            raise BadInput(f"parameter {name} has no default and is missing; give {wanted}")
    return found


def _value(value: Any, kind: str) -> Any:
    if isinstance(value, str) and kind in ("LIST", "STRUCT"):
        value = json.loads(value)
    if kind == "STRING":
        return _of(value, str)
    if kind == "BOOLEAN":
        return _of(_TRUTH.get(value.lower()) if isinstance(value, str) else value, bool)
    if kind == "NUMBER_INTEGER":
        number = int(value) if isinstance(value, str) else _of(value, int)
        if isinstance(value, bool) or abs(number) > _WHOLE_NUMBERS:
            raise ValueError(value)
        return number
    if kind == "NUMBER_DOUBLE":
        number = float(value) if isinstance(value, str) else float(_of(value, int, float))
        if isinstance(value, bool) or not math.isfinite(number):
            raise ValueError(value)
        return number
    if kind in ("LIST", "STRUCT"):
        # A date or NaN deep inside is none of JSON's values.
        json.dumps(value, allow_nan=False)
    return _of(value, *{"LIST": (list,), "STRUCT": (dict,)}.get(kind, (object,)))


def _of(value: Any, *kinds: type) -> Any:
    if not isinstance(value, kinds):
        raise TypeError(value)
    return value
