"""What can be chosen: one named choice, the numbers without an upper end, choices that repeat."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Integral
from types import MappingProxyType

import numpy as np

from archmend.errors import BadInput
from archmend.spaces.codes import Scalar, checked_value, value_code

Partial = Mapping[str, Scalar]
"""The values of the choices decided so far."""
Condition = Mapping[str, Sequence[Scalar]] | Callable[[Partial], bool]

_DIGITS = re.compile(r"0|[1-9][0-9]{0,14}")
_TOO_LARGE = 10**15
"""Open integers end here: a code of them has at most 15 digits, and doubling would get there soon."""


@dataclass(frozen=True)
class OpenIntegers:
    """All integers from `minimum` up, without an end.

    They are drawn from a geometric distribution of the given `mean`, so that every one of them can
    be drawn and an architecture's expected size is finite.

    Attributes:
        minimum: the smallest, at least 0.
        mean: of the distribution, above `minimum`.
        doubling: whether a step may also double or halve (an even) value, besides adding or taking 1.
    """

    minimum: int = 1
    mean: float = 3.0
    doubling: bool = False

    def __post_init__(self) -> None:
        """Check what the distribution needs.

        Raises:
            BadInput: a minimum that is no whole number of at least 0, or a mean not above it.
        """
        whole = isinstance(self.minimum, Integral) and not isinstance(self.minimum, bool)
        if not whole or self.minimum < 0 or not self.minimum < self.mean < 1e9:
            raise BadInput(
                "open integers need a whole 0 <= minimum < mean < 1e9, got "
                f"minimum={self.minimum}, mean={self.mean}"
            )

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and self.minimum <= value < _TOO_LARGE

    def draw(self, rng: np.random.Generator) -> int:
        """Return a number from the geometric distribution."""
        return self.minimum - 1 + int(rng.geometric(1 / (self.mean - self.minimum + 1)))

    def steps(self, value: int) -> tuple[int, ...]:
        """Return the numbers one step away; y is a step from x exactly if x is a step from y."""
        found = [value - 1, value + 1]
        if self.doubling and value > 0:
            found += [2 * value] + ([value // 2] if value % 2 == 0 else [])
        return tuple(sorted({v for v in found if v in self and v != value}))

    def __str__(self) -> str:
        return f"integers from {self.minimum}"


@dataclass(frozen=True)
class Choice:
    """One named decision.

    Attributes:
        name: unique in its space.
        values: what it may take (booleans, numbers or text), or `OpenIntegers`.
        ordered: whether the values lie on a line; None: numbers do, the rest do not. Numbers are
            ordered by size, other values as listed.
        when: active only if each parent has one of its allowed values ({parent: values}), or if a
            predicate on the choices decided before says so; None is always active. A choice whose
            parent is inactive is inactive.
        like: name of the choice whose value this one takes when a change of another choice
            activates it and nothing draws it; None, or where that one is inactive or has a value that
            this one does not take: the first value.
    """

    name: str
    values: Sequence[Scalar] | OpenIntegers
    ordered: bool | None = None
    when: Condition | None = None
    like: str | None = None

    def __post_init__(self) -> None:
        """Turn what was given into tuples of plain scalars.

        Raises:
            BadInput: no name, no values, one twice or without a code, or a condition that is none.
        """
        if not isinstance(self.name, str) or not self.name:
            raise BadInput(f"a choice needs a name that is a text of at least one letter, got {self.name!r}")
        if not isinstance(self.values, OpenIntegers):
            object.__setattr__(self, "values", _listed(self.values, f"choice {self.name!r}"))
            if self.ordered is None:
                numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in self.values)
                object.__setattr__(self, "ordered", numbers)
        elif self.ordered is None:
            object.__setattr__(self, "ordered", True)
        if isinstance(self.when, Mapping):
            object.__setattr__(self, "when", {p: _allowed(v, self.name) for p, v in self.when.items()})
        elif self.when is not None and not callable(self.when):
            raise BadInput(
                f"choice {self.name!r} has the condition {self.when!r}; "
                "give {parent: allowed values} or a predicate on the partial architecture"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The choice's own name, as a repetition has several."""
        return (self.name,)

    @property
    def condition_text(self) -> str:
        """The condition for a person; empty for none."""
        if not isinstance(self.when, Mapping):
            return "" if self.when is None else "a function says so"
        parts = (f"{parent} is {' or '.join(map(str, ok))}" for parent, ok in self.when.items())
        return ", ".join(parts)

    @property
    def is_open(self) -> bool:
        """Whether the values have no end."""
        return isinstance(self.values, OpenIntegers)

    @cached_property
    def _by_code(self) -> dict[str, Scalar]:
        return {} if isinstance(self.values, OpenIntegers) else {value_code(v): v for v in self.values}

    @cached_property
    def levels(self) -> dict[Scalar, int]:
        """Place of each listed value: by size where all are numbers, else as listed."""
        assert not isinstance(self.values, OpenIntegers)
        numbers = [v for v in self.values if isinstance(v, int | float)]
        line = sorted(numbers) if self.ordered and len(numbers) == len(self.values) else self.values
        return {v: level for level, v in enumerate(line)}

    def active(self, partial: Partial) -> bool:
        """Whether the choice is to be made, given the choices decided before it.

        Raises:
            BadInput: its predicate raised.
        """
        if self.when is None:
            return True
        if isinstance(self.when, Mapping):
            return all(parent in partial and partial[parent] in ok for parent, ok in self.when.items())
        try:
            return bool(self.when(MappingProxyType(partial)))
        except Exception as error:
            raise BadInput(
                f"the condition of choice {self.name!r} raised {type(error).__name__}: {error}; "
                "it sees only the choices before it, and an inactive one is absent (use .get)"
            ) from error

    def canonical(self, value: object) -> Scalar | None:
        """Return the listed value equal to `value` (1 for 1.0), or None."""
        if isinstance(self.values, OpenIntegers):
            return value if isinstance(value, int) and value in self.values else None
        return next((v for v in self.values if v == value), None)

    def draw(self, rng: np.random.Generator) -> Scalar:
        """Return one value: uniform over listed ones, geometric over open integers."""
        if isinstance(self.values, OpenIntegers):
            return self.values.draw(rng)
        return self.values[int(rng.integers(len(self.values)))]

    def others(self, value: Scalar) -> tuple[Scalar, ...]:
        """Return the values one change away: every other listed one, or a step of open integers."""
        if isinstance(self.values, OpenIntegers):
            return self.values.steps(int(value))
        return tuple(v for v in self.values if v != value)

    def default(self, partial: Partial) -> Scalar:
        """Return the value that the choice takes when it becomes active and nothing draws it."""
        if self.like is not None and self.like in partial:
            alike = self.canonical(partial[self.like])
            if alike is not None:
                return alike
        return (
            max(self.values.minimum, round(self.values.mean))
            if isinstance(self.values, OpenIntegers)
            else self.values[0]
        )

    def read(self, code: str) -> Scalar | None:
        """Return the value that a code stands for, or None."""
        if isinstance(self.values, OpenIntegers):
            return int(code) if _DIGITS.fullmatch(code) and int(code) >= self.values.minimum else None
        return self._by_code.get(code)

    def known_codes(self) -> tuple[str, ...]:
        """Return the listed values' codes; empty for open integers."""
        return tuple(self._by_code)


