"""The requests that Katib's controllers send, from the first to the last trial of an experiment."""

from __future__ import annotations

import random

import grpc
import pytest
from tests.unit.kubeflow.suggestion.katib import FINISHED, Call, Controller, caller, check_reply, experiment

from archmend.kubeflow.suggestion import MOST_TRIALS, algorithm_name, algorithm_names, strategy_of
from archmend.kubeflow.suggestion import api_pb2 as api
from archmend.kubeflow.suggestion.server import SuggestionServer
from archmend.search import Budget, TrialResult, create_strategy, run, strategy_names, with_epochs
from archmend.spaces import Architecture, create_space
from archmend.testing import ScriptedEvaluator

SERVED = [name.removeprefix("archmend-") for name in algorithm_names()]


def score(code: str) -> float:
    return sum(code.encode()) % 97 / 97


@pytest.mark.parametrize("strategy", SERVED)
def test_one_trial_at_a_time_is_the_local_search(call: Call, strategy: str) -> None:
    space = create_space("seed-fc", input_shape=(64,), classes=10)

    def value(architecture: Architecture) -> float:
        return score(str(architecture))

    name = strategy_of(f"archmend-{strategy}")
    local = run(
        space,
        ScriptedEvaluator(value),
        create_strategy(name, space, 4, **with_epochs(name, {}, 5, 5)),
        Budget(trials=12),
    )
    katib = Controller(call, experiment(strategy, seed="4"))
    for _ in range(12):
        (name,) = katib.ask(1)
        katib.end(name, accuracy=score(katib.trials[name].assignments["architecture"]))
    assert katib.architectures == [str(trial.architecture) for trial in local.trials]
    assert list(katib.trials) == [f"digits-{trial.id}" for trial in local.trials]


def test_several_numbers_of_epochs_are_the_local_search(call: Call) -> None:
    space = create_space("seed-fc", input_shape=(64,), classes=10)
    strategy = create_strategy("asha", space, 4, max_epochs=9)
    katib = Controller(call, experiment("asha", epochs_allowed=(1, 9), seed="4"))
    asked = []
    for _ in range(20):
        (name,) = katib.ask(1, repeats=True)
        given = katib.trials[name].assignments
        katib.end(name, accuracy=score(given["architecture"]))
        asked.append((given["architecture"], int(given["epochs"])))
    expected = []
    for _ in range(20):
        (s,) = strategy.ask(1)
        strategy.tell([TrialResult(s.id, s.architecture, score(str(s.architecture)), fidelity=s.fidelity)])
        expected.append((str(s.architecture), s.fidelity))
    assert asked == expected
    assert {epochs for _, epochs in asked} == {1, 3, 9}


def test_asha_goes_on_with_many_running_and_some_lost(call: Call) -> None:
    katib = Controller(call, experiment("asha", epochs_allowed=(1, 9)))
    running = katib.ask(6, repeats=True)
    for turn in range(12):
        first, second, *running = running
        katib.end(first, accuracy=score(katib.trials[first].assignments["architecture"]))
        katib.end(second, "FAILED" if turn % 3 else "METRICSUNAVAILABLE")
        running += katib.ask(2, repeats=True)
    asked = [(t.assignments["architecture"], t.assignments["epochs"]) for t in katib.trials.values()]
    assert len(set(asked)) == len(asked) == 30
    assert {"1", "3"} <= {epochs for _, epochs in asked}


def test_a_strategy_that_waits_is_not_served(call: Call) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        Controller(call, experiment("hyperband")).ask(1)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "strategy 'hyperband' waits for running trials" in refused.value.details()


