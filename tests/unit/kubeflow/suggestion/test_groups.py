"""Several architectures in each trial: Katib's requests from the first to the last one of an experiment."""

from __future__ import annotations

import random
from typing import Any

import grpc
import pytest
from tests.unit.kubeflow.suggestion.katib import (
    FINISHED,
    Call,
    Controller,
    Made,
    caller,
    codes_of,
    experiment,
    validator,
)

from archmend.errors import BadInput
from archmend.kubeflow.suggestion import algorithm_names, strategy_of
from archmend.kubeflow.suggestion import api_pb2 as api
from archmend.kubeflow.suggestion.experiment import read_experiment
from archmend.kubeflow.suggestion.groups import metrics_of, read_group, split_codes, write_group
from archmend.kubeflow.suggestion.server import SuggestionServer
from archmend.kubeflow.suggestion.trials import History, read_trials
from archmend.search import Suggestion, TrialResult, create_strategy, with_epochs
from archmend.spaces import create_space

SOME = ("random", "grid", "evolution", "asha", "surrogate")
SERVED = [name.removeprefix("archmend-") for name in algorithm_names()]


def score(code: str) -> float:
    return sum(code.encode()) % 97 / 97


def pods(
    strategy: str = "random", per_pod: int = 3, *, limit: str | None = None, **other: Any
) -> api.Experiment:
    """Return an experiment with several architectures a trial, and a limit of them."""
    names = [f"{o}-{i}" for o in other.get("objectives", "accuracy").split(",") for i in range(per_pod)]
    additional = [*other.pop("additional", ()), *names]
    made = experiment(strategy, additional=additional, trials_per_pod=str(per_pod), **other)
    if limit is not None:
        made.spec.algorithm.algorithm_settings.add(name="max_trials", value=limit)
    return made


def codes(katib: Controller) -> list[str]:
    return [code for text in katib.architectures for code in codes_of(text)]


def end(katib: Controller, name: str, condition: str = "SUCCEEDED", without: tuple[int, ...] = ()) -> None:
    """Let a trial end with a metric for each of its architectures, but for some."""
    found = {
        i: score(code) for i, code in enumerate(codes_of(katib.trials[name].assignments["architecture"]))
    }
    each = {f"accuracy-{i}": value for i, value in found.items() if i not in without}
    best = {"accuracy": max(each.values())} if each else {}
    katib.end(name, condition, **best, **each)


@pytest.mark.parametrize("strategy", SERVED)
def test_one_pod_at_a_time_is_a_population_at_a_time(call: Call, strategy: str) -> None:
    space, name = create_space("seed-fc", input_shape=(64,), classes=10), strategy_of(f"archmend-{strategy}")
    local = create_strategy(name, space, 4, **with_epochs(name, {}, 5, 5))
    katib = Controller(call, pods(strategy, 4, seed="4"))
    expected = []
    for turn in range(4):
        (trial,) = katib.ask(1)
        assert trial == f"digits-{4 * turn}"
        end(katib, trial)
        asked = local.ask(4)
        local.tell(
            TrialResult(s.id, s.architecture, score(str(s.architecture)), fidelity=s.fidelity) for s in asked
        )
        expected += [str(s.architecture) for s in asked]
    assert codes(katib) == expected


def test_the_last_pod_has_what_is_left_of_the_budget(call: Call) -> None:
    katib = Controller(call, pods(limit="7"))
    for name in katib.ask(2):
        end(katib, name)
    katib.ask(1)
    assert [len(codes_of(text)) for text in katib.architectures] == [3, 3, 1]
    # Katib asks for more than it counts where a trial has ended without metrics: as little as can be given.
    katib.end("digits-6", "METRICSUNAVAILABLE")
    assert katib.ask(1) == ["digits-7"]
    assert len(set(codes(katib))) == 8


def test_katibs_own_count_is_a_limit_too(call: Call) -> None:
    made = pods(max_trials=2)
    assert read_experiment(made).budget.trials == 6
    assert read_experiment(pods(max_trials=0)).budget.trials is None


