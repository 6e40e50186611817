"""What is trained: the populations that are compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from archmend.datasets import Prepared, take, write_prepared
from archmend.spaces import Space, space_source

_MIXED = """
name: {name}
family: fc
choices:
  - name: depth
    range: {{from: 1, to: 6}}
  - repeat: depth
    choices:
      - name: width
        range: {{from: {least}, to: {most}}}
"""
SHAPE, CLASSES = (28, 28, 1), 10


@dataclass(frozen=True)
class Case:
    """A population.

    Attributes:
        name: of it. space: name, or YAML text. count: networks; the whole space if that has no more.
        epochs: of each. bar: times as fast as Keras's `fit` one by one that it is held to.
        rows: to train on, of the training part; None is all of it.
    """

    name: str
    space: str
    count: int
    epochs: int
    bar: float
    rows: int | None = None

    def prepared(self, whole: Prepared, folder: Path) -> Path:
        """Write its data to a folder: as small a share of the validation part as of the training part."""
        if self.rows is None:
            return write_prepared(whole, folder)
        share = self.rows / len(whole.train.y)
        parts = {}
        for name in ("train", "validation"):
            part = whole.part(name)  # type: ignore[arg-type]
            some = slice(round(share * len(part.y)))
            parts[name] = replace(part, x=take(part.x, some), y=part.y[some])
        counts = {name: len(part.y) for name, part in parts.items()}
        info = whole.info.model_copy(update={"rows": {**whole.info.rows, **counts}})
        return write_prepared(replace(whole, info=info, **parts), folder)

    def opened(self) -> Space:
        """Return the space."""
        return space_source(self.space).space(input_shape=SHAPE, classes=CLASSES)

    def codes(self) -> list[str]:
        """Return the architectures, drawn with a fixed seed."""
        space = self.opened()
        if space.size <= self.count:
            return [str(architecture) for architecture in space]
        rng = np.random.default_rng(8)
        return [str(space.sample(rng)) for _ in range(self.count)]


MIDDLE = _MIXED.format(name="middle", least=8, most=64)
WIDE = _MIXED.format(name="wide", least=16, most=256)
CASES = {
    case.name: case
    for case in (
        Case("grid-1", "seed-fc", 100, 1, 25),
        Case("grid-3", "seed-fc", 100, 3, 15),
        Case("middle", MIDDLE, 32, 3, 8),
        Case("wide", WIDE, 32, 3, 3),
        Case("conv", "conv", 16, 3, 2, rows=10_000),
    )
}


def macs(space: Space, codes: list[str]) -> int:
    """Return the multiply-accumulates of one row through all of these networks."""
    return sum(int(space.cost(space.parse(code))["flops"]) // 2 for code in codes)
