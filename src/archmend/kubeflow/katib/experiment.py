"""A search as a Katib Experiment, made of Katib's own typed models."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kubeflow_katib_api import models as api

from archmend.errors import BadInput
from archmend.kubeflow.katib.adopting import EDITABLE
from archmend.kubeflow.katib.algorithms import (
    Algorithm,
    check_pair,
    check_parallel,
    grid_size,
    hyperband_settings,
)
from archmend.kubeflow.katib.names import DEADLINE, DIGEST, SECONDS, Identity, experiment_name
from archmend.kubeflow.katib.options import KatibOptions
from archmend.kubeflow.katib.parameters import assigned, assigned_names, parameters
from archmend.kubeflow.katib.template import CONTAINER, trial_job
from archmend.kubeflow.suggestion.groups import placed
from archmend.kubeflow.suggestion.names import TRIALS, TRIALS_PER_POD
from archmend.search import DIRECTIONS, Budget, count_fitting
from archmend.spaces import Space, needs_columns, space_word

MOST_TRIALS = 1_000
"""Of an Experiment without a limit: it is one object in etcd, its list of trials with it."""
METRICS = ("accuracy", "average_precision", "loss", "params", "flops", "latency_ms", "seconds")
_WORD = re.compile(r"([A-Za-z0-9_./:=,@%+-]|\$\{trialParameters\.[A-Za-z0-9_]+\})+")
"""What a shell takes as it stands: Katib's collector makes one line of the command."""
_CONDITION = 'status.conditions.#(type=="{}")#|#(status=="True")#'