@pytest.mark.parametrize("strategy", SOME)
def test_a_space_that_ends_gives_a_smaller_last_pod(call: Call, strategy: str) -> None:
    katib = Controller(call, pods(strategy, 16))
    for name in katib.ask(5):
        end(katib, name)
    with pytest.raises(grpc.RpcError) as refused:
        call(katib.request(3))
    assert refused.value.code() == grpc.StatusCode.OUT_OF_RANGE
    assert "3 times 16 more suggestions are asked for after 80" in refused.value.details()
    assert "has 20 left" in refused.value.details()
    assert [len(codes_of(katib.trials[name].assignments["architecture"])) for name in katib.ask(2)] == [16, 4]
    assert len(set(codes(katib))) == 100
    with pytest.raises(grpc.RpcError) as refused:
        katib.ask(1)
    assert refused.value.code() == grpc.StatusCode.OUT_OF_RANGE


def test_a_lost_reply_a_restart_and_any_order_change_nothing(call: Call) -> None:
    katib = Controller(call, pods("evolution"))
    names = katib.ask(4)
    end(katib, names[1])
    end(katib, names[3], without=(0, 2))
    katib.end(names[0], "FAILED")
    request = katib.request(2)
    first = call(request)
    shuffled = api.GetSuggestionsRequest()
    shuffled.CopyFrom(request)
    del shuffled.trials[:]
    # The last state of a trial counts, and one that comes twice is one.
    earlier = api.Trial()
    earlier.CopyFrom(request.trials[1])
    earlier.status.condition = api.TrialStatus.RUNNING
    shuffled.trials.extend([*reversed(request.trials), earlier, request.trials[0]])
    another = SuggestionServer(0)
    another.start()
    with grpc.insecure_channel(f"localhost:{another.port}") as channel:
        again = caller(channel)(shuffled, timeout=30)
    another.stop(1)
    assert first == again
    assert [m.trial_name for m in first.parameter_assignments] == ["digits-12", "digits-15"]


@pytest.mark.parametrize(
    ("strategy", "keeps_status"), [*((s, True) for s in SOME), ("random", False), ("grid", False)]
)
def test_every_end_in_any_order_repeats_nothing_and_reaches_the_whole_space(
    call: Call, strategy: str, keeps_status: bool
) -> None:
    draw = random.Random(1)
    katib = Controller(call, pods(strategy, 4), keeps_status=keeps_status)
    running = katib.ask(3)
    while len(katib.trials) < 25:
        draw.shuffle(running)
        for name in [running.pop() for _ in range(draw.randint(1, len(running)))]:
            condition = draw.choice(FINISHED)
            measured = condition in ("SUCCEEDED", "EARLYSTOPPED")
            without = draw.choice([(), (1,), (0, 2, 3)]) if measured else (0, 1, 2, 3)
            end(katib, name, condition, without)
        running += katib.ask(min(3 - len(running), 25 - len(katib.trials)))
    assert len(set(codes(katib))) == 100
    assert list(katib.trials) == [f"digits-{i}" for i in range(0, 100, 4)]


def test_the_note_holds_pods_as_they_were_given(call: Call) -> None:
    katib = Controller(call, pods())
    first, second = katib.ask(2)
    given = [codes_of(text) for text in katib.architectures]
    assert katib.status["asked"] == " ".join(
        f"{n}:{','.join(f'{code}@5' for code in each)}" for n, each in zip((0, 3), given, strict=True)
    )
    katib.end(first, "METRICSUNAVAILABLE")
    end(katib, second)
    katib.ask(1)
    assert katib.status["asked"].split()[0] == f"0:{','.join(f'{code}@5' for code in given[0])}"
    assert len(set(codes(katib))) == 9


def test_epochs_of_their_own_stand_behind_the_codes(call: Call) -> None:
    katib = Controller(call, pods("asha", 4, epochs_allowed=(1, 9)))
    for _ in range(8):
        for name in katib.ask(1, repeats=True):
            end(katib, name)
    groups = [
        [(c.number, c.code, c.epochs or int(trial.assignments["epochs"])) for c in split_codes(0, text)]
        for trial, text in zip(katib.trials.values(), katib.architectures, strict=True)
    ]
    epochs = [[e for _, _, e in group] for group in groups]
    assert [int(t.assignments["epochs"]) for t in katib.trials.values()] == [max(each) for each in epochs]
    assert {e for each in epochs for e in each} == {1, 3, 9}
    assert any("@" in text for text in katib.architectures)
    asked = [(code, e) for group in groups for _, code, e in group]
    assert len(set(asked)) == len(asked) == 32


