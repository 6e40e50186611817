"""What a repair must not leave: the declared repair space."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from archmend.errors import BadInput
from archmend.spaces import Choice, Space


@dataclass(frozen=True)
class Constraints:
    """Limits on what remedies may do.

    Attributes:
        space: every candidate's architecture lies in it; None allows every remedy.
        layout: of the network that the repair began with, where the space's networks do not show their
            architecture: every candidate then has these layers, and only its numbers may change.
    """

    space: Space | None = None
    layout: tuple[str, ...] | None = None

    @property
    def learning_rates(self) -> tuple[float, ...] | None:
        """The learning rates that the space offers, ascending; None where it leaves them free."""
        if self.space is None:
            return None
        for choice in self.space.choices:
            if isinstance(choice, Choice) and choice.name == "learning_rate" and not choice.is_open:
                return tuple(sorted(float(value) for value in choice.levels))
        return None

    def admits(self, model: Any) -> bool:
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
