"""The note of what was asked: suggestions of which a request may show no trial.

Katib leaves a trial without metrics out of its requests, and one that was stopped early until its observation
is there. A strategy that is not told of them would ask for the same architectures again. So each reply notes
what has no finished trial yet as an algorithm setting; Katib keeps it in the Suggestion's status, in one
write with the assignments, and sends it with the next request. The service itself keeps nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from archmend.errors import BadInput
from archmend.kubeflow.suggestion.names import ASKED, MOST_TRIALS
from archmend.search import Suggestion
from archmend.spaces import Space

_ENTRY = re.compile(r"(?P<id>0|[1-9][0-9]{0,4}):(?P<code>[A-Za-z0-9_.=-]+)(@(?P<epochs>[1-9][0-9]{0,8}))?")


def write_asked(suggestions: Mapping[int, Suggestion]) -> str:
    """Return the note: `id:architecture`, with `@epochs` where a suggestion has a fidelity, by id."""
    return " ".join(
        f"{number}:{s.architecture}" + ("" if s.fidelity is None else f"@{s.fidelity}")
        for number, s in sorted(suggestions.items())
    )


def read_asked(text: str, space: Space) -> dict[int, Suggestion]:
    """Return the suggestions of a note.

    Raises:
        BadInput: the text is no note of this space.
    """
    found: dict[int, Suggestion] = {}
    for entry in text.split():
        match = _ENTRY.fullmatch(entry)
        if match is None or int(match["id"]) in found or int(match["id"]) >= MOST_TRIALS:
            raise BadInput(
                f"the algorithm setting {ASKED!r} is the service's own note and holds {entry!r}; "
                "do not set it"
            )
        epochs = None if match["epochs"] is None else int(match["epochs"])
        number = int(match["id"])
        found[number] = Suggestion(number, space.parse(match["code"]), epochs)
    return found