def test_an_id_over_the_limit_is_an_empty_place(call: Call) -> None:
    limits = {"max_params": "300"}
    space = create_space("seed-fc", input_shape=(64,), classes=10)
    fitting = [str(a) for a in space if space.cost(a)["params"] <= 300]
    katib = Controller(call, pods("grid", 3, **limits))
    numbers = []
    while len(codes(katib)) < len(fitting):
        for name in katib.ask(1):
            numbers += [c.number for c in split_codes(int(name[7:]), katib.architectures[-1])]
            end(katib, name, "METRICSUNAVAILABLE" if len(numbers) > 9 else "SUCCEEDED")
    assert codes(katib) == fitting
    assert any(",," in text for text in katib.architectures)
    assert [str(a) for i, a in enumerate(space) if i in numbers] == fitting


def history(*trials: tuple[str, str, str, dict[str, Any]], **other: Any) -> History:
    made = pods(**other)
    messages = [
        Made({"architecture": text, "epochs": "5"}, condition, metrics).message(name)
        for name, text, condition, metrics in trials
    ]
    return read_trials(read_experiment(made), messages)


@pytest.mark.parametrize("missing", [None, "unavailable", "", "nan", "inf"])
def test_each_architecture_has_its_own_end(missing: str | None) -> None:
    metrics: dict[str, Any] = {
        "accuracy": 0.9,
        "accuracy-0": 0.4,
        "accuracy-2": 0.9,
        "loss": 1.0,
        "params": 7,
    }
    if missing is not None:
        metrics["accuracy-1"] = missing
    made = history(("digits-6", "2-3,1-1,4-4", "SUCCEEDED", metrics))
    assert [(r.id, str(r.architecture), r.status, r.value, r.reason) for r in made.results] == [
        (6, "2-3", "succeeded", 0.4, None),
        (7, "1-1", "failed", None, "it has no finite accuracy-1"),
        (8, "4-4", "succeeded", 0.9, None),
    ]
    assert made.results[0].metrics == {"accuracy": 0.4}
    assert made.results[0].params is None, "the pod's is of its best"
    assert (made.trials, made.asked) == (1, {})


@pytest.mark.parametrize(
    ("condition", "status", "reason"),
    [
        ("FAILED", "failed", "failed"),
        ("RUNNING", "running", None),
        ("EARLYSTOPPED", "stopped", "stopped early"),
    ],
)
def test_what_katib_says_of_a_pod_is_said_of_each(condition: str, status: str, reason: str | None) -> None:
    made = history(("digits-0", "2-3,,1-1", condition, {}))
    assert [(r.id, r.status, r.reason) for r in made.results] == [(0, status, reason), (2, status, reason)]
    assert list(made.asked) == ([0] if status == "running" else [])


def test_a_single_one_has_the_pods_metrics() -> None:
    (result,) = history(("digits-3", "2-3", "SUCCEEDED", {"accuracy": 0.7, "params": 9})).results
    assert (result.value, result.params) == (0.7, 9)


def test_several_objectives_are_read_for_each() -> None:
    metrics = {"loss": 0.1, "loss-0": 0.5, "params-0": 30, "loss-1": 0.1, "params-1": 20, "loss-2": 0.2}
    made = history(
        ("digits-0", "2-3,1-1,4-4", "SUCCEEDED", metrics),
        objective="loss",
        objectives="loss,params",
        additional=["params"],
    )
    assert [r.value for r in made.results] == [(-0.5, -30), (-0.1, -20), None]
    assert [r.reason for r in made.results] == [None, None, "it has no finite params-2"]


