"""Which finished trial a new one inherits its weights from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np

from archmend.errors import unknown_name
from archmend.networks.aligning import likeness
from archmend.networks.stages import stages_of_architecture
from archmend.search import Suggestion, TrialResult, best_first, best_of
from archmend.spaces import Architecture, Space
from archmend.training.pool import ChooseParent

Inherit = Literal["best", "parent", "none"]
_CONSIDERED = 64
"""Trials, the best ones, of which a parent is chosen: the gain from the others is small."""


def parent_chooser(inherit: str, space: Space) -> ChooseParent | None:
    """Return the rule of this name; None for `none`.

    Args:
        inherit: `best` is the best trial so far, as in the seed; `parent` the one from which most is to be
            gained: its rank among the finished trials, from 1 for the best down to 0, times the share of it
            that is left in the child (`archmend.networks.aligning.likeness`; in spaces whose networks are no
            chains, what the distance of the encodings leaves). Of equals the nearest, the better, the first;
            before all others one with the same architecture, the one that was trained longest.
        space: of the search.

    Raises:
        BadInput: an unknown name.
    """
    if inherit not in get_args(Inherit):
        raise unknown_name("inheritance", inherit, get_args(Inherit))
    if inherit == "none":
        return None
    return (
        _best if inherit == "best" else lambda suggestion, finished: _promising(space, suggestion, finished)
    )


def _best(_: Suggestion, finished: Sequence[TrialResult]) -> int | None:
    best = best_of(finished)
    return None if best is None else best.id


def _promising(space: Space, suggestion: Suggestion, finished: Sequence[TrialResult]) -> int | None:
    child = suggestion.architecture
    ranked = best_first(finished)
    same = [result for result in ranked if result.architecture == child]
    if same:
        return max(same, key=lambda result: result.epochs or 0.0).id
    left = _share_left(space, child)
    found: tuple[float, float] | None = None
    chosen: int | None = None
    for place, result in enumerate(ranked[:_CONSIDERED]):
        quality = 1 - place / len(ranked)
        if found is not None and quality < found[0] - 1e-9:
            break  # the likeness of none of the rest makes up for that
        share, distance = left(result.architecture)
        gain = quality * share
        if found is None or (gain, -distance) > (found[0] + 1e-9, found[1]):
            found, chosen = (gain, -distance), result.id
    return chosen


def _share_left(space: Space, child: Architecture) -> Callable[[Architecture], tuple[float, float]]:
    """Return what says which share of a parent is left in a child, and how far their encodings lie apart."""
    ours, here = stages_of_architecture(space, child), space.encode(child)

    def left(parent: Architecture) -> tuple[float, float]:
        distance = float(np.linalg.norm(space.encode(parent) - here))
        theirs = stages_of_architecture(space, parent)
        if theirs is None or ours is None:
            return 1 / (1 + distance), distance
        return likeness(theirs, ours), distance

    return left
