"""The built-in spaces by name."""

from __future__ import annotations

from collections.abc import Callable

from archmend.errors import BadInput, unknown_name
from archmend.spaces.conv import conv, conv_open
from archmend.spaces.fc import fc
from archmend.spaces.seed_fc import seed_fc, seed_fc_free
from archmend.spaces.space import Space

_MAKERS: dict[str, Callable[[tuple[int, ...], int], Space]] = {
    "seed-fc": seed_fc,
    "seed-fc-free": seed_fc_free,
    "fc": fc,
    "conv": conv,
    "conv-open": conv_open,
}


def space_names() -> tuple[str, ...]:
    """Return the names of the built-in spaces."""
    return tuple(_MAKERS)


def create_space(name: str, *, input_shape: tuple[int, ...], classes: int) -> Space:
    """Return a built-in space for data of this form.

    Args:
        name: one of `space_names()`.
        input_shape: shape of one encoded row: (features,), or (height, width, channels) for images.
        classes: number of classes, at least 2.

    Raises:
        BadInput: an unknown name, a shape that the space does not take, fewer than two classes.
    """
    if name not in _MAKERS:
        raise unknown_name("space", name, _MAKERS)
    if not input_shape or any(size < 1 for size in input_shape):
        raise BadInput(f"input_shape must hold sizes of at least 1, got {tuple(input_shape)}")
    if classes < 2:
        raise BadInput(f"classes must be at least 2, got {classes}")
    return _MAKERS[name](tuple(input_shape), classes)