@pytest.mark.parametrize(
    ("strategy", "keeps_status"),
    # Without the note in the status, a trial that no request shows can only be reckoned again, which what
    # looks at results cannot: others came since.
    [*((strategy, True) for strategy in SERVED), ("random", False), ("grid", False)],
)
def test_every_end_in_any_order_repeats_nothing_and_reaches_the_whole_space(
    call: Call, strategy: str, keeps_status: bool
) -> None:
    draw = random.Random(1)
    katib = Controller(call, experiment(strategy), keeps_status=keeps_status)
    running = katib.ask(4)
    while len(katib.trials) < 100:
        draw.shuffle(running)
        for name in [running.pop() for _ in range(draw.randint(1, len(running)))]:
            condition = draw.choice(FINISHED)
            measured = {"accuracy": 0.5} if condition in ("SUCCEEDED", "EARLYSTOPPED") else {}
            katib.end(name, condition, **measured)
        running += katib.ask(min(4 - len(running), 100 - len(katib.trials)))
    assert len(set(katib.architectures)) == 100
    assert list(katib.trials) == [f"digits-{i}" for i in range(100)]


@pytest.mark.parametrize("keeps_status", [True, False])
def test_a_stopped_trial_whose_observation_is_awaited_is_not_asked_again(
    call: Call, keeps_status: bool
) -> None:
    katib = Controller(call, experiment(), keeps_status=keeps_status)
    first, second = katib.ask(2)
    katib.end(first, "EARLYSTOPPED")
    assert katib.request(1).current_request_number == 0
    assert [t.name for t in katib.request(2).trials] == [second]
    katib.ask(2)
    katib.end(first, "EARLYSTOPPED", accuracy=0.4)
    katib.ask(2)
    assert len(set(katib.architectures)) == len(katib.trials)


def test_a_lost_reply_and_a_restarted_service_change_nothing(call: Call) -> None:
    katib = Controller(call, experiment())
    katib.end(katib.ask(3)[1], accuracy=0.5)
    request = katib.request(2)
    first, again = call(request), call(request)
    another = SuggestionServer(0)
    another.start()
    with grpc.insecure_channel(f"localhost:{another.port}") as channel:
        elsewhere = caller(channel)(request)
    another.stop(1)
    assert first == again == elsewhere
    assert [made.trial_name for made in first.parameter_assignments] == ["digits-3", "digits-4"]


@pytest.mark.parametrize("strategy", SERVED)
def test_neither_the_order_of_trials_nor_duplicates_change_the_reply(call: Call, strategy: str) -> None:
    katib = Controller(call, experiment(strategy))
    for name in katib.ask(6)[::2]:
        katib.end(name, accuracy=score(name))
    straight = katib.request(2)
    shuffled = api.GetSuggestionsRequest()
    shuffled.CopyFrom(straight)
    del shuffled.trials[:]
    shuffled.trials.extend([*reversed(straight.trials), *straight.trials])
    assert call(shuffled) == call(straight)


def test_a_trial_comes_twice_as_running_and_as_finished(call: Call) -> None:
    katib = Controller(call, experiment())
    (name,) = katib.ask(1)
    running = katib.trials[name].message(name)
    katib.end(name, accuracy=0.5)
    request = katib.request(1)
    request.trials.append(running)
    assert call(request) == call(katib.request(1))


def test_a_deleted_trial_makes_room_without_its_id_being_given_again(call: Call) -> None:
    katib = Controller(call, experiment())
    names = katib.ask(4)
    # Katib deletes running trials, and their suggestions, where parallelTrialCount is lowered.
    del katib.trials[names[2]]
    katib.given.remove(names[2])
    assert katib.ask(2) == ["digits-4", "digits-5"]


def test_trials_that_others_made_are_taken_as_earlier_results(call: Call) -> None:
    katib = Controller(call, experiment())
    expected = call(katib.request(1)).parameter_assignments[0].assignments[0].value
    for name in ("digits-by-hand", "digits-007", "digits-99999", "digits-", "another-0", "digits-²"):
        request = katib.request(1)
        foreign = request.trials.add(name=name)
        foreign.spec.parameter_assignments.assignments.add(name="architecture", value=expected)
        foreign.spec.parameter_assignments.assignments.add(name="epochs", value="many")
        (made,) = call(request).parameter_assignments
        assert made.trial_name == "digits-0"
        assert made.assignments[0].value != expected
        foreign.spec.parameter_assignments.assignments[0].value = "anything"
        (made,) = call(request).parameter_assignments
        assert made.assignments[0].value == expected


