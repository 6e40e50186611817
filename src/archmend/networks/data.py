"""A space for prepared data, whatever names it."""

from __future__ import annotations

from archmend.datasets import DataInfo
from archmend.spaces import Space, SpaceSource, space_source


def space_for(space: str | SpaceSource, info: DataInfo) -> Space:
    """Return the space for the data.

    Args:
        space: what `--space` was given, or what was read of that.
        info: of the data.

    Raises:
        BadInput: an unknown space, or one that is not for such data.
    """
    source = space_source(space) if isinstance(space, str) else space
    return source.space(
        input_shape=info.encoded_shape,
        classes=len(info.classes),
        columns=info.encoding.column_widths,
        words=info.encoding.word_numbers,
    )
