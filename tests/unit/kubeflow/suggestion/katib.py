"""What Katib 0.19's controllers do with a suggestion service, without a cluster.

`Controller` keeps what lies in etcd (the Suggestion's status and the trials) and makes its requests and takes
the replies as the suggestion client and the experiment controller do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc

from archmend.kubeflow.suggestion import ASKED
from archmend.kubeflow.suggestion import api_pb2 as api
from archmend.spaces import Space, create_space

GET = "/api.v1.beta1.Suggestion/GetSuggestions"
VALIDATE = "/api.v1.beta1.Suggestion/ValidateAlgorithmSettings"
Conditions = api.TrialStatus.TrialConditionType
FINISHED = ("SUCCEEDED", "FAILED", "KILLED", "EARLYSTOPPED", "METRICSUNAVAILABLE")
Call = Callable[[api.GetSuggestionsRequest], api.GetSuggestionsReply]


def caller(channel: grpc.Channel) -> Call:
    """Return GetSuggestions on a channel."""
    return channel.unary_unary(
        GET,
        request_serializer=api.GetSuggestionsRequest.SerializeToString,
        response_deserializer=api.GetSuggestionsReply.FromString,
    )


def validator(channel: grpc.Channel) -> Callable[[api.Experiment], Any]:
    """Return ValidateAlgorithmSettings on a channel, of an experiment."""
    call = channel.unary_unary(
        VALIDATE,
        request_serializer=api.ValidateAlgorithmSettingsRequest.SerializeToString,
        response_deserializer=api.ValidateAlgorithmSettingsReply.FromString,
    )
    return lambda experiment: call(api.ValidateAlgorithmSettingsRequest(experiment=experiment), timeout=30)


def experiment(
    strategy: str = "random",
    *,
    space: str = "seed-fc",
    objective: str = "accuracy",
    additional: Iterable[str] = (),
    epochs_allowed: tuple[int, int] = (5, 5),
    max_trials: int = 0,
    name: str = "digits",
    **settings: str,
) -> api.Experiment:
    """Return an Experiment as our own search component makes it."""
    made = api.Experiment(name=name)
    spec = made.spec
    spec.algorithm.algorithm_name = f"archmend-{strategy}"
    given = {"space": space, "input_shape": "64", "classes": "10", **settings}
    for key, value in given.items():
        spec.algorithm.algorithm_settings.add(name=key, value=value)
    spec.objective.type = api.MAXIMIZE if objective in ("accuracy", "average_precision") else api.MINIMIZE
    spec.objective.objective_metric_name = objective
    spec.objective.additional_metric_names.extend(additional)
    architecture = spec.parameter_specs.parameters.add(name="architecture", parameter_type=api.CATEGORICAL)
    architecture.feasible_space.list.append("any")
    number = spec.parameter_specs.parameters.add(name="epochs", parameter_type=api.INT)
    number.feasible_space.min, number.feasible_space.max = map(str, epochs_allowed)
    spec.parallel_trial_count = 4
    spec.max_trial_count = max_trials
    return made


@dataclass
class Made:
    """A Trial in etcd; its observation may come after its end."""

    assignments: Mapping[str, str]
    condition: str = "CREATED"
    metrics: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def shown(self) -> bool:
        """Whether Katib's requests hold it."""
        return self.condition != "METRICSUNAVAILABLE" and not self.awaited

    @property
    def awaited(self) -> bool:
        """Whether it was stopped early and its observation is not there yet."""
        return self.condition == "EARLYSTOPPED" and not self.metrics

    def message(self, name: str) -> api.Trial:
        """Return it as a request has it."""
        trial = api.Trial(name=name)
        for key, value in self.assignments.items():
            trial.spec.parameter_assignments.assignments.add(name=key, value=value)
        trial.status.condition = Conditions.Value(self.condition)
        for key, measured in self.metrics.items():
            trial.status.observation.metrics.add(name=key, value=str(measured))
        return trial


