"""Optuna's tree-structured Parzen estimator."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from archmend.errors import BadInput
from archmend.search.limited import LimitedStrategy
from archmend.search.strategy import Settings as BaseSettings
from archmend.spaces import Architecture

if TYPE_CHECKING:
    from archmend.search.optuna_study import HistoryStudy

_DRAWS = 4
"""Draws of the sampler, each anew, before something else is tried: near its end it often repeats itself."""


class Tpe(LimitedStrategy):
    """Draws where good trials lie denser than the others.

    Bergstra et al., Algorithms for Hyper-Parameter Optimization (NeurIPS 2011), as Optuna has it (Akiba et
    al., KDD 2019; Watanabe, arXiv:2304.11127), and with several objectives Ozaki et al. (GECCO 2020).

    Choices are made one by one, as Optuna's trials do, so inactive ones are no part of a trial. A draw that
    is over a limit of cost or was asked before is drawn again; then comes an architecture one change away
    from it, and then a random one.
    """

    name: ClassVar[str] = "tpe"

    class Settings(BaseSettings):
        """Settings of Optuna's sampler.

        Attributes:
            startup: measured trials before the sampler draws; until then draws are random, half of them at
                most earlier runs' best. candidates: draws of the good trials' density, of which one is taken.
            multivariate: all choices that are always active in one density rather than each by itself.
            group: one density also for each set of choices that are active together; only with multivariate.
            constant_liar: whether running trials count as bad ones, so that parallel ones spread.
        """

        startup: int = Field(default=10, ge=1)
        candidates: int = Field(default=24, ge=1)
        multivariate: bool = True
        group: bool = False
        constant_liar: bool = True

    settings: Settings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Check that the settings fit together.

        Raises:
            BadInput: wrong settings, or no architecture within the limits.
        """
        super().__init__(*args, **kwargs)
        if self.settings.group and not self.settings.multivariate:
            raise BadInput(
                "group of strategy 'tpe' needs multivariate; leave group out, or multivariate=false"
            )

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        """Return what the sampler draws, or while little is measured a random architecture."""
        rng = np.random.default_rng((self.seed, number))
        seen = set(before.values())
        if len(seen) >= self.space.size:
            return None
        if len(self.measured_before(number)) < self.settings.startup:
            return self.draw_first(number, self.settings.startup, rng, seen)
        return self._sampled(number, rng, seen)

    def _sampled(self, number: int, rng: np.random.Generator, seen: set[Architecture]) -> Architecture | None:
        results = {result.id: result for result in self.history if result.id < number}
        self._study.follow(self.asked_before(number), results)
        sampler = self._sampler(int(rng.integers(2**32)))
        for _ in range(_DRAWS):
            drawn = self._study.draw(sampler)
            if self._wanted(drawn, seen):
                return drawn
        near = [a for a in self.space.neighbours(drawn) if self._wanted(a, seen)]
        return near[int(rng.integers(len(near)))] if near else self.draw_unseen(rng, seen)

    def _wanted(self, architecture: Architecture, seen: set[Architecture]) -> bool:
        return architecture not in seen and self.fits(architecture)

    @cached_property
    def _study(self) -> HistoryStudy:
        from archmend.search.optuna_study import HistoryStudy

        return HistoryStudy(self.space, len(self.objectives))

    def _sampler(self, seed: int) -> Any:
        import optuna

        from archmend.search.optuna_study import quiet

        settings = self.settings
        with quiet():
            return optuna.samplers.TPESampler(
                n_startup_trials=1,
                n_ei_candidates=settings.candidates,
                seed=seed,
                multivariate=settings.multivariate,
                group=settings.group,
                constant_liar=settings.constant_liar,
            )
