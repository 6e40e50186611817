"""Other tools behind the two calls that a replay makes: what next, and what came of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, Protocol

from archmend.search import Strategy, TrialResult, create_strategy, strategy_names
from archmend.spaces import Architecture, Choice, Space


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
    """Optuna's TPESampler as it comes or choice by choice; each choice is categorical, as users write it."""

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

    def insert(self, architecture: Architecture, value: float) -> None:
        """Take in a trial that it did not ask, as one of its own."""
        import optuna

        kinds = {
            c.name: optuna.distributions.CategoricalDistribution(list(c.values))
            for c in self._space.laid_out
            if c.name in architecture
        }
        self._study.add_trial(
            optuna.trial.create_trial(params=dict(architecture), distributions=kinds, value=value)
        )


class KerasTunerBayesian:
    """KerasTuner's BayesianOptimizationOracle without a tuner.

    Ordered numbers are `Choice(ordered=True)`; choices that are not always made stand in conditional scopes.
    """

    def __init__(self, space: Space, seed: int) -> None:
        import tempfile

        import keras_tuner

        hp = keras_tuner.HyperParameters()
        _declare(hp, space)
        objective = keras_tuner.Objective("value", "max")
        self._oracle = keras_tuner.oracles.BayesianOptimizationOracle(
            objective=objective, max_trials=10**6, seed=seed, hyperparameters=hp
        )
        self._oracle.verbose = 0
        self._scratch = tempfile.TemporaryDirectory()
        self._oracle._set_project_dir(self._scratch.name, "replay")
        self._space, self._trial = space, None

    def ask(self) -> Architecture | None:
        self._trial = self._oracle.create_trial("tuner0")
        if self._trial.status != "RUNNING":
            return None
        values: Mapping[str, Any] = self._trial.hyperparameters.values
        return self._space.make(lambda c, _: values[c.name])

    def tell(self, value: float) -> None:
        self._oracle.update_trial(self._trial.trial_id, {"value": value})
        self._trial.status = "COMPLETED"
        self._oracle.end_trial(self._trial)

    def insert(self, architecture: Architecture, value: float) -> None:
        """Take in a trial that it did not ask, as one of its own."""
        from keras_tuner.engine.trial import Trial

        hp = self._trial.hyperparameters.copy()
        hp.values = {**hp.values, **architecture}
        given = Trial(hp, f"given-{len(self._oracle.trials)}", "COMPLETED")
        given.score = value
        self._oracle.trials[given.trial_id] = given


def _declare(hp: Any, space: Space) -> None:
    """Name the space's choices to KerasTuner, repeated and conditional ones under their parents' values."""
    for item in space.choices:
        if isinstance(item, Choice):
            conditions = dict(item.when) if isinstance(item.when, Mapping) else {}
            _declare_choice(hp, item, conditions)
            continue
        counts = next(c for c in space.choices if isinstance(c, Choice) and c.name == item.by).values
        for number in range(1, max(counts) + 1):
            enough = [count for count in counts if count >= number]
            for choice in item.at(number):
                inner = dict(choice.when) if isinstance(choice.when, Mapping) else {}
                _declare_choice(hp, choice, {item.by: enough, **inner})


def _declare_choice(hp: Any, choice: Choice, conditions: Mapping[str, Any]) -> None:
    with ExitStack() as scopes:
        for parent, values in conditions.items():
            scopes.enter_context(hp.conditional_scope(parent, list(values)))
        hp.Choice(choice.name, list(choice.values), ordered=bool(choice.ordered))


class SyneTuneBore:
    """Syne Tune's BORE as it comes: the one of its model-based searchers that its own requirements run.

    Ordered numbers are `ordinal`, other choices `choice`; it knows no conditions, so values of choices that
    are not made are passed over.
    """

    def __init__(self, space: Space, seed: int) -> None:
        import logging

        logging.getLogger("syne_tune").setLevel(logging.ERROR)
        from syne_tune.config_space import choice, ordinal
        from syne_tune.optimizer.baselines import BORE
        from syne_tune.optimizer.schedulers.ask_tell_scheduler import AskTellScheduler

        declared = {c.name: (ordinal if c.ordered else choice)(list(c.values)) for c in space.laid_out}
        made = BORE(declared, metric="value", do_minimize=False, random_seed=seed)
        self._scheduler, self._space, self._trial = AskTellScheduler(made), space, None

    def ask(self) -> Architecture:
        self._trial = self._scheduler.ask()
        return self._space.make(lambda c, _: self._trial.config[c.name])

    def tell(self, value: float) -> None:
        self._scheduler.tell(self._trial, {"value": value})


def searchers() -> dict[str, Callable[[Space, int], Searcher]]:
    """Return all of them by name, each made from a space and a seed."""

    def ours(name: str) -> Callable[[Space, int], Searcher]:
        return lambda space, seed: Ours(create_strategy(name, space, seed))

    # Those with several fidelities need more than one value of an architecture, which these tables lack.
    found = {
        name: ours(name) for name in strategy_names() if name not in ("grid", "asha", "hyperband", "nsga2")
    }
    found["optuna-tpe"] = OptunaTPE
    # Since Optuna 5 the sampler is multivariate unless told otherwise.
    found["optuna-tpe-independent"] = lambda space, seed: OptunaTPE(space, seed, multivariate=False)
    found["keras-tuner"] = KerasTunerBayesian
    found["syne-tune-bore"] = SyneTuneBore
    return found
