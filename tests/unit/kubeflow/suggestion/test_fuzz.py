"""No message makes the service crash or answer what Katib could not use."""

from __future__ import annotations

import random
from collections import Counter

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.kubeflow.suggestion.katib import GET, VALIDATE, Call, Controller, check_reply, experiment
from tests.unit.kubeflow.suggestion.mutation import mutated

from archmend.kubeflow.suggestion import algorithm_names
from archmend.kubeflow.suggestion import api_pb2 as api

REFUSED = grpc.StatusCode.INVALID_ARGUMENT
REFUSALS = {REFUSED, grpc.StatusCode.OUT_OF_RANGE}
ENDS = ("SUCCEEDED", "FAILED", "EARLYSTOPPED", "METRICSUNAVAILABLE")


def seeds(call: Call) -> list[api.GetSuggestionsRequest]:
    """Return requests in the middle of an experiment, one an algorithm and one with everything set."""
    made = []
    for name in algorithm_names():
        katib = Controller(call, experiment(name.removeprefix("archmend-")))
        for i, trial in enumerate(katib.ask(8)[:6]):
            katib.end(trial, ENDS[i % 4], accuracy=0.5)
        made.append(katib.request(3))
    several = experiment(
        objective="loss",
        additional=["params"],
        epochs_allowed=(1, 9),
        max_trials=20,
        space="fc",
        objectives="loss,params",
        max_params="5000",
        seed="3",
        epochs="4",
    )
    katib = Controller(call, several)
    katib.end(katib.ask(2)[0], loss=0.4, params=100)
    return [*made, katib.request(1)]


def outcome(call: grpc.UnaryUnaryMultiCallable, data: bytes) -> tuple[grpc.StatusCode, bytes]:
    """Return the status of a call, and its reply or the words of its refusal."""
    try:
        return grpc.StatusCode.OK, call(data, timeout=30)
    except grpc.RpcError as error:
        return error.code(), error.details().encode()


@pytest.mark.parametrize("seed", range(4))
def test_changed_requests_get_a_usable_answer_or_a_refusal(
    channel: grpc.Channel, call: Call, seed: int
) -> None:
    rng = random.Random(seed)
    ask, validate = channel.unary_unary(GET), channel.unary_unary(VALIDATE)
    good = seeds(call)
    seen: Counter[grpc.StatusCode] = Counter()
    for _ in range(100):
        request = rng.choice(good)
        data = mutated(request, rng)
        status, reply = outcome(ask, data)
        seen[status] += 1
        if status == grpc.StatusCode.OK:
            message = api.GetSuggestionsReply.FromString(reply)
            check_reply(api.GetSuggestionsRequest.FromString(data), message, own_history=False)
        else:
            assert status in REFUSALS, reply
            assert reply
            assert b"\n" not in reply
        changed = mutated(api.ValidateAlgorithmSettingsRequest(experiment=request.experiment), rng)
        status, reply = outcome(validate, changed)
        assert (status == grpc.StatusCode.OK and reply == b"") or status == REFUSED, reply
    # What is refused at once says nothing of the code behind: a good part has to get through.
    assert seen[grpc.StatusCode.OK] >= 20, seen
    assert seen[REFUSED] >= 20, seen
    for request in good:
        check_reply(request, call(request))


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200), method=st.sampled_from([GET, VALIDATE]))
def test_bytes_that_are_no_request_are_refused(channel: grpc.Channel, data: bytes, method: str) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        channel.unary_unary(method)(data, timeout=30)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_the_longest_text_is_refused_in_one_short_sentence(channel: grpc.Channel) -> None:
    for long in ("x" * 10**6, "\U0001f600" * 10**5, "a\n" * 10**5):
        request = api.ValidateAlgorithmSettingsRequest(experiment=experiment(space=long))
        with pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary(VALIDATE)(request.SerializeToString(), timeout=30)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert len(refused.value.details()) < 600
