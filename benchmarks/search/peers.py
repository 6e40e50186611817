"""Other tools behind the two calls that a replay makes: what next, and what came of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from archmend.search import Strategy, TrialResult, create_strategy, strategy_names
from archmend.spaces import Architecture, Space


class Searcher(Protocol):
    """Whatever can be asked and told."""

    def ask(self) -> Architecture | None:
        """Return what to try next."""

    def tell(self, value: float) -> None:
        """Take in the value, larger is better, of what was asked last."""


class Ours:
    """A strategy of archmend."""

    def __init__(self, strategy: Strategy) -> None:
        self._strategy, self._asked = strategy, None

    def ask(self) -> Architecture | None:
        self._asked = next(iter(self._strategy.ask(1)), None)
        return None if self._asked is None else self._asked.architecture

    def tell(self, value: float) -> None:
        assert self._asked is not None
        self._strategy.tell([TrialResult(self._asked.id, self._asked.architecture, value)])


class OptunaTPE:
    """Optuna's TPESampler as it comes, or multivariate; every choice is categorical, as users write it."""

    def __init__(self, space: Space, seed: int, **settings: Any) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sampler = optuna.samplers.TPESampler(seed=seed, **settings)
        self._study = optuna.create_study(direction="maximize", sampler=sampler)
        self._space, self._trial = space, None

    def ask(self) -> Architecture:
        self._trial = self._study.ask()
        return self._space.make(lambda c, _: self._trial.suggest_categorical(c.name, list(c.values)))

    def tell(self, value: float) -> None:
        self._study.tell(self._trial, value)


class KerasTunerBayesian:
    """KerasTuner's BayesianOptimizationOracle without a tuner; ordered numbers are `Choice(ordered=True)`."""

    def __init__(self, space: Space, seed: int) -> None:
        import tempfile

        import keras_tuner

        hp = keras_tuner.HyperParameters()
        for choice in space.choices:
            hp.Choice(choice.name, list(choice.values), ordered=bool(choice.ordered))
        objective = keras_tuner.Objective("value", "max")
        self._oracle = keras_tuner.oracles.BayesianOptimizationOracle(
            objective=objective, max_trials=10**6, seed=seed, hyperparameters=hp
        )
        self._scratch = tempfile.TemporaryDirectory()
        self._oracle._set_project_dir(self._scratch.name, "replay")
        self._space, self._trial = space, None

    def ask(self) -> Architecture | None:
        self._trial = self._oracle.create_trial("tuner0")
        if self._trial.status != "RUNNING":
            return None
        values: Mapping[str, Any] = self._trial.hyperparameters.values
        return self._space.architecture(values)

    def tell(self, value: float) -> None:
        self._oracle.update_trial(self._trial.trial_id, {"value": value})
        self._trial.status = "COMPLETED"
        self._oracle.end_trial(self._trial)


def searchers() -> dict[str, Callable[[Space, int], Searcher]]:
    """Return all of them by name, each made from a space and a seed."""

    def ours(name: str) -> Callable[[Space, int], Searcher]:
        return lambda space, seed: Ours(create_strategy(name, space, seed))

    # Those with several fidelities need more than one value of an architecture, which these tables lack.
    found = {
        name: ours(name) for name in strategy_names() if name not in ("grid", "asha", "hyperband", "nsga2")
    }
    found["optuna-tpe"] = OptunaTPE
    found["optuna-tpe-multivariate"] = lambda space, seed: OptunaTPE(space, seed, multivariate=True)
    found["keras-tuner"] = KerasTunerBayesian
    return found
