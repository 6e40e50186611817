"""An architecture: one value for each active choice of a space."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archmend.spaces.codes import Scalar, value_code

JOINER = "-"
"""Stands between the codes of two values; no code of a value contains it."""


class Architecture(Mapping[str, Scalar]):
    """An immutable, hashable mapping from the active choices' names to their values.

    `str(a)` is its code: the values' codes in the order of the space's choices, joined by `-`, such
    as `2-64-32-relu-none-0.1-0.001`. Spaces make architectures (`space.architecture(values)`,
    `space.parse(code)`); only they know the order that makes codes comparable.
    """

    __slots__ = ("_code", "_hash", "_values")
    _values: dict[str, Scalar]
    _code: str | None
    _hash: int

    def __init__(self, values: Mapping[str, Scalar]) -> None:
        """Take the `values` in the order in which their codes are written."""
        held = dict(values)
        object.__setattr__(self, "_values", held)
        # Strategies make many architectures that nobody reads.
        object.__setattr__(self, "_code", None)
        object.__setattr__(self, "_hash", hash(frozenset(held.items())))

    def __getitem__(self, name: str) -> Scalar:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Architecture) and self._values == other._values

    def __hash__(self) -> int:
        return self._hash

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an architecture cannot be changed; make another one from its space")

    def __reduce__(self) -> tuple[type[Architecture], tuple[dict[str, Scalar]]]:
        return Architecture, (dict(self._values),)

    def __str__(self) -> str:
        if self._code is None:
            object.__setattr__(self, "_code", JOINER.join(map(value_code, self._values.values())))
            assert self._code is not None
        return self._code

    def __repr__(self) -> str:
        return f"Architecture({self._values!r})"