def test_trials_of_others_are_earlier_results_each() -> None:
    made = history(("by-hand", "2-3,1-1", "SUCCEEDED", {"accuracy-0": 0.1, "accuracy-1": 0.2}))
    assert [(str(r.architecture), r.value) for r in made.prior] == [("2-3", 0.1), ("1-1", 0.2)]


@pytest.mark.parametrize(
    ("trials", "words"),
    [
        ([("digits-0", "1-1,1-2,1-3,1-4")], "has 4 architectures and trials_per_pod is 3"),
        (
            [
                ("digits-0", "1-1,"),
            ],
            "'' in the architectures '1-1,' is none",
        ),
        ([("digits-0", "1-1@0")], "'1-1@0' in the architectures '1-1@0' is none; write codes with commas"),
        ([("digits-0", "1-1,1-99")], "architecture '1-99' is not of space 'seed-fc'"),
        (
            [("digits-0", "1-1,1-2"), ("digits-0", "1-1,2-2")],
            "digits-0 comes twice, as 1-1,1-2 and as 1-1,2-2",
        ),
    ],
)
def test_what_is_no_trial_of_several_is_refused(trials: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(BadInput) as refused:
        history(*((name, text, "RUNNING", {}) for name, text in trials))
    assert words in str(refused.value)


def test_trials_that_share_an_id_are_refused(call: Call) -> None:
    katib = Controller(call, pods())
    katib.ask(2)
    trial = katib.trials["digits-3"]
    request = katib.request(1)
    request.trials[1].name = "digits-1"
    with pytest.raises(grpc.RpcError) as refused:
        call(request)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT, trial
    assert "trial 1 was suggested as" in refused.value.details()


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (experiment(trials_per_pod="0"), "'trials_per_pod' must be a whole number of 1 to 64, got '0'"),
        (experiment(trials_per_pod="65"), "'trials_per_pod' must be a whole number of 1 to 64, got '65'"),
        (experiment(trials_per_pod="many"), "got 'many'"),
        (
            experiment(trials_per_pod="2", additional=["accuracy-0"]),
            "the metric 'accuracy-1' is not among the",
        ),
        (pods(limit="0"), "'max_trials' must be a whole number of at least 1, got '0'"),
        (pods(per_pod=1, limit="4"), "'max_trials' is for trials of several architectures"),
        (pods(max_trials=35), "maxTrialCount times trials_per_pod is 105 and space 'seed-fc' holds 100"),
        (pods(max_trials=4_000), "maxTrialCount times trials_per_pod is 12000 and at most 10000 are served"),
        (pods(asked="0:1-1,1-2,1-3,1-4"), "'asked' is the service's own note"),
        (pods(asked="0:1-1,"), "'asked' is the service's own note"),
        (experiment(asked="0:1-1,1-2"), "'asked' is the service's own note"),
    ],
)
def test_wrong_settings_are_one_sentence(channel: grpc.Channel, made: api.Experiment, words: str) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        validator(channel)(made)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert words in refused.value.details()


def test_as_many_pods_as_the_space_fills_are_let_through(channel: grpc.Channel) -> None:
    validator(channel)(pods(max_trials=34))


def test_a_text_is_read_as_it_was_written() -> None:
    space = create_space("conv", input_shape=(8, 8, 1), classes=10)
    draw = random.Random(0)
    for _ in range(50):
        numbers = sorted(draw.sample(range(40), draw.randint(1, 8)))
        group = tuple(Suggestion(n, a, draw.choice([3, 9])) for n, a in zip(numbers, space, strict=False))
        for epochs in (None, 9):
            text = write_group(group, epochs)
            assert read_group(numbers[0], text, space, epochs) == group
            assert not set(text) & set("\"'{}$ ;&|<>()*?#\\")


def test_metrics_by_place() -> None:
    metrics = {"accuracy": 1.0, "accuracy-1": 2.0, "accuracy-11": 3.0, "latency_ms-1": 4.0}
    assert metrics_of(metrics, 1, 12) == {"accuracy": 2.0, "latency_ms": 4.0}
    assert metrics_of(metrics, 11, 12) == {"accuracy": 3.0}
    assert metrics_of(metrics, 0, 1) == metrics
