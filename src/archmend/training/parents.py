"""Which finished trial a new one inherits its weights from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from archmend.errors import unknown_name
from archmend.search import Suggestion, TrialResult, best_of
from archmend.spaces import Space
from archmend.training.pool import ChooseParent

Inherit = Literal["best", "parent", "none"]


def parent_chooser(inherit: str, space: Space) -> ChooseParent | None:
    """Return the rule of this name; None for `none`.

    Args:
        inherit: `best` is the best trial so far, as in the seed; `parent` the one with the architecture
            that differs least (the smallest distance of their encodings), the better one of equals.
        space: of the search.

    Raises:
        BadInput: an unknown name.
    """
    if inherit not in get_args(Inherit):
        raise unknown_name("inheritance", inherit, get_args(Inherit))
    if inherit == "none":
        return None
    return _best if inherit == "best" else lambda suggestion, finished: _nearest(space, suggestion, finished)


def _best(_: Suggestion, finished: Sequence[TrialResult]) -> int | None:
    best = best_of(finished)
    return None if best is None else best.id


def _nearest(space: Space, suggestion: Suggestion, finished: Sequence[TrialResult]) -> int | None:
    if not finished:
        return None
    here = space.encode(suggestion.architecture)
    distances = [float(np.linalg.norm(here - space.encode(r.architecture))) for r in finished]
    nearest = [r for r, d in zip(finished, distances, strict=True) if d <= min(distances) + 1e-9]
    best = best_of(nearest)
    return None if best is None else best.id
