"""Which choice waits for which: cycles of conditions, and parents that come too late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from archmend.spaces.yaml_tree import Node, wrong


class Waits(Protocol):
    """A choice that was written, with what it waits for."""

    @property
    def name(self) -> str:
        """Of the choice."""

    @property
    def line(self) -> int:
        """Where it stands."""

    @property
    def parents(self) -> dict[str, Node]:
        """Of its condition."""

    @property
    def by(self) -> str | None:
        """The choice that counts its repetitions."""


def check_waits(label: str, choices: Sequence[Waits]) -> None:
    """Refuse choices that wait for each other, or for one that comes later.

    A parent that is not among them at all is not looked at here.

    Raises:
        BadInput: with the lines of both ends.
    """
    first: dict[str, Waits] = {}
    for choice in choices:
        if choice.name in first:
            raise wrong(
                label,
                choice.line,
                f"two choices are named {choice.name!r} (also in line {first[choice.name].line}); rename one",
            )
        first[choice.name] = choice
    for choice in choices:
        _check_cycle(label, choice, first)
    place = {choice.name: number for number, choice in enumerate(choices)}
    for choice in choices:
        for parent in _waits_for(choice, first):
            if parent in place and place[parent] > place[choice.name]:
                raise wrong(
                    label,
                    choice.line,
                    f"choice {choice.name!r} depends on {parent!r}, which comes after it (line "
                    f"{first[parent].line}); move that one up",
                )


def _check_cycle(label: str, start: Waits, known: dict[str, Waits]) -> None:
    """Follow what `start` waits for, nearest first, until it is found again."""
    ways = [[start]]
    seen = {start.name}
    while ways:
        way = ways.pop(0)
        for parent in _waits_for(way[-1], known):
            if parent == start.name:
                raise wrong(label, start.line, _cycle([*way, start]))
            if parent in known and parent not in seen:
                seen.add(parent)
                ways.append([*way, known[parent]])


def _cycle(way: list[Waits]) -> str:
    if len(way) == 2:
        return f"choice {way[0].name!r} depends on itself; remove that condition"
    rest = ", which depends on ".join(f"{one.name!r} (line {one.line})" for one in way[1:])
    return f"choice {way[0].name!r} depends on {rest}: a cycle of conditions; remove one of them"


def _waits_for(choice: Waits, known: Mapping[str, Waits]) -> list[str]:
    """Return what a choice waits for; a repetition of a choice, such as `w_1`, counts as `w`."""
    parents = [*choice.parents, *([choice.by] if choice.by else [])]
    return [_repeated(parent, known) or parent for parent in parents]


def _repeated(parent: str, known: Mapping[str, Waits]) -> str | None:
    base, _, number = parent.rpartition("_")
    return base if parent not in known and number.isdigit() and base in known and known[base].by else None
