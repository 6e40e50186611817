"""Katib's controller in small: makes trials, ends them as a script says, and judges the Experiment by them.

How an Experiment ends follows Katib 0.19: goal, failures, number of trials, in this order; an Experiment that
has an end is left alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from archmend.kubeflow.suggestion.names import TRIALS, TRIALS_PER_POD
from archmend.spaces import space_setting
from archmend.testing.katib.outcomes import CONDITIONS, Outcome, condition, ended, observation, pod
from archmend.testing.katib.store import ApiError, Object, Store, now

OF_EXPERIMENT, OF_TRIAL = "katib.kubeflow.org/experiment", "katib.kubeflow.org/trial"
_PARAMETER = re.compile(r"\$\{trialParameters\.([A-Za-z0-9_]+)\}")


class Refusal(Exception):
    """A suggestion service does not answer; its words become an event of the Suggestion."""


@dataclass(frozen=True)
class Run:
    """A trial that begins.

    Attributes:
        name: of it. number: of it in its Experiment, from 0. assignments: of its parameters.
        command: of its container, with Katib's placeholders filled in.
    """

    name: str
    number: int
    assignments: Mapping[str, str]
    command: tuple[str, ...]

    def flag(self, name: str) -> str | None:
        """Return what a flag of the command is set to, None where it is not there."""
        start = f"--{name}="
        return next((word.removeprefix(start) for word in self.command if word.startswith(start)), None)


Script = Callable[[Run], Outcome]
Suggest = Callable[[Object, int], Mapping[str, str]]


def suggest(experiment: Object, number: int) -> Mapping[str, str]:
    """Return parameters drawn by the trial's number; under archmend's algorithms as many codes as it has."""
    rng = np.random.default_rng(number)
    spec = experiment["spec"]
    found = {p["name"]: _drawn(p, rng) for p in spec["parameters"]}
    if spec["algorithm"]["algorithmName"].startswith("archmend-"):
        settings, per_pod = _settings(experiment), _per_pod(experiment)
        shape = tuple(map(int, settings["input_shape"].split("x")))
        space = space_setting(settings["space"]).space(input_shape=shape, classes=int(settings["classes"]))
        left = int(settings.get(TRIALS, spec["maxTrialCount"] * per_pod)) - number * per_pod
        found["architecture"] = ",".join(str(space.sample(rng)) for _ in range(min(per_pod, left)))
    return found


class Controller:
    """Works on what lies in the store, one small step a tick."""

    def __init__(
        self, store: Store, logs: dict[tuple[str, str], str], script: Script, suggest: Suggest
    ) -> None:
        """Take the store to work on, where containers' logs go, and what to do."""
        self.script, self.suggest = script, suggest
        self._store, self._logs = store, logs
        self._outcomes: dict[str, Outcome] = {}
        self._ages: dict[str, int] = {}

    def tick(self) -> None:
        """Go through every Experiment once."""
        for namespace in self._store.namespaces():
            for experiment in self._store.select(namespace, "experiments"):
                try:
                    self._age_trials(namespace, experiment)
                    if not _is_over(experiment):
                        self._judge(namespace, experiment)
                        self._make_trials(namespace, experiment)
                except ApiError:
                    continue  # removed meanwhile

    def _trials(self, namespace: str, experiment: Object) -> list[Object]:
        name = experiment["metadata"]["name"]
        return self._store.select(
            namespace, "trials", lambda item: item["metadata"]["labels"].get(OF_EXPERIMENT) == name
        )

    def _make_trials(self, namespace: str, experiment: Object) -> None:
        spec, name = experiment["spec"], experiment["metadata"]["name"]
        if _is_over(self._store.get(namespace, "experiments", name)):
            return
        trials = self._trials(namespace, experiment)
        active = sum(_end(trial) is None for trial in trials)
        wanted = min(spec["maxTrialCount"] - len(trials), spec["parallelTrialCount"] - active)
        for number in range(len(trials), len(trials) + wanted):
            try:
                assignments = self.suggest(experiment, number)
            except Refusal as refusal:
                self._event(namespace, "Suggestion", name, str(refusal))
                return
            self._make_trial(namespace, experiment, number, assignments)

    def _make_trial(
        self, namespace: str, experiment: Object, number: int, assignments: Mapping[str, str]
    ) -> None:
        name, spec = experiment["metadata"]["name"], experiment["spec"]
        # Katib's own algorithms name trials by chance; archmend's service by the first architecture's number.
        ours = spec["algorithm"]["algorithmName"].startswith("archmend-")
        trial = f"{name}-{number * _per_pod(experiment) if ours else _by_chance(name, number)}"
        container = spec["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]["containers"][0]
        run = Run(trial, number, assignments, filled(spec["trialTemplate"], container, assignments, trial))
        outcome = self._outcomes[trial] = self.script(run)
        self._ages[trial] = 0
        memory = container["resources"]["limits"].get("memory", "")
        if outcome.kind == "no_pod":
            self._event(namespace, "Job", trial, outcome.message)
        else:
            self._store.create(namespace, "pods", pod(trial, OF_TRIAL, memory, outcome))
        listed = [{"name": k, "value": v} for k, v in assignments.items()]
        made: Object = {
            "apiVersion": "kubeflow.org/v1beta1",
            "kind": "Trial",
            "metadata": {"name": trial, "labels": {OF_EXPERIMENT: name}},
            "spec": {
                "objective": spec["objective"],
                "parameterAssignments": listed,
                "runSpec": spec["trialTemplate"]["trialSpec"],
            },
            "status": {"conditions": [condition("Created", True, "TrialCreated")]},
        }
        self._store.create(namespace, "trials", made)

    def _age_trials(self, namespace: str, experiment: Object) -> None:
        for trial in self._trials(namespace, experiment):
            name = trial["metadata"]["name"]
            if _end(trial) is not None:
                continue
            outcome, age = self._outcomes[name], self._ages[name]
            self._ages[name] += 1
            if age == 0:
                self._condition(namespace, name, condition("Running", True, "TrialRunning"))
            elif age >= outcome.ticks and outcome.kind in CONDITIONS:
                self._end(namespace, name, outcome)

    def _end(self, namespace: str, name: str, outcome: Outcome) -> None:
        if outcome.work is not None:
            outcome.work()
        if outcome.pod:
            self._store.change(namespace, "pods", f"{name}-pod", lambda item: ended(item["status"], outcome))
            self._logs[f"{name}-pod", "metrics-logger-and-collector"] = outcome.log
        else:
            self._store.delete(namespace, "pods", f"{name}-pod")
        kind = CONDITIONS[outcome.kind]
        self._condition(
            namespace, name, condition(kind, True, f"Trial{kind}", outcome.message), outcome.metrics
        )

    def _condition(
        self, namespace: str, name: str, new: Object, metrics: Mapping[str, float] | None = None
    ) -> None:
        def edit(item: Object) -> None:
            status = item["status"]
            kept = [c for c in status["conditions"] if c["type"] not in (new["type"], "Running")]
            status["conditions"] = [*kept, new]
            if metrics:
                status["observation"] = observation(metrics)

        self._store.change(namespace, "trials", name, edit)

    def _judge(self, namespace: str, experiment: Object) -> None:
        ends = [_end(trial) for trial in self._trials(namespace, experiment)]
        spec = experiment["spec"]
        failed = sum(end in ("Failed", "MetricsUnavailable") for end in ends)
        values = [v for t in self._trials(namespace, experiment) if (v := _value(t)) is not None]
        goal, up = spec["objective"].get("goal"), spec["objective"]["type"] == "maximize"
        if goal is not None and any(v >= goal if up else v <= goal for v in values):
            verdict = ("Succeeded", "ExperimentGoalReached", "Objective goal has reached")
        elif failed and failed >= spec["maxFailedTrialCount"]:
            verdict = ("Failed", "ExperimentFailed", "max failed count has reached")
        elif sum(end is not None for end in ends) >= spec["maxTrialCount"]:
            verdict = ("Succeeded", "ExperimentMaxTrialsReached", "max trial count has reached")
        else:
            verdict = ("Running", "ExperimentRunning", "running")
        kind, reason, words = verdict
        linked = {"Succeeded": "has succeeded because ", "Failed": "has failed because ", "Running": "is "}

        def edit(item: Object) -> None:
            status = item.setdefault("status", {})
            held = status.setdefault("conditions", [condition("Created", True, "ExperimentCreated")])
            if _is_over(item) or any(c["type"] == kind and c["status"] == "True" for c in held):
                return  # somebody else has ended it, or there is nothing new
            kept = [c for c in held if c["type"] != "Running"]
            status["conditions"] = [*kept, condition(kind, True, reason, f"Experiment {linked[kind]}{words}")]
            if kind != "Running":
                status["completionTime"] = now()

        self._store.change(namespace, "experiments", experiment["metadata"]["name"], edit)

    def _event(self, namespace: str, kind: str, name: str, message: str) -> None:
        held = self._store.select(namespace, "events")
        if any(e["involvedObject"]["name"] == name and e["message"] == message for e in held):
            return
        event: Object = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{name}.{len(held)}"},
            "involvedObject": {"kind": kind, "name": name},
            "message": message,
            "lastTimestamp": now(),
        }
        self._store.create(namespace, "events", event)


