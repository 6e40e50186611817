"""The learning rate, lower or higher."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from archmend.repair.constraints import Constraints
from archmend.repair.remedies.optimizers import peak_rate, scheduled, usual_rate, with_rate
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

FACTOR = 10.0
"""One step of the learning rate; a rate that is further off goes to the optimiser's usual one at once."""


class _ChangeRate(Remedy):
    kind: ClassVar[Literal["parameters", "structure"]] = "parameters"
    keeps_function = True
    up: ClassVar[bool]

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """No schedule of the user's sets the rate, and there is one to go to."""
        return not scheduled(model.optimizer) and self._target(model, constraints) is not None

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Set the rate in place; a schedule that a remedy has set is scaled in a copy."""
        target = self._target(model, bench.constraints)
        assert target is not None
        return with_rate(model, target)

    def _target(self, model: Any, constraints: Constraints) -> float | None:
        now, usual = peak_rate(model.optimizer), usual_rate(model.optimizer)
        offered = constraints.learning_rates
        if offered is None:
            target = max(now * FACTOR, usual) if self.up else min(now / FACTOR, usual)
            return None if target == now else target
        if self.up:
            return next((rate for rate in offered if rate > now * 1.01), None)
        return next((rate for rate in reversed(offered) if rate < now * 0.99), None)


class LowerLearningRate(_ChangeRate):
    """Divide the learning rate by ten, or go down to the optimiser's usual one if that is lower."""

    name: ClassVar[str] = "lower_learning_rate"
    up: ClassVar[bool] = False


class RaiseLearningRate(_ChangeRate):
    """Multiply the learning rate by ten, or go up to the optimiser's usual one if that is higher."""

    name: ClassVar[str] = "raise_learning_rate"
    up: ClassVar[bool] = True