def test_the_epochs_are_the_experiments(call: Call) -> None:
    for epochs, settings, expected in (
        ((5, 5), {}, "5"),
        ((1, 27), {}, "27"),
        ((1, 27), {"epochs": "9"}, "9"),
    ):
        katib = Controller(call, experiment(epochs_allowed=epochs, **settings))
        katib.ask(1)
        assert katib.trials["digits-0"].assignments["epochs"] == expected


def test_only_declared_parameters_are_assigned(call: Call) -> None:
    made = experiment()
    del made.spec.parameter_specs.parameters[1]
    request = api.GetSuggestionsRequest(experiment=made, current_request_number=2, total_request_number=2)
    reply = call(request)
    check_reply(request, reply)
    assert [a.name for a in reply.parameter_assignments[0].assignments] == ["architecture"]


def test_grid_passes_over_what_is_over_the_limit_each_time_alike(call: Call) -> None:
    limits = {"max_params": "300"}
    space = create_space("seed-fc", input_shape=(64,), classes=10)
    fitting = [str(a) for a in space if space.cost(a)["params"] <= 300]
    katib = Controller(call, experiment("grid", **limits))
    while len(katib.trials) < len(fitting):
        for name in katib.ask(min(3, len(fitting) - len(katib.trials))):
            katib.end(name, "METRICSUNAVAILABLE" if len(katib.trials) % 4 == 0 else "SUCCEEDED", accuracy=0.1)
    assert katib.architectures == fitting
    with pytest.raises(grpc.RpcError) as refused:
        katib.ask(1)
    assert refused.value.code() == grpc.StatusCode.OUT_OF_RANGE


@pytest.mark.parametrize("strategy", SERVED)
def test_an_exhausted_space_is_said_so(call: Call, strategy: str) -> None:
    katib = Controller(call, experiment(strategy))
    for name in katib.ask(98):
        katib.end(name, accuracy=0.5)
    with pytest.raises(grpc.RpcError) as refused:
        call(katib.request(4))
    assert refused.value.code() == grpc.StatusCode.OUT_OF_RANGE
    assert "after 98" in refused.value.details()
    assert "has 2 left" in refused.value.details()
    assert len(katib.ask(2)) == 2


def test_nothing_asked_is_nothing_given_and_too_much_is_refused(call: Call) -> None:
    assert not call(Controller(call, experiment()).request(0)).parameter_assignments
    for count, total in ((-1, 4), (1001, 1001), (1, MOST_TRIALS + 1)):
        request = Controller(call, experiment()).request(1)
        request.current_request_number, request.total_request_number = count, total
        with pytest.raises(grpc.RpcError) as refused:
            call(request)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    many = Controller(call, experiment()).request(1)
    many.trials.extend([api.Trial()] * (MOST_TRIALS + 1))
    with pytest.raises(grpc.RpcError, match="10001 trials came"):
        call(many)


def test_more_left_out_than_can_be_replayed_is_refused(call: Call) -> None:
    request = Controller(call, experiment(space="fc")).request(1)
    request.total_request_number = 1002
    with pytest.raises(grpc.RpcError, match="leaves out more than 1000"):
        call(request)
    request.total_request_number = 1001
    assert call(request).parameter_assignments[0].trial_name == "digits-1000"


def test_every_strategy_has_an_algorithm() -> None:
    assert {strategy_of(name) for name in algorithm_names()} == set(strategy_names(waiting=False))
    assert algorithm_name("local_search") == "archmend-local-search"
