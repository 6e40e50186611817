"""A space as other optimisers see it: a flat list of parameters, each with a text for its value."""

from __future__ import annotations

from collections.abc import Mapping

from archmend.errors import BadInput
from archmend.spaces.architecture import Architecture
from archmend.spaces.choice import Choice, OpenIntegers, Partial, Repeat
from archmend.spaces.codes import Scalar
from archmend.spaces.space import Space
from archmend.spaces.walking import walk


def every_choice(space: Space) -> tuple[Choice, ...]:
    """Return every choice that some architecture makes, a repeated one once for each repetition.

    Raises:
        BadInput: the space has a choice without an end, and so no such list.
    """
    found: list[Choice] = []
    for item in space.choices:
        made = [item] if isinstance(item, Choice) else _repeated(space, item, found)
        for choice in made:
            if choice.is_open:
                raise BadInput(
                    f"space {space.name!r} has no flat list of parameters: {choice.name!r} takes all "
                    f"{choice.values}; take a finite space, or a strategy that reads the space itself"
                )
            found.append(choice)
    return tuple(found)


def from_texts(space: Space, texts: Mapping[str, str]) -> Architecture:
    """Return the architecture with these values, given as texts; what is inactive in it is not looked at.

    A number is the value that it equals, however it is written (`8.0` is 8).

    Raises:
        BadInput: an active choice without a value or with one that it does not take, or a name that no
            architecture of the space has.
    """

    def decide(choice: Choice, _: Partial) -> Scalar:
        if choice.name not in texts:
            raise BadInput(f"space {space.name!r} needs a value for {choice.name!r}; give {_offered(choice)}")
        value = _read(choice, texts[choice.name])
        if value is None:
            raise BadInput(
                f"{choice.name!r} of space {space.name!r} cannot be {texts[choice.name]!r}; "
                f"give {_offered(choice)}"
            )
        return value

    made = walk(space.choices, decide)
    if space.is_finite:
        known = {choice.name for choice in every_choice(space)}
        unknown = [name for name in texts if name not in known]
        if unknown:
            raise BadInput(f"{unknown[0]!r} is no choice of space {space.name!r}; leave it out")
    return Architecture(made)


def _repeated(space: Space, item: Repeat, before: list[Choice]) -> list[Choice]:
    counting = next(choice for choice in before if choice.name == item.by)
    if isinstance(counting.values, OpenIntegers):
        raise BadInput(
            f"space {space.name!r} has no flat list of parameters: {item.by!r} has no end; "
            "take a finite space, or a strategy that reads the space itself"
        )
    most = max(int(value) for value in counting.values)
    return [choice for number in range(1, most + 1) for choice in item.at(number)]


def _read(choice: Choice, text: str) -> Scalar | None:
    known = choice.read(text)
    if known is not None:
        return known
    if isinstance(choice.values, OpenIntegers):
        return None
    for value in choice.values:
        if isinstance(value, str):
            if value == text:
                return value
        elif isinstance(value, bool):
            if str(value).lower() == text.lower():
                return value
        elif _number(text) == value:
            return value
    return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _offered(choice: Choice) -> str:
    if isinstance(choice.values, OpenIntegers):
        return str(choice.values)
    return "one of " + ", ".join(str(value) for value in choice.values)
