"""A learning rate that starts small, or that ends small."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import keras

from archmend.repair.cloning import rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.optimizers import OWN, changed, reset_moments, schedule_of
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

WARM_UP_SHARE = 0.05
WARM_UP_STEPS = (20, 2000)
"""Steps of a warm-up: a share of those that are left, within these bounds."""
STEPS_LEFT = 1000
"""Steps to plan for where nobody knows how many are left."""
LAST_SHARE = 0.01
"""Of the learning rate at the end of the cosine; zero would waste the last steps."""


class _Schedule(Remedy):
    # Keras' own schedules, so that a saved model is read where archmend is not installed.
    kind: ClassVar[Literal["parameters", "structure"]] = "parameters"
    keeps_function = True

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """The rate is one number that nothing else sets, and any other is allowed."""
        free = constraints.schedules and constraints.learning_rates is None
        return free and schedule_of(model.optimizer) is None and float(model.optimizer.learning_rate) > 0

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Compile a copy whose optimiser counts its steps from here, with fresh moments."""
        schedule = self._made(float(model.optimizer.learning_rate), bench.steps_left or STEPS_LEFT)
        copy = rebuild(model, optimizer=changed(model.optimizer, learning_rate=schedule))
        reset_moments(copy)
        return copy

    def _made(self, rate: float, steps: int) -> Any:
        raise NotImplementedError


class WarmUp(_Schedule):
    """Raise the rate from almost nothing to what it is within 5 % of the steps (Goyal et al. 2017)."""

    name: ClassVar[str] = "warm_up"

    def _made(self, rate: float, steps: int) -> Any:
        least, most = WARM_UP_STEPS
        rise = max(least, min(most, round(WARM_UP_SHARE * steps)))
        # A cosine that ends where it begins is a constant.
        return keras.optimizers.schedules.CosineDecay(
            rate / rise, 1, alpha=1.0, name=f"{OWN}warm_up", warmup_target=rate, warmup_steps=rise
        )


class CosineSchedule(_Schedule):
    """Let the rate fall along half a cosine until the run ends (Loshchilov and Hutter 2017)."""

    name: ClassVar[str] = "cosine_schedule"

    def _made(self, rate: float, steps: int) -> Any:
        return keras.optimizers.schedules.CosineDecay(rate, steps, alpha=LAST_SHARE, name=f"{OWN}cosine")
