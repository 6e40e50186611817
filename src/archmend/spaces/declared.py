"""What a space's declaration must satisfy, checked once when it is made."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from archmend.errors import BadInput, unknown_name
from archmend.spaces.choice import Choice, OpenIntegers, Repeat

Item = Choice | Repeat
MOST_CHOICES = 300
"""Of one architecture: counting a space goes a call deeper for each, and takes many seconds for so many."""
_NUMBER = re.compile("[1-9][0-9]{0,8}")


def checked_items(choices: Iterable[Item], space: str) -> tuple[Item, ...]:
    """Return the items of a space, or say what is wrong with them.

    Raises:
        BadInput: none at all, a name twice, a condition on a choice that is not made before, or on a value
            that its parent does not have, a repetition by something that does not count.
    """
    items = tuple(choices)
    if not items:
        raise BadInput(f"space {space!r} has no choices; give at least one")
    known: dict[str, Choice] = {}
    repeated: dict[str, _Repeated] = {}
    most = 0
    for item in items:
        if isinstance(item, Choice):
            _add(item, known, repeated, space)
            most += 1
        elif isinstance(item, Repeat):
            _check_counter(item, known)
            times = _most(known[item.by])
            inside = dict(known)
            _refuse_numbered(item.names, [*known, *item.names, *repeated])
            for choice in item.choices:
                _add(choice, inside, repeated, space)
            repeated |= {choice.name: _Repeated(choice, times) for choice in item.choices}
            most += len(item.choices) * (times or 1)
        else:
            raise BadInput(f"space {space!r} has {item!r} among its choices; give Choice or Repeat")
    if most > MOST_CHOICES:
        raise BadInput(
            f"space {space!r} has architectures of {most:,} choices; give at most {MOST_CHOICES} in all"
        )
    return items


@dataclass(frozen=True)
class _Repeated:
    """A choice of a repetition, and how often it is made at most; None without an end."""

    choice: Choice
    times: int | None


def _most(counter: Choice) -> int | None:
    return None if counter.is_open else max(int(value) for value in counter.levels)


def _add(choice: Choice, known: dict[str, Choice], repeated: Mapping[str, _Repeated], space: str) -> None:
    if choice.name in known or choice.name in repeated:
        raise BadInput(f"space {space!r} has two choices named {choice.name!r}; rename one of them")
    _refuse_numbered(repeated, [choice.name])
    if isinstance(choice.when, dict):
        for parent, allowed in choice.when.items():
            found = known.get(parent) or _numbered(choice, parent, repeated)
            if found is None:
                raise _no_parent(choice, str(parent), known, repeated)
            _check_condition(choice, parent, found, allowed)
    like = choice.like
    if like is not None and like not in known and _numbered(choice, like, repeated) is None:
        raise unknown_name(f"choice that {choice.name!r} is like", like, known)
    known[choice.name] = choice


def _refuse_numbered(repeated: Container[str], names: Iterable[str]) -> None:
    """Refuse names that the repetitions of a choice have."""
    for name in names:
        stem, _, number = name.rpartition("_")
        if stem in repeated and number.isdigit():
            raise BadInput(f"choice {name!r} has the name of a repeated one; rename it")


def _no_parent(
    choice: Choice, parent: str, known: Mapping[str, Choice], repeated: Mapping[str, _Repeated]
) -> BadInput:
    depends = f"choice {choice.name!r} depends on {parent!r}"
    if parent in repeated:
        return BadInput(
            f"{depends}, which is made several times; name one of them, such as {parent + '_1'!r}"
        )
    if not known:
        return BadInput(f"{depends}, and no choice comes before it; put what it depends on first")
    error = unknown_name("choice", parent, known)
    return BadInput(f"{depends}, which does not come before it: {str(error).partition(': ')[2]}")


def _numbered(choice: Choice, parent: object, repeated: Mapping[str, _Repeated]) -> Choice | None:
    """Return the repeated choice that a name such as `width_2` means; None for a name of none.

    Raises:
        BadInput: the choice is never repeated so often.
    """
    name, _, number = str(parent).rpartition("_")
    if name not in repeated or not _NUMBER.fullmatch(number):
        return None
    found = repeated[name]
    if found.times is not None and int(number) > found.times:
        raise BadInput(
            f"choice {choice.name!r} depends on {parent!r}, and {name!r} is repeated {found.times} times at "
            "most; give a number up to that"
        )
    return found.choice


def _check_condition(choice: Choice, parent: str, found: Choice, allowed: Sequence[object]) -> None:
    for value in allowed:
        if found.canonical(value) is None:
            raise BadInput(
                f"choice {choice.name!r} depends on {parent!r} being {value!r}, which it never is; "
                f"{parent!r} takes {_values_of(found)}"
            )


def _check_counter(repeat: Repeat, known: dict[str, Choice]) -> None:
    if repeat.by not in known:
        raise unknown_name("counting choice of a repetition", repeat.by, known)
    values = known[repeat.by].values
    if isinstance(values, OpenIntegers):
        return
    wrong = [v for v in values if not isinstance(v, int) or isinstance(v, bool) or v < 0]
    if wrong:
        raise BadInput(
            f"a repetition is counted by {repeat.by!r}, which can be {wrong[0]!r}; give whole numbers from 0"
        )


def _values_of(choice: Choice) -> str:
    if isinstance(choice.values, OpenIntegers):
        return str(choice.values)
    return ", ".join(repr(v) for v in choice.values)
