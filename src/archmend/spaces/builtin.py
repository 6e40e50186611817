"""The built-in spaces by name, and the families that their networks are of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from numbers import Integral

from archmend.errors import BadInput, unknown_name
from archmend.spaces import cells, conv, fc, seed_fc, series, tabular, text
from archmend.spaces.declared import Item
from archmend.spaces.family import Family, Rows
from archmend.spaces.space import Space


@dataclass(frozen=True)
class BuiltIn:
    """A built-in space before its data is known.

    Attributes:
        family: of its networks. choices: in order.
    """

    family: Family
    choices: tuple[Item, ...]


BUILT_IN: dict[str, BuiltIn] = {
    "seed-fc": BuiltIn(fc.FAMILY, seed_fc.SEED_FC),
    "seed-fc-free": BuiltIn(fc.FAMILY, seed_fc.SEED_FC_FREE),
    "fc": BuiltIn(fc.FAMILY, fc.FC),
    "conv": BuiltIn(conv.FAMILY, conv.CONV),
    "conv-open": BuiltIn(conv.FAMILY, conv.CONV_OPEN),
    "cells": BuiltIn(cells.FAMILY, cells.CELLS),
    "series": BuiltIn(series.FAMILY, series.SERIES),
    "tabular": BuiltIn(tabular.FAMILY, tabular.TABULAR),
    "text": BuiltIn(text.FAMILY, text.TEXT),
}
FAMILIES: dict[str, Family] = {one.family.name: one.family for one in BUILT_IN.values()}


def needs_columns(space: Space) -> bool:
    """Whether the space's networks depend on which numbers of a row are which column's."""
    return space.family in FAMILIES and FAMILIES[space.family].by_columns


def space_names() -> tuple[str, ...]:
    """Return the names of the built-in spaces."""
    return tuple(BUILT_IN)


def create_space(
    name: str,
    *,
    input_shape: tuple[int, ...],
    classes: int,
    columns: tuple[int, ...] | None = None,
    words: int | None = None,
) -> Space:
    """Return a built-in space for data of this form.

    Args:
        name: one of `space_names()`.
        input_shape: shape of one encoded row: (features,), or (height, width, channels) for images.
        classes: number of classes, at least 2.
        columns: of a table: how many numbers of a row are each column's.
        words: of texts: how many different numbers a word can be.

    Raises:
        BadInput: an unknown name, a shape that the space does not take, fewer than two classes.
    """
    if name not in BUILT_IN:
        raise unknown_name("space", str(name), BUILT_IN)
    if not isinstance(input_shape, Sequence) or not all(map(_is_count, input_shape)):
        raise BadInput(f"input_shape must be a tuple of whole numbers of at least 1, got {input_shape!r}")
    if not _is_count(classes):
        raise BadInput(f"classes must be a whole number of at least 2, got {classes!r}")
    made = BUILT_IN[name]
    return family_space(name, made.choices, made.family, Rows(tuple(input_shape), classes, columns, words))


def _is_count(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1


def family_space(
    name: str, choices: Iterable[Item], family: Family, rows: Rows, *, text: str | None = None
) -> Space:
    """Return a space of a family's networks, with their costs.

    Raises:
        BadInput: the family is not for such rows, or a declaration that contradicts itself.
    """
    family.check_rows(name, rows)
    return Space(
        choices,
        name=name,
        cost=partial(family.cost, rows=rows),
        family=family.name,
        input_shape=rows.shape,
        classes=rows.classes,
        columns=rows.columns,
        words=rows.words,
        text=text,
    )
