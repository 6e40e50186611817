"""Arithmetic of a network's cost: trainable parameters, and 2 x multiply-accumulates of one sample."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real


@dataclass(frozen=True, slots=True)
class Cost:
    """A network's cost, or a layer's.

    Attributes:
        params: trainable parameters, as Keras counts them.
        flops: 2 x multiply-accumulates of the kernels in one forward pass of one sample.
    """

    params: int = 0
    flops: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.params + other.params, self.flops + other.flops)

    def as_dict(self) -> dict[str, int]:
        """Return the cost under the names that budgets and journals use."""
        return {"params": self.params, "flops": self.flops}


def dense(inputs: int, units: int, *, bias: bool = True) -> Cost:
    """Cost of a dense layer."""
    return Cost(inputs * units + units * bias, 2 * inputs * units)


def conv2d(kernel: int, channels: int, filters: int, height: int, width: int, *, bias: bool = True) -> Cost:
    """Cost of a square convolution whose output has this height and width."""
    weights = kernel * kernel * channels * filters
    return Cost(weights + filters * bias, 2 * weights * height * width)


def conv1d(kernel: int, channels: int, filters: int, steps: int) -> Cost:
    """Cost of a convolution along time with bias whose output has so many steps."""
    weights = kernel * channels * filters
    return Cost(weights + filters, 2 * weights * steps)


def gru(inputs: int, units: int, steps: int) -> Cost:
    """Cost of a gated recurrent unit with Keras's two biases, over so many steps."""
    weights = 3 * units * (inputs + units)
    return Cost(weights + 6 * units, 2 * weights * steps)


def normalization(channels: int) -> Cost:
    """Scale and shift of batch or layer normalisation; moving statistics are not trained."""
    return Cost(2 * channels, 0)


def is_cost(value: object) -> bool:
    """Whether it is a finite number of at least 0, as a limit can be compared with; true is none."""
    return isinstance(value, Real) and not isinstance(value, bool) and 0 <= float(value) < math.inf
