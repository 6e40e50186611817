"""What a repair must not leave: the declared repair space, what is frozen, and the budget."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from archmend.errors import BadInput
from archmend.repair.targets import Targets
from archmend.spaces import Choice, Space


@dataclass(frozen=True)
class Constraints:
    """Limits on what remedies may do. The model's inputs and its output's form are fixed in any case.

    Attributes:
        space: every candidate's architecture lies in it; None allows every remedy.
        layout: of the network that the repair began with, where the space's networks do not show their
            architecture: every candidate then has these layers, and only its numbers may change.
        frozen: names of layers that stay as they are, besides those with `trainable` False.
        max_params: trainable parameters at most; None for any number.
        max_latency_ms: median of a forward pass of one row on this machine; None for any.
        targets: what the training labels are; None where that is not known.
        schedules: whether the learning rate may follow a schedule; False where something else sets it as
            training goes, such as a callback, which Keras refuses beside a schedule.
    """

    space: Space | None = None
    layout: tuple[str, ...] | None = None
    frozen: frozenset[str] = frozenset()
    max_params: int | None = None
    max_latency_ms: float | None = None
    targets: Targets | None = None
    schedules: bool = True

    @property
    def learning_rates(self) -> tuple[float, ...] | None:
        """The learning rates that the space offers, ascending; None where it leaves them free."""
        if self.space is None:
            return None
        for choice in self.space.choices:
            if isinstance(choice, Choice) and choice.name == "learning_rate" and not choice.is_open:
                return tuple(sorted(float(value) for value in choice.levels))
        return None

    def nearest_rate(self, rate: float) -> float:
        """Return the offered learning rate that is nearest in ratio; `rate` itself where all are free."""
        offered = self.learning_rates
        return rate if offered is None else min(offered, key=lambda offer: abs(math.log(offer / rate)))

    def frozen_in(self, model: Any) -> frozenset[str]:
        """Return the names of the model's layers that stay as they are."""
        return frozenset(x.name for x in model.layers if not x.trainable or x.name in self.frozen)

    def room(self, model: Any) -> float:
        """Return how many trainable parameters may be added; infinite without a limit."""
        return math.inf if self.max_params is None else self.max_params - parameters(model)

    def over_budget(self, model: Any) -> str | None:
        """Return in words which limit of cost the model is over; None where it keeps them."""
        count = parameters(model)
        if self.max_params is not None and count > self.max_params:
            return f"{count} trainable parameters are over the limit of {self.max_params}"
        if self.max_latency_ms is not None:
            taken = _latency_ms(model)
            if taken > self.max_latency_ms:
                return f"{taken:.3g} ms a row are over the limit of {self.max_latency_ms:g}"
        return None

    def admits(self, model: Any) -> bool:
        """Return whether the model keeps the budget and its architecture lies in the space."""
        return self.holds(model) and self.over_budget(model) is None

    def holds(self, model: Any) -> bool:
        """Return whether the model's architecture lies in the space."""
        if self.space is None:
            return True
        from archmend.networks import architecture_of, layout_of

        if self.layout is not None:
            return layout_of(model) == self.layout and self._offers_rate(model)
        try:
            architecture = architecture_of(model, self.space)
        except BadInput:
            return False
        return self._offers_rate(model) and architecture in self.space

    def _offers_rate(self, model: Any) -> bool:
        rates = self.learning_rates
        return rates is None or any(
            math.isclose(float(model.optimizer.learning_rate), rate, rel_tol=1e-5) for rate in rates
        )


def parameters(model: Any) -> int:
    """Return the number of trainable parameters."""
    return sum(math.prod(v.shape) for v in model.trainable_variables)


def _latency_ms(model: Any) -> float:
    from archmend.networks.latency import measure_latency

    def row(tensor: Any) -> np.ndarray:
        # A length that the model leaves open is timed at one step.
        shape = (1, *(size or 1 for size in tensor.shape[1:]))
        return np.full(shape, b"") if tensor.dtype == "string" else np.zeros(shape, tensor.dtype)

    import keras  # this file is read where no network is: for the names on a command line

    inputs = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
    return measure_latency(model, keras.tree.map_structure(row, inputs)).median_ms
