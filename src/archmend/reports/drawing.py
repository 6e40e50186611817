"""The best architecture as a row of layers, each as tall as it is wide."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from archmend.datasets import DataInfo
from archmend.errors import BadInput
from archmend.reports.record import RunRecord
from archmend.spaces import space_setting
from archmend.spaces.builtin import FAMILIES
from archmend.spaces.family import Values

TALLEST = 96


@dataclass(frozen=True)
class Layer:
    """One box of the drawing.

    Attributes:
        name: what it is. size: units, channels or features, as text. detail: what follows it.
        height: of the box, in pixels.
    """

    name: str
    size: str
    detail: str
    height: int


def layers_of(record: RunRecord) -> tuple[Layer, ...]:
    """Return the layers of the run's network, none if its space is not at hand, or not of a chain."""
    best, data = record.best, record.data
    if best is None or data is None:
        return ()
    code = (record.repair.architecture if record.repair else None) or best.architecture
    try:
        space = space_setting(record.space_text or best.space).space(
            input_shape=data.encoded_shape,
            classes=len(data.classes),
            columns=data.encoding.column_widths,
            words=data.encoding.word_numbers,
        )
        architecture = space.parse(code)
    except BadInput:
        return ()
    if space.family is None or space.family not in _DRAWN:
        return ()
    middle = _DRAWN[space.family](FAMILIES[space.family].values(architecture))
    return (
        _input(data),
        *middle,
        Layer("output", str(len(data.classes)), "softmax", _height(len(data.classes))),
    )


def _input(data: DataInfo) -> Layer:
    shape = " x ".join(map(str, data.encoded_shape))
    return Layer("input", shape, "standardised", _height(math.prod(data.encoded_shape)))


def _fully_connected(a: Values) -> Iterator[Layer]:
    for number in range(1, int(a["depth"]) + 1):
        width = int(a[f"width_{number}"])
        yield Layer(f"dense {number}", str(width), _detail(a), _height(width))


def _conv(a: Values) -> Iterator[Layer]:
    for number in range(1, int(a["blocks"]) + 1):
        filters, kernel = int(a[f"filters_{number}"]), a[f"kernel_{number}"]
        halved = "stride 2" if a[f"pool_{number}"] == "stride" else "max pool"
        detail = f"{kernel}x{kernel}, {_detail(a)}, {halved}"
        yield Layer(f"conv {number}", f"{filters} filters", detail, _height(filters))
    if a["dense"]:
        yield Layer("dense", str(a["dense"]), str(a["activation"]), _height(int(a["dense"])))


_DRAWN: dict[str, Callable[[Values], Iterator[Layer]]] = {"fc": _fully_connected, "conv": _conv}


def _detail(a: Values) -> str:
    parts = [str(a.get("activation", "relu"))]
    if a.get("normalization") == "batch":
        parts.insert(0, "batch norm")
    if a.get("dropout"):
        parts.append(f"dropout {a['dropout']}")
    return ", ".join(parts)


def _height(size: int) -> int:
    # On a logarithmic scale, so that 8 and 512 units are both to be seen.
    return round(12 + (TALLEST - 12) * min(1.0, math.log2(1 + size) / 10))
