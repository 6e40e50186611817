"""The settings of a fit and of a diagnosis that are of the wrong kind, each refused in a sentence."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import keras

from archmend.errors import BadInput
from archmend.spaces import Space


def check_seed(seed: Any) -> None:
    """Refuse what NumPy's generators do not start from."""
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise BadInput(f"seed must be a whole number of at least 0, got {seed!r}")


def check_limits(budget_seconds: Any, max_repairs: Any) -> None:
    """Refuse limits that are no numbers; `check_counts` looks at which ones they are."""
    if budget_seconds is not None and not isinstance(budget_seconds, Real):
        raise BadInput(f"budget_seconds must be a number above 0, got {budget_seconds!r}")
    if max_repairs is not None and not (isinstance(max_repairs, Real) and math.isfinite(max_repairs)):
        raise BadInput(f"max_repairs must be a whole number of at least 0, got {max_repairs!r}")


def check_space(space: Any) -> None:
    """Refuse the name of a space, or whatever else is none."""
    if space is not None and not isinstance(space, Space):
        raise BadInput(
            f"space is {space!r}, which is no Space; give one, as archmend.spaces.create_space makes by name"
        )


def listed_callbacks(callbacks: Any) -> tuple[Any, ...]:
    """Return the callbacks as a tuple.

    Raises:
        BadInput: it is no collection, or there is something else than a Keras callback in it.
    """
    if isinstance(callbacks, keras.callbacks.Callback):
        raise BadInput(f"callbacks is one {type(callbacks).__name__}; give a list of callbacks, [it] for one")
    try:
        found = tuple(callbacks)
    except TypeError:
        raise BadInput(f"callbacks must be a list of Keras callbacks, got {callbacks!r}") from None
    for callback in found:
        if not isinstance(callback, keras.callbacks.Callback):
            raise BadInput(
                f"callbacks holds {callback!r}, which is no Keras callback; "
                "give instances of keras.callbacks.Callback"
            )
    return found
