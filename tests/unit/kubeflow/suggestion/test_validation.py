"""What is refused before an experiment begins, and with which words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from tests.unit.kubeflow.suggestion.katib import Controller, caller, experiment, validator

from archmend.kubeflow.suggestion import algorithm_names
from archmend.kubeflow.suggestion import api_pb2 as api
from archmend.spaces import create_space

Change = Callable[[api.Experiment], Any]


def refusal(channel: grpc.Channel, made: api.Experiment) -> str:
    """Return the words with which an experiment is refused."""
    with pytest.raises(grpc.RpcError) as refused:
        validator(channel)(made)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    return refused.value.details()


@pytest.mark.parametrize("algorithm", algorithm_names())
@pytest.mark.parametrize("space", ["seed-fc", "seed-fc-free", "fc", "conv"])
def test_every_algorithm_takes_the_built_in_spaces(channel: grpc.Channel, algorithm: str, space: str) -> None:
    shape = {"input_shape": "28x28x1"} if space == "conv" else {}
    validator(channel)(experiment(algorithm.removeprefix("archmend-"), space=space, max_trials=30, **shape))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"space": "fcc"}, "unknown space 'fcc': did you mean 'fc'?"),
        ({"space": ""}, "the algorithm setting 'space' is missing"),
        ({"input_shape": "28*28"}, "a product of at most 100000000, got '28*28'"),
        ({"input_shape": "9999x9999x9"}, "got '9999x9999x9'"),
        ({"input_shape": "0"}, "'input_shape' must be sizes such as 64 or 28x28x1"),
        ({"classes": "one"}, "'classes' must be a whole number of 2 to 1000000, got 'one'"),
        ({"classes": "1"}, "got '1'"),
        ({"seed": "-1"}, "'seed' must be a whole number of at least 0, got '-1'"),
        ({"seed": "\u0661"}, "got '\u0661'"),
        ({"max_params": "0"}, "'max_params' must be a whole number of at least 1, got '0'"),
        ({"max_params": "5"}, "no architecture of space 'seed-fc' fits params 5"),
        ({"max_flops": "1e6"}, "got '1e6'"),
        ({"epochs": "6"}, "'epochs' is 6 and the experiment's parameter takes 5 to 5"),
        ({"objectives": "accuracy,speed"}, "unknown objective 'speed'"),
        ({"objectives": "loss"}, "the first objective is 'loss' and the experiment's objective metric is"),
        ({"objectives": "accuracy,params"}, "the objective 'params' is not among the additional metrics"),
        ({"population": "50"}, "strategy 'random' has no settings, got population=50"),
        ({"budget": "50"}, "there is no algorithm setting 'budget'"),
        ({"asked": "0:nothing"}, "'nothing'"),
        ({"asked": "0=1-1"}, "'asked' is the service's own note and holds '0=1-1'"),
    ],
)
def test_a_wrong_setting(channel: grpc.Channel, settings: dict[str, str], words: str) -> None:
    assert words in refusal(channel, experiment(**settings))


def _parameter(made: api.Experiment) -> Any:
    return made.spec.parameter_specs.parameters


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda e: setattr(e, "name", "Digits"), "got 'Digits'"),
        (lambda e: setattr(e, "name", ""), "the experiment's name must be"),
        (
            lambda e: setattr(e.spec.algorithm, "algorithm_name", "archmend-rondom"),
            "unknown algorithm 'archmend-rondom': did you mean 'archmend-random'?",
        ),
        (
            lambda e: e.spec.algorithm.algorithm_settings.add(name="space", value="fc"),
            "'space' is given twice",
        ),
        (lambda e: setattr(e.spec.objective, "type", api.MINIMIZE), "'accuracy' needs type maximize"),
        (lambda e: setattr(e.spec.objective, "objective_metric_name", "val_acc"), "'val_acc'"),
        (lambda e: _parameter(e).add(name="lr", parameter_type=api.DOUBLE), "parameter 'lr' is none that"),
        (lambda e: _parameter(e).append(_parameter(e)[0]), "'architecture' is declared twice"),
        (lambda e: _parameter(e).pop(0), "the experiment has no parameter 'architecture'"),
        (lambda e: setattr(_parameter(e)[0], "parameter_type", api.INT), "must be of type categorical"),
        (lambda e: setattr(_parameter(e)[1].feasible_space, "min", "9"), "1 <= min <= max, got min='9'"),
        (lambda e: setattr(_parameter(e)[1].feasible_space, "max", "ten"), "max='ten'"),
        (lambda e: e.spec.ClearField("parameter_specs"), "nothing says how many epochs a trial takes"),
        (lambda e: setattr(e.spec, "max_trial_count", -1), "maxTrialCount must be at least 1, got -1"),
        (lambda e: setattr(e.spec, "max_trial_count", 101), "space 'seed-fc' holds 100 architectures"),
        (lambda e: setattr(e.spec, "max_trial_count", 20_000), "at most 10000 are served"),
    ],
)
def test_a_wrong_experiment(channel: grpc.Channel, change: Change, words: str) -> None:
    made = experiment()
    change(made)
    assert words in refusal(channel, made)


def test_more_trials_than_fit_the_limits(channel: grpc.Channel) -> None:
    space = create_space("seed-fc", input_shape=(64,), classes=10)
    fitting = sum(space.cost(a)["params"] <= 300 for a in space)
    assert 0 < fitting < 100
    words = refusal(channel, experiment(max_trials=fitting + 1, max_params="300"))
    assert f"holds {fitting} architectures within the limits" in words
    validator(channel)(experiment(max_trials=fitting, max_params="300"))


def test_grid_refuses_a_space_without_an_end(channel: grpc.Channel) -> None:
    words = refusal(channel, experiment("grid", space="conv-open", input_shape="28x28x1"))
    assert "strategy 'grid' needs a finite space and 'conv-open' is infinite" in words


def test_a_trial_that_is_not_of_the_space_is_refused_with_its_name(channel: grpc.Channel) -> None:
    katib = Controller(caller(channel), experiment())
    (name,) = katib.ask(1)
    katib.trials[name].assignments = {"architecture": "1-99", "epochs": "5"}
    for words, assignments in (
        ("architecture '1-99' is not of space 'seed-fc'", {"architecture": "1-99"}),
        ("trial digits-0 has no assignment of 'architecture'", {"epochs": "5"}),
    ):
        katib.trials[name].assignments = assignments
        with pytest.raises(grpc.RpcError) as refused:
            caller(channel)(katib.request(1))
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert words in refused.value.details()
