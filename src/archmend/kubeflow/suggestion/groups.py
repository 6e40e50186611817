"""Several architectures in one trial: what its parameter `architecture` then holds, and its metrics' names.

With `trials_per_pod` a trial is named after the first of its suggestions, and the codes of that one and of
those that follow stand in its parameter with commas. A code's place gives the suggestion's id, and an empty
place stands for an id that was never given, since its architecture is over a limit. A code with epochs of
its own has `@` and their number behind it. No code has a comma or an `@`, and to Katib's text replacement,
to a shell and in a URI both are letters like any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from archmend.errors import BadInput
from archmend.search import Suggestion
from archmend.spaces import Space

MOST_PER_POD = 64
"""Architectures of a trial: more together are hardly faster, and a pod that is lost would cost more."""
Group = tuple[Suggestion, ...]
"""Suggestions of one trial, by id; the first one's id is the trial's."""
_PLACE = re.compile(r"(?P<code>[A-Za-z0-9_.=-]+)(@(?P<epochs>[1-9][0-9]{0,8}))?")
Measured = TypeVar("Measured")


@dataclass(frozen=True)
class Coded:
    """One architecture of a text.

    Attributes:
        number: its id. code: of it. epochs: of its own; None where it has those of the trial.
    """

    number: int
    code: str
    epochs: int | None


def write_group(group: Sequence[Suggestion], epochs: int | None = None) -> str:
    """Return the codes of a group by their places, with epochs where they are other than `epochs`."""
    places = [""] * (group[-1].id - group[0].id + 1)
    for s in group:
        own = "" if s.fidelity in (None, epochs) else f"@{s.fidelity}"
        places[s.id - group[0].id] = f"{s.architecture}{own}"
    return ",".join(places)


def split_codes(first: int, text: str) -> tuple[Coded, ...]:
    """Return what a text holds.

    Args:
        first: id of the first architecture.
        text: as `write_group` wrote it.

    Raises:
        BadInput: it is none.
    """
    places = text.split(",")
    found = []
    for place, entry in enumerate(places):
        match = _PLACE.fullmatch(entry)
        if match is None and (entry or place in (0, len(places) - 1)):
            raise BadInput(
                f"{_shown(entry)} in the architectures {_shown(text)} is none; write codes with commas, and "
                "@EPOCHS behind one with epochs of its own"
            )
        if match is not None:
            epochs = None if match["epochs"] is None else int(match["epochs"])
            found.append(Coded(first + place, match["code"], epochs))
    return tuple(found)


def read_group(first: int, text: str, space: Space, epochs: int | None = None) -> Group:
    """Return the suggestions of a text; `epochs` are those that it does not say.

    Raises:
        BadInput: it is none, or has an architecture that is not of the space.
    """
    return tuple(
        Suggestion(coded.number, space.parse(coded.code), coded.epochs or epochs)
        for coded in split_codes(first, text)
    )


def placed(metric: str, place: int) -> str:
    """Return what a metric of one architecture of a group is called; places count the codes alone."""
    return f"{metric}-{place}"


def metrics_of(metrics: Mapping[str, Measured], place: int, size: int) -> dict[str, Measured]:
    """Return the metrics of one architecture of a group by their own names; a single one has the trial's."""
    if size == 1:
        return dict(metrics)
    end = placed("", place)
    return {name.removesuffix(end): value for name, value in metrics.items() if name.endswith(end)}


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:80]}...")