def _end(trial: Object) -> str | None:
    held = trial["status"]["conditions"]
    return next((c["type"] for c in held if c["type"] in CONDITIONS.values() and c["status"] == "True"), None)


def _is_over(experiment: Object) -> bool:
    held = experiment.get("status", {}).get("conditions", [])
    return any(c["type"] in ("Succeeded", "Failed") and c["status"] == "True" for c in held)


def _value(trial: Object) -> float | None:
    wanted = trial["spec"]["objective"]["objectiveMetricName"]
    metrics = trial["status"].get("observation", {}).get("metrics", [])
    return next((float(m["latest"]) for m in metrics if m["name"] == wanted), None)


def _drawn(parameter: Mapping[str, Any], rng: np.random.Generator) -> str:
    feasible = parameter["feasibleSpace"]
    if parameter["parameterType"] == "int":
        return str(int(rng.integers(int(feasible["min"]), int(feasible["max"]) + 1)))
    return str(rng.choice(feasible["list"]))


def filled(
    template: Mapping[str, Any], container: Mapping[str, Any], assignments: Mapping[str, str], trial: str
) -> tuple[str, ...]:
    """Return the words of a trial's command, with Katib's placeholders filled in as its controller does."""
    references = {p["name"]: p["reference"] for p in template["trialParameters"]}
    values = {
        name: trial if reference == "${trialSpec.Name}" else assignments[reference]
        for name, reference in references.items()
    }
    return tuple(_PARAMETER.sub(lambda found: values[found[1]], word) for word in container["command"])


def _settings(experiment: Object) -> dict[str, str]:
    return {s["name"]: s["value"] for s in experiment["spec"]["algorithm"]["algorithmSettings"]}


def _per_pod(experiment: Object) -> int:
    return int(_settings(experiment).get(TRIALS_PER_POD, 1))


def _by_chance(experiment: str, number: int) -> str:
    return hashlib.sha256(f"{experiment}/{number}".encode()).hexdigest()[:8]
