"""Where the numbers that a convolution adds up lie: tables of places, made once for each shape of a layer.

An image is a row of places, line by line. Each of a convolution's outputs reads one place by each tap of its
kernel, or none behind the border. Where the outputs are halved by their maxima, they stand in four blocks:
the first of each window of four, the second, and so on; so a maximum is one of whole blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NONE = -1
"""Place of what is not there."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A convolution with the same padding on both sides as Keras has it, as far as places go.

    Attributes:
        height, width: of the image. size: of the square kernel. stride: of it. pool: whether its outputs are
            halved by their maxima.
    """

    height: int
    width: int
    size: int
    stride: int
    pool: bool

    @property
    def inputs(self) -> int:
        """Places of the image."""
        return self.height * self.width

    @property
    def taps(self) -> int:
        """Places of the kernel."""
        return self.size**2

    @property
    def _sides(self) -> tuple[int, int]:
        return -(-self.height // self.stride), -(-self.width // self.stride)

    @property
    def after(self) -> tuple[int, int]:
        """Height and width behind it."""
        height, width = self._sides
        return (-(-height // 2), -(-width // 2)) if self.pool else (height, width)

    @property
    def outputs(self) -> int:
        """How many outputs each filter has; a window over the border has some of its own twice."""
        height, width = self.after
        return height * width * (4 if self.pool else 1)

    def _places(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return line, column and whether it is there of each output; else it repeats one of its window."""
        height, width = self._sides
        high, wide = self.after
        block, place = np.divmod(np.arange(self.outputs), high * wide)
        y, x = np.divmod(place, wide)
        if self.pool:
            y, x = 2 * y + block // 2, 2 * x + block % 2
        return np.minimum(y, height - 1), np.minimum(x, width - 1), (y < height) & (x < width)

    @property
    def there(self) -> np.ndarray:
        """Which outputs are no repetitions, (outputs,)."""
        return self._places()[2]

    def read(self) -> np.ndarray:
        """Return the place that each tap of each output reads, (taps, outputs)."""
        y, x, _ = self._places()
        i, j = np.divmod(np.arange(self.taps)[:, None], self.size)
        y = y * self.stride + i - self._before(self.height)
        x = x * self.stride + j - self._before(self.width)
        inside = (y >= 0) & (y < self.height) & (x >= 0) & (x < self.width)
        return np.where(inside, y * self.width + x, NONE)

    def _before(self, side: int) -> int:
        """Return how many lines or columns of zeros stand before the first one."""
        outputs = -(-side // self.stride)
        return max((outputs - 1) * self.stride + self.size - side, 0) // 2

    def readers(self) -> np.ndarray:
        """Return which output reads each place by each tap, (taps, inputs)."""
        found = np.full((self.taps, self.inputs), NONE)
        for tap, places in enumerate(np.where(self.there, self.read(), NONE)):
            outputs = np.flatnonzero(places != NONE)
            found[tap, places[outputs]] = outputs
        return found

    def gathered(self) -> np.ndarray:
        """Return all that reads each place, (most, inputs), as tap x outputs + output."""
        readers = self.readers()
        number = np.where(readers != NONE, readers + np.arange(self.taps)[:, None] * self.outputs, NONE)
        # Each column's own ones first: so there are as few rows as the most read place has readers.
        order = np.argsort(number == NONE, axis=0, kind="stable")
        number = np.take_along_axis(number, order, axis=0)
        return number[: max(1, int((number != NONE).sum(axis=0).max()))]
