"""Katib's Experiment message as a search: read once, here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from archmend.errors import BadInput
from archmend.kubeflow.suggestion import api_pb2 as api
from archmend.kubeflow.suggestion.groups import placed
from archmend.kubeflow.suggestion.names import ARCHITECTURE, EPOCHS, TRIALS_PER_POD, strategy_of
from archmend.kubeflow.suggestion.settings import AlgorithmSettings, read_settings
from archmend.search import DIRECTIONS, Budget, Strategy, TrialResult, create_strategy, with_epochs
from archmend.search.objectives import checked_objectives
from archmend.spaces import Space

_NAME = re.compile(r"[a-z]([-a-z0-9]{0,54}[a-z0-9])?")
"""Katib's own rule, but for its 40 letters: a trial's name may have 63, with a dash and an id at its end."""
_EPOCHS = re.compile(r"[0-9]{1,9}")
_ALL = range(1, 10**9)


@dataclass(frozen=True)
class Search:
    """An experiment that asks for suggestions.

    Attributes:
        experiment: its name. strategy, space, seed, objectives, budget, own: of `create_strategy`.
        parameters: what a reply assigns. epochs: of a suggestion without a fidelity, where it assigns them.
        epochs_allowed: what the experiment's parameter takes.
        asked: what earlier replies noted, still a text.
        trials_per_pod: architectures of a Katib trial; `budget.trials` counts architectures.
    """

    experiment: str
    strategy: str
    space: Space
    seed: int
    objectives: tuple[str, ...]
    budget: Budget
    own: dict[str, str]
    parameters: tuple[str, ...]
    epochs: int | None
    epochs_allowed: range
    asked: str
    trials_per_pod: int = 1

    def create(self, prior: Iterable[TrialResult] = ()) -> Strategy:
        """Return the strategy, told nothing yet.

        Raises:
            BadInput: its settings, or a space or a budget that it cannot search.
        """
        return create_strategy(
            self.strategy,
            self.space,
            self.seed,
            budget=self.budget,
            objectives=self.objectives,
            prior=prior,
            **self._settings(),
        )

    def _settings(self) -> dict[str, str]:
        """Return the strategy's settings, with the epochs that the experiment takes."""
        if self.epochs is None:
            return self.own
        return with_epochs(self.strategy, self.own, self.epochs, self.epochs_allowed[0])


def read_experiment(message: api.Experiment) -> Search:
    """Return what an experiment asks for.

    Raises:
        BadInput: with the first thing in it that cannot be served.
    """
    if not _NAME.fullmatch(message.name):
        raise BadInput(
            f"the experiment's name must be at most 56 small letters, digits and dashes, got {message.name!r}"
        )
    spec = message.spec
    strategy = strategy_of(spec.algorithm.algorithm_name)
    settings = read_settings((s.name, s.value) for s in spec.algorithm.algorithm_settings)
    declared = _parameters(spec.parameter_specs.parameters)
    parameters = tuple(declared) or (ARCHITECTURE, EPOCHS)
    allowed = _allowed(declared[EPOCHS]) if EPOCHS in declared else _ALL
    if spec.max_trial_count < 0:
        raise BadInput(f"maxTrialCount must be at least 1, got {spec.max_trial_count}")
    return Search(
        experiment=message.name,
        strategy=strategy,
        space=settings.space,
        seed=settings.seed,
        objectives=_objectives(spec.objective, settings),
        budget=Budget(
            trials=_trials(spec.max_trial_count, settings),
            params=settings.limits.params,
            flops=settings.limits.flops,
        ),
        own=settings.own,
        parameters=parameters,
        epochs=_epochs(settings, allowed) if EPOCHS in parameters else None,
        epochs_allowed=allowed,
        asked=settings.asked,
        trials_per_pod=settings.trials_per_pod,
    )


def _trials(most: int, settings: AlgorithmSettings) -> int | None:
    """Return how many architectures there are, where Katib makes at most so many trials."""
    limits = [limit for limit in (most * settings.trials_per_pod, settings.trials) if limit]
    return min(limits, default=None)


def _parameters(declared: Iterable[api.ParameterSpec]) -> dict[str, api.ParameterSpec]:
    """Return the declared parameters: Katib fills a trial's template with these and refuses any other."""
    kinds = {ARCHITECTURE: ("categorical", api.CATEGORICAL), EPOCHS: ("int", api.INT)}
    found: dict[str, api.ParameterSpec] = {}
    for parameter in declared:
        name = parameter.name
        if name not in kinds:
            raise BadInput(
                f"parameter {name!r} is none that archmend's algorithms set; declare {ARCHITECTURE} "
                f"(categorical) and {EPOCHS} (int)"
            )
        if name in found:
            raise BadInput(f"parameter {name!r} is declared twice; leave one out")
        word, kind = kinds[name]
        if parameter.parameter_type != kind:
            raise BadInput(f"parameter {name!r} must be of type {word}, got type {parameter.parameter_type}")
        found[name] = parameter
    if found and ARCHITECTURE not in found:
        raise BadInput(f"the experiment has no parameter {ARCHITECTURE!r}; declare it as categorical")
    return found


def _allowed(parameter: api.ParameterSpec) -> range:
    space = parameter.feasible_space
    ends = [int(text) if _EPOCHS.fullmatch(text) else 0 for text in (space.min, space.max)]
    if not 1 <= ends[0] <= ends[1]:
        raise BadInput(
            f"parameter {EPOCHS!r} must have whole numbers 1 <= min <= max, got min={space.min!r}, "
            f"max={space.max!r}"
        )
    return range(ends[0], ends[1] + 1)


def _epochs(settings: AlgorithmSettings, allowed: range) -> int:
    if settings.epochs is None:
        if allowed is _ALL:
            raise BadInput(
                f"nothing says how many epochs a trial takes; give the algorithm setting {EPOCHS!r}"
            )
        return allowed[-1]
    if settings.epochs not in allowed:
        raise BadInput(
            f"the algorithm setting {EPOCHS!r} is {settings.epochs} and the experiment's parameter takes "
            f"{allowed[0]} to {allowed[-1]}; change one of them"
        )
    return settings.epochs


def _objectives(objective: api.ObjectiveSpec, settings: AlgorithmSettings) -> tuple[str, ...]:
    metric = objective.objective_metric_name
    objectives = settings.objectives or checked_objectives([metric])
    if metric != objectives[0]:
        raise BadInput(
            f"the first objective is {objectives[0]!r} and the experiment's objective metric is {metric!r}; "
            "make them the same"
        )
    direction = ("maximize", api.MAXIMIZE) if DIRECTIONS[metric] > 0 else ("minimize", api.MINIMIZE)
    if objective.type != direction[1]:
        raise BadInput(f"the objective {metric!r} needs type {direction[0]}, got type {objective.type}")
    collected = set(objective.additional_metric_names)
    for name in objectives[1:]:
        if name not in collected:
            raise BadInput(
                f"the objective {name!r} is not among the additional metrics, so that Katib does not collect "
                "it; add it there"
            )
    per_pod = settings.trials_per_pod
    each = [placed(name, place) for name in objectives for place in range(per_pod) if per_pod > 1]
    lacking = next((name for name in each if name not in collected), None)
    if lacking is not None:
        raise BadInput(
            f"the metric {lacking!r} is not among the additional metrics, and {TRIALS_PER_POD} is {per_pod}; "
            "add it there"
        )
    return objectives