@dataclass(frozen=True)
class Plan:
    """A search as the cluster needs to know it.

    Attributes:
        identity: whose it is. options: of the trials. algorithm: that proposes them.
        space: to search. budget: limits. objectives: names, the first is Katib's own.
        epochs, batch_size, optimizer, learning_rate, inherit, seed: of each trial.
        data: URI of the prepared data. folder: URI of the Experiment's own folder.
        deadline: seconds since the epoch at which trials end with what they have.
        seconds: that the whole search may take, as it was asked for.
        fidelities: epochs that the strategy asks for; empty where all trials have `epochs`.
        together: flags of a pod with several architectures that say how it trains them.
    """

    identity: Identity
    options: KatibOptions
    algorithm: Algorithm
    space: Space
    budget: Budget
    objectives: tuple[str, ...]
    epochs: int
    batch_size: int
    optimizer: str
    learning_rate: float | None
    inherit: str
    seed: int
    data: str
    folder: str
    deadline: float | None = None
    seconds: float | None = None
    fidelities: tuple[int, ...] = ()
    together: Mapping[str, int | bool] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the Experiment."""
        return experiment_name(self.identity)

    @property
    def most_epochs(self) -> int:
        """Epochs of a trial, the most where the strategy chooses."""
        return self.fidelities[-1] if self.fidelities else self.epochs

    @property
    def records(self) -> str:
        """URI of the folder with the trials' records."""
        return f"{self.folder}/trials"

    @property
    def weights(self) -> str:
        """URI of the folder with the trials' weights."""
        return f"{self.folder}/weights"

    @cached_property
    def trials(self) -> int:
        """How many trials there are at most: no more than the space has for the algorithm."""
        return int(min(self.budget.trials or MOST_TRIALS, self._size))

    @property
    def per_pod(self) -> int:
        """How many trials share a pod, which is then one trial of Katib's."""
        return self.options.trials_per_pod

    @property
    def pods(self) -> int:
        """How many trials Katib counts."""
        return -(-self.trials // self.per_pod)

    @property
    def exhausts(self) -> bool:
        """Whether the last trial is the last of the space, and the budget would have had more."""
        return self._size < (self.budget.trials or math.inf) and self.trials == self._size

    @cached_property
    def _size(self) -> float:
        """How many trials the algorithm makes before it has no more."""
        if self.algorithm.ours:
            # Our service gives what is within the limits, and refuses an Experiment of more.
            return count_fitting(self.space, self.budget) * max(1, len(self.fidelities))
        # Katib's grid knows neither limits nor that many of its points are one architecture.
        return grid_size(self.space) if self.algorithm.name == "grid" else math.inf

    @property
    def digest(self) -> str:
        """Of what makes the trials what they are: all but how many there are and what ends them."""
        spec = _spec(self, deadline=None).to_dict()
        spec["objective"].pop("goal", None)
        algorithm = spec["algorithm"]
        algorithm["algorithmSettings"] = [s for s in algorithm["algorithmSettings"] if s["name"] != TRIALS]
        text = json.dumps({k: v for k, v in spec.items() if k not in EDITABLE}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def build_experiment(plan: Plan) -> api.V1beta1Experiment:
    """Return the Experiment.

    Raises:
        BadInput: the algorithm cannot search the space.
    """
    check_pair(plan.algorithm, plan.space)
    check_parallel(plan.algorithm, plan.epochs, min(plan.options.parallel, plan.trials))
    return api.V1beta1Experiment(
        apiVersion="kubeflow.org/v1beta1",
        kind="Experiment",
        metadata=api.IoK8sApimachineryPkgApisMetaV1ObjectMeta(
            name=plan.name,
            namespace=plan.options.namespace,
            labels=plan.identity.labels(),
            annotations={
                DIGEST: plan.digest,
                **({} if plan.deadline is None else {DEADLINE: f"{plan.deadline:.3f}"}),
                **({} if plan.seconds is None else {SECONDS: f"{plan.seconds:g}"}),
            },
        ),
        spec=_spec(plan, plan.deadline),
    )


def _spec(plan: Plan, deadline: float | None) -> api.V1beta1ExperimentSpec:
    return api.V1beta1ExperimentSpec(
        objective=_objective(plan),
        algorithm=_algorithm(plan),
        maxTrialCount=plan.pods,
        # Which failures end the search is decided by who watches, as in a local one.
        maxFailedTrialCount=plan.pods,
        parallelTrialCount=min(plan.options.parallel, plan.pods),
        parameters=parameters(
            plan.algorithm, plan.space, plan.most_epochs, plan.fidelities[0] if plan.fidelities else None
        ),
        resumePolicy="Never",
        metricsCollectorSpec=api.V1beta1MetricsCollectorSpec(
            collector=api.V1beta1CollectorSpec(kind="StdOut")
        ),
        trialTemplate=_template(plan, deadline),
    )


def _objective(plan: Plan) -> api.V1beta1ObjectiveSpec:
    first = plan.objectives[0]
    # What is named and not printed is "unavailable" to Katib, so only what is always there is named.
    additional = [m for m in METRICS if m != first and (m != "latency_ms" or m in plan.objectives)]
    if plan.per_pod > 1:
        # Of these one may not be there: its architecture has failed, and our service takes that word for it.
        additional += [placed(name, place) for name in plan.objectives for place in range(plan.per_pod)]
    return api.V1beta1ObjectiveSpec(
        type="maximize" if DIRECTIONS[first] > 0 else "minimize",
        objectiveMetricName=first,
        additionalMetricNames=additional,
        # Katib would end with any trial; of several fidelities the highest counts, and who watches ends it.
        goal=None if plan.fidelities else plan.budget.target,
        metricStrategies=[
            api.V1beta1MetricStrategy(name=name, value="latest") for name in (first, *additional)
        ],
    )


def _algorithm(plan: Plan) -> api.V1beta1AlgorithmSpec:
    settings = dict(plan.algorithm.settings)
    if plan.algorithm.ours:
        assert plan.space.input_shape is not None
        settings |= {
            "space": plan.space.text or plan.space.name,
            "input_shape": "x".join(map(str, plan.space.input_shape)),
            "classes": str(plan.space.classes),
            "seed": str(plan.seed),
            "objectives": ",".join(plan.objectives),
            "epochs": str(plan.most_epochs),
        }
        if plan.per_pod > 1:
            settings[TRIALS_PER_POD] = str(plan.per_pod)
            # Said only where it must be: Katib can change its own count, and never a setting.
            if plan.trials % plan.per_pod:
                settings[TRIALS] = str(plan.trials)
        if needs_columns(plan.space) and plan.space.columns is not None:
            settings["columns"] = ",".join(map(str, plan.space.columns))
        if plan.space.words is not None:
            settings["words"] = str(plan.space.words)
        limits = {"max_params": plan.budget.params, "max_flops": plan.budget.flops}
        settings |= {name: f"{limit:.0f}" for name, limit in limits.items() if limit is not None}
    elif plan.algorithm.name == "hyperband":
        settings = hyperband_settings(plan.algorithm, plan.epochs)
    elif plan.algorithm.name in ("random", "tpe", "multivariate-tpe", "bayesianoptimization", "cmaes"):
        key = "seed" if plan.algorithm.name == "cmaes" else "random_state"
        settings = {key: str(plan.seed), **settings}
    return api.V1beta1AlgorithmSpec(
        algorithmName=plan.algorithm.name,
        algorithmSettings=[
            api.V1beta1AlgorithmSetting(name=name, value=value) for name, value in sorted(settings.items())
        ],
    )


def _template(plan: Plan, deadline: float | None) -> api.V1beta1TrialTemplate:
    names = assigned_names(plan.algorithm, plan.space)
    return api.V1beta1TrialTemplate(
        primaryContainerName=CONTAINER,
        successCondition=_CONDITION.format("Complete"),
        failureCondition=_CONDITION.format("Failed"),
        # Katib would remove a failed trial's pod with what it has to say; the Job's own time to live does.
        retain=True,
        trialParameters=[
            *(api.V1beta1TrialParameterSpec(name=name, reference=name) for name in names),
            api.V1beta1TrialParameterSpec(name="trial", reference="${trialSpec.Name}"),
        ],
        trialSpec=trial_job(plan.options, _command(plan, deadline), plan.identity.labels()),
    )


def _command(plan: Plan, deadline: float | None) -> list[str]:
    optional: dict[str, Any] = {
        "learning-rate": plan.learning_rate,
        "max-params": plan.budget.params,
        "max-flops": plan.budget.flops,
        "max-latency-ms": plan.budget.latency_ms,
        "deadline": None if deadline is None else f"{deadline:.0f}",
    }
    flags = {
        "data": plan.data,
        "space": space_word(plan.space),
        "objective": ",".join(plan.objectives),
        "batch-size": plan.batch_size,
        "optimizer": plan.optimizer,
        "inherit": plan.inherit,
        "seed": plan.seed,
        "experiment": plan.name,
        "name": "${trialParameters.trial}",
        "records": plan.records,
        "weights": plan.weights,
        **{name: value for name, value in optional.items() if value is not None},
    }
    words = ["archmend", "trial", *(f"--{name}={value}" for name, value in flags.items())]
    words += assigned(plan.algorithm, plan.space, plan.epochs)
    words += ["--continue"] if plan.fidelities else []
    words += [f"--{name}" if on is True else f"--{name}={on}" for name, on in plan.together.items()]
    for word in words:
        if not _WORD.fullmatch(word):
            raise BadInput(
                f"{word!r} cannot stand in a trial's command, which Katib hands to a shell; use letters, "
                "digits and _./:=,@%+- alone"
            )
    return [*words, "--require-gpu"] if plan.options.accelerators else words
