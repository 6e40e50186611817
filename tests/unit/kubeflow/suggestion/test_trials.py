"""What Katib's trials are to a strategy."""

from __future__ import annotations

import pytest
from tests.unit.kubeflow.suggestion.katib import Made, experiment

from archmend.errors import BadInput
from archmend.kubeflow.suggestion.asked import read_asked, write_asked
from archmend.kubeflow.suggestion.experiment import read_experiment
from archmend.kubeflow.suggestion.trials import History, read_trials
from archmend.search import Suggestion

FITTING = {"architecture": "2-3", "epochs": "5"}


def history(*trials: tuple[str, Made], asked: str = "", objective: str = "accuracy", **more: str) -> History:
    made = experiment(objective=objective, additional=["params", "loss"], **more)
    if asked:
        made.spec.algorithm.algorithm_settings.add(name="asked", value=asked)
    return read_trials(read_experiment(made), [trial.message(name) for name, trial in trials])


@pytest.mark.parametrize(
    ("condition", "metrics", "status", "value", "reason"),
    [
        ("CREATED", {}, "running", None, None),
        ("RUNNING", {"accuracy": 0.4}, "running", None, None),
        ("UNKNOWN", {}, "running", None, None),
        ("SUCCEEDED", {"accuracy": 0.4}, "succeeded", 0.4, None),
        ("SUCCEEDED", {"accuracy": "nan"}, "failed", None, "it has no finite accuracy"),
        ("SUCCEEDED", {"accuracy": "inf"}, "failed", None, "it has no finite accuracy"),
        ("SUCCEEDED", {"accuracy": "unavailable"}, "failed", None, "it has no finite accuracy"),
        ("SUCCEEDED", {"loss": 0.4}, "failed", None, "it has no finite accuracy"),
        ("FAILED", {"accuracy": 0.4}, "failed", None, "failed"),
        ("KILLED", {}, "failed", None, "killed"),
        ("METRICSUNAVAILABLE", {}, "failed", None, "no metrics"),
        ("EARLYSTOPPED", {"accuracy": 0.2}, "stopped", 0.2, "stopped early"),
        ("EARLYSTOPPED", {}, "stopped", None, "stopped early"),
    ],
)
def test_conditions(
    condition: str, metrics: dict[str, float | str], status: str, value: float | None, reason: str | None
) -> None:
    (result,) = history(("digits-7", Made(FITTING, condition, metrics))).results
    assert (result.id, str(result.architecture), result.status) == (7, "2-3", status)
    assert (result.value, result.reason, result.fidelity) == (value, reason, 5)


def test_a_number_that_katib_does_not_know_counts_as_running() -> None:
    search = read_experiment(experiment())
    trial = Made(FITTING).message("digits-0")
    trial.status.condition = 99  # type: ignore[assignment]
    assert read_trials(search, [trial]).results[0].status == "running"


def test_several_objectives_are_turned_so_that_larger_is_better() -> None:
    metrics = {
        "loss": 0.25,
        "params": "123.0",
        "accuracy": 0.9,
        "flops": 456,
        "seconds": 1.5,
        "latency_ms": 2,
    }
    (result,) = history(
        ("digits-0", Made(FITTING, "SUCCEEDED", metrics)), objective="loss", objectives="loss,params"
    ).results
    assert result.value == (-0.25, -123)
    assert (result.params, result.flops, result.latency_ms, result.seconds) == (123, 456, 2, 1.5)
    assert result.metrics == {"loss": 0.25, "accuracy": 0.9}


def test_a_suggestion_without_a_trial_has_failed_if_a_later_one_has_a_trial() -> None:
    made = history(("digits-1", Made(FITTING, "RUNNING")), asked="0:1-1 2:1-2@3 1:2-3@5")
    assert [(r.id, str(r.architecture), r.status) for r in made.results] == [
        (0, "1-1", "failed"),
        (1, "2-3", "running"),
        (2, "1-2", "running"),
    ]
    assert write_asked(made.asked) == "0:1-1 1:2-3@5 2:1-2@3"


def test_a_finished_trial_leaves_the_note() -> None:
    made = history(("digits-0", Made(FITTING, "FAILED")), asked="0:2-3@5")
    assert not made.asked


def test_one_id_with_two_architectures_is_refused() -> None:
    with pytest.raises(BadInput, match="digits-0 comes twice, as 2-3 and as 1-1"):
        history(("digits-0", Made(FITTING)), ("digits-0", Made({"architecture": "1-1"})))


def test_the_note_is_read_as_it_was_written() -> None:
    space = read_experiment(experiment(space="conv", input_shape="28x28x1")).space
    suggestions = {i: (Suggestion(i, a, i or None),) for i, a in zip(range(50), space, strict=False)}
    assert read_asked(write_asked(suggestions), space) == suggestions
    assert read_asked("", space) == {}


@pytest.mark.parametrize(
    "text", ["x", "0:1-1 0:1-2", "10000:1-1", "00:1-1", "0:1-1@0", "-1:1-1", "0:11-1", "0:"]
)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_asked(text, read_experiment(experiment()).space)


def test_a_huge_number_is_a_number() -> None:
    (result,) = history(
        ("digits-0", Made(FITTING, "SUCCEEDED", {"accuracy": 0.5, "params": "1e300"}))
    ).results
    assert result.params == int(1e300)
