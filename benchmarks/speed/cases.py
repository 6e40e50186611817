"""What is trained: the populations that are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
    """

    name: str
    space: str
    count: int
    epochs: int
    bar: float

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
    )
}


def macs(space: Space, codes: list[str]) -> int:
    """Return the multiply-accumulates of one row through all of these networks."""
    return sum(int(space.cost(space.parse(code))["flops"]) // 2 for code in codes)