class Controller:
    """Katib's controllers and etcd, for one experiment.

    Attributes:
        trials: by name, in the order of their creation. given: the names of all suggestions.
        status: the algorithm settings in the Suggestion's status.
    """

    def __init__(self, call: Call, experiment: api.Experiment, *, keeps_status: bool = True) -> None:
        """Begin with no trials; without `keeps_status` what a reply says of the algorithm is forgotten."""
        self._call, self._experiment, self._keeps = call, experiment, keeps_status
        self.trials: dict[str, Made] = {}
        self.given: list[str] = []
        self.status: dict[str, str] = {}

    def request(self, more: int) -> api.GetSuggestionsRequest:
        """Return the request for as many more trials."""
        filled = api.Experiment()
        filled.CopyFrom(self._experiment)
        for key, value in self.status.items():
            filled.spec.algorithm.algorithm_settings.add(name=key, value=value)
        awaited = sum(trial.awaited for trial in self.trials.values())
        total = len(self.trials) + more - awaited
        return api.GetSuggestionsRequest(
            experiment=filled,
            trials=[trial.message(name) for name, trial in self.trials.items() if trial.shown],
            current_request_number=total - len(self.given),
            total_request_number=total,
        )

    def ask(self, more: int, *, repeats: bool = False) -> list[str]:
        """Ask for as many more trials and make them; return their names.

        Args:
            more: how many.
            repeats: whether an architecture may come again, as with other epochs.
        """
        request = self.request(more)
        reply = self._call(request, timeout=60)
        check_reply(request, reply, own_history=not repeats)
        names = [made.trial_name for made in reply.parameter_assignments]
        if self._keeps:
            self.status = {s.name: s.value for s in reply.algorithm.algorithm_settings}
        self.given += names
        for made in reply.parameter_assignments:
            assert made.trial_name not in self.trials, f"{made.trial_name} exists; Katib would wait for ever"
            self.trials[made.trial_name] = Made({a.name: a.value for a in made.assignments})
        return names

    def end(self, name: str, condition: str = "SUCCEEDED", **metrics: float | str) -> None:
        """Let a trial end."""
        self.trials[name].condition, self.trials[name].metrics = condition, metrics

    @property
    def architectures(self) -> list[str]:
        """Of all trials, in the order of their creation."""
        return [trial.assignments["architecture"] for trial in self.trials.values()]


def codes_of(text: str) -> list[str]:
    """Return the codes in a trial's parameter, where it may have several with epochs of their own."""
    return [entry.partition("@")[0] for entry in text.split(",") if entry]


def space_of(made: api.Experiment) -> Space:
    """Return the space of an experiment, from its settings."""
    settings = {s.name: s.value for s in made.spec.algorithm.algorithm_settings}
    shape = tuple(map(int, settings["input_shape"].split("x")))
    return create_space(settings["space"], input_shape=shape, classes=int(settings["classes"]))


def check_reply(
    request: api.GetSuggestionsRequest, reply: api.GetSuggestionsReply, *, own_history: bool = True
) -> None:
    """Check that Katib can take a reply, and that it repeats nothing.

    Args:
        request: what was asked.
        reply: what came.
        own_history: whether the service itself gave the trials of the request.
    """
    made, space = reply.parameter_assignments, space_of(request.experiment)
    assert len(made) == request.current_request_number
    names = [m.trial_name for m in made]
    before = {trial.name for trial in request.trials}
    assert len(set(names)) == len(names)
    assert not before & set(names)
    spec = request.experiment.spec
    declared = [p.name for p in spec.parameter_specs.parameters] or ["architecture", "epochs"]
    assigned = [a for t in request.trials for a in t.spec.parameter_assignments.assignments]
    tried = {code for a in assigned if a.name == "architecture" for code in codes_of(a.value)}
    codes: list[str] = []
    for suggestion in made:
        prefix, _, number = suggestion.trial_name.rpartition("-")
        assert prefix == request.experiment.name
        assert str(int(number)) == number
        values = {a.name: a.value for a in suggestion.assignments}
        assert list(values) == declared
        assert len(values) == len(suggestion.assignments)
        given = codes_of(values["architecture"])
        assert [str(space.parse(code)) for code in given] == given
        assert int(values.get("epochs", "1")) >= 1
        codes += given
    assert len(set(codes)) == len(codes)
    if own_history:
        assert not tried & set(codes)
    assert [s.name for s in reply.algorithm.algorithm_settings] == [ASKED]