@dataclass(frozen=True)
class Repeat:
    """Choices made once for each of `by`'s value: `width` by `depth` gives `width_1`, `width_2`, ...

    A repetition that a change adds is like the one before it.

    Attributes:
        by: name of the choice that counts; its values are integers of at least 0.
        choices: made in each repetition; their conditions are dicts, whose parents may be each
            other (of the same repetition) or choices outside.
    """

    by: str
    choices: tuple[Choice, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be named by number.

        Raises:
            BadInput: no choices, or one with a predicate.
        """
        object.__setattr__(self, "choices", tuple(self.choices))
        if not self.choices:
            raise BadInput(f"the repetition by {self.by!r} has no choices; give at least one")
        for choice in self.choices:
            if choice.when is not None and not isinstance(choice.when, Mapping):
                raise BadInput(
                    f"choice {choice.name!r} is repeated by {self.by!r} and has a predicate; "
                    "a predicate cannot know the repetition: give {parent: allowed values}"
                )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its choices, without a number."""
        return tuple(choice.name for choice in self.choices)

    @cached_property
    def _made(self) -> dict[int, tuple[Choice, ...]]:
        return {}

    def at(self, number: int) -> tuple[Choice, ...]:
        """Return the choices of the repetition with this number, which counts from 1."""
        if number not in self._made:
            self._made[number] = tuple(self._numbered(c, number) for c in self.choices)
        return self._made[number]

    def _numbered(self, choice: Choice, number: int) -> Choice:
        own = {c.name for c in self.choices}
        when = None
        if isinstance(choice.when, Mapping):
            when = {f"{p}_{number}" if p in own else p: ok for p, ok in choice.when.items()}
        like = f"{choice.name}_{number - 1}" if number > 1 else None
        return replace(choice, name=f"{choice.name}_{number}", when=when, like=like)


def _listed(values: object, owner: str) -> tuple[Scalar, ...]:
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise BadInput(f"{owner} has the values {values!r}; give a list of values")
    listed = tuple(checked_value(v, owner) for v in values)
    if not listed:
        raise BadInput(f"{owner} is empty; give at least one value")
    seen: dict[Scalar, Scalar] = {}
    codes: dict[str, Scalar] = {}
    for value in listed:
        twin = seen.get(value, codes.get(value_code(value)))
        if twin is not None:
            raise BadInput(
                f"{owner} has {twin!r} and {value!r}, which are one value or share the code "
                f"{value_code(value)!r}; keep one"
            )
        seen[value] = codes[value_code(value)] = value
    return listed


def _allowed(values: object, name: str) -> tuple[Scalar, ...]:
    # A single value stands for the list that holds it.
    return _listed(
        [values] if isinstance(values, bool | int | float | str) else values,
        f"the condition of choice {name!r}",
    )
