"""The note of what was asked: suggestions of which a request may show no trial.

Katib leaves a trial without metrics out of its requests, and one that was stopped early until its observation
is there. A strategy that is not told of them would ask for the same architectures again. So each reply notes
what has no finished trial yet as an algorithm setting; Katib keeps it in the Suggestion's status, in one
write with the assignments, and sends it with the next request. The service itself keeps nothing.

An entry is a trial's: `id:architecture@epochs`, of several architectures `id:` and what `write_group` writes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from archmend.errors import BadInput
from archmend.kubeflow.suggestion.groups import Coded, Group, split_codes, write_group
from archmend.kubeflow.suggestion.names import ASKED, MOST_TRIALS
from archmend.search import Suggestion
from archmend.spaces import Space

_ENTRY = re.compile(r"(?P<id>0|[1-9][0-9]{0,4}):(?P<codes>\S+)")


def write_asked(groups: Mapping[int, Group]) -> str:
    """Return the note, with the epochs of all suggestions that have any, by id."""
    return " ".join(f"{number}:{write_group(group)}" for number, group in sorted(groups.items()))


def read_asked(text: str, space: Space, most: int = 1) -> dict[int, Group]:
    """Return the suggestions of a note by their trials' ids.

    Args:
        text: the note.
        space: of the architectures.
        most: architectures of a trial.

    Raises:
        BadInput: the text is no note of this space.
    """
    found: dict[int, Group] = {}
    for entry in text.split():
        coded = _coded(entry)
        if not 0 < len(coded) <= most or coded[0].number in found or coded[-1].number >= MOST_TRIALS:
            raise BadInput(
                f"the algorithm setting {ASKED!r} is the service's own note and holds {entry!r}; "
                "do not set it"
            )
        found[coded[0].number] = tuple(Suggestion(c.number, space.parse(c.code), c.epochs) for c in coded)
    return found


def _coded(entry: str) -> tuple[Coded, ...]:
    """Return what an entry holds, nothing where it is none."""
    match = _ENTRY.fullmatch(entry)
    try:
        return () if match is None else split_codes(int(match["id"]), match["codes"])
    except BadInput:
        return ()
