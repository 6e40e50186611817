"""The two calls of Katib's Suggestion service: bytes in, bytes or a status with one sentence out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import grpc
from google.protobuf.message import DecodeError

from archmend.errors import BadInput
from archmend.kubeflow.suggestion import api_pb2 as api
from archmend.kubeflow.suggestion.answering import Answer, Exhausted, GivenUp, answer
from archmend.kubeflow.suggestion.asked import write_asked
from archmend.kubeflow.suggestion.checking import check
from archmend.kubeflow.suggestion.experiment import Search, read_experiment
from archmend.kubeflow.suggestion.groups import write_group
from archmend.kubeflow.suggestion.names import (
    ARCHITECTURE,
    ASKED,
    EPOCHS,
    MOST_TRIALS,
    algorithm_name,
    trial_name,
)
from archmend.kubeflow.suggestion.trials import read_trials

SERVICE = "api.v1.beta1.Suggestion"
MOST_AT_ONCE = 1_000
"""Suggestions of one reply."""
_LONGEST = 500
"""Letters of a status: it travels in a header of at most 8 KiB, where a letter can take twelve bytes."""
_LOG = logging.getLogger(__name__)
Request = TypeVar("Request", api.GetSuggestionsRequest, api.ValidateAlgorithmSettingsRequest)
Reply = TypeVar("Reply")


def handler() -> grpc.GenericRpcHandler:
    """Return what a gRPC server serves the two calls with.

    Requests come as bytes, so that one that is no message gets a status of ours, too.
    """
    calls = {
        "GetSuggestions": grpc.unary_unary_rpc_method_handler(
            get_suggestions, response_serializer=api.GetSuggestionsReply.SerializeToString
        ),
        "ValidateAlgorithmSettings": grpc.unary_unary_rpc_method_handler(
            validate, response_serializer=api.ValidateAlgorithmSettingsReply.SerializeToString
        ),
    }
    return grpc.method_handlers_generic_handler(SERVICE, calls)


def get_suggestions(data: bytes, context: grpc.ServicerContext) -> api.GetSuggestionsReply:
    """Answer with as many suggestions as are asked for.

    The status is INVALID_ARGUMENT where the request is wrong, OUT_OF_RANGE where fewer are left,
    DEADLINE_EXCEEDED where the client waits no longer.
    """

    def made() -> api.GetSuggestionsReply:
        return _suggestions(_parsed(api.GetSuggestionsRequest, data), context.is_active)

    return _answered(context, made, defect=grpc.StatusCode.INTERNAL)


def validate(data: bytes, context: grpc.ServicerContext) -> api.ValidateAlgorithmSettingsReply:
    """Answer with nothing where the experiment can be served; else the status is INVALID_ARGUMENT."""

    def checked() -> api.ValidateAlgorithmSettingsReply:
        check(read_experiment(_parsed(api.ValidateAlgorithmSettingsRequest, data).experiment))
        return api.ValidateAlgorithmSettingsReply()

    # Katib takes any other status but UNKNOWN and UNAVAILABLE for a yes, a defect's too.
    return _answered(context, checked, defect=grpc.StatusCode.INVALID_ARGUMENT)


def _suggestions(request: api.GetSuggestionsRequest, wanted: Callable[[], bool]) -> api.GetSuggestionsReply:
    started = time.perf_counter()
    count, total = request.current_request_number, request.total_request_number
    if not 0 <= count <= MOST_AT_ONCE:
        raise BadInput(f"current_request_number must be 0 to {MOST_AT_ONCE}, got {count}")
    if total > MOST_TRIALS:
        raise BadInput(
            f"total_request_number is {total} and at most {MOST_TRIALS} are served; lower maxTrialCount"
        )
    if len(request.trials) > MOST_TRIALS:
        raise BadInput(f"{len(request.trials)} trials came and at most {MOST_TRIALS} are served; send fewer")
    search = read_experiment(request.experiment)
    history = read_trials(search, request.trials)
    found = answer(search, history, count, max(0, total - count), wanted)
    _LOG.info(
        "%s: %d trials, %d suggestions from %s in %.3f s",
        search.experiment,
        len(request.trials),
        sum(map(len, found.groups)),
        search.strategy,
        time.perf_counter() - started,
    )
    return _reply(search, found)


def _reply(search: Search, found: Answer) -> api.GetSuggestionsReply:
    reply = api.GetSuggestionsReply()
    for group in found.groups:
        epochs = max((s.fidelity for s in group if s.fidelity is not None), default=None)
        values = {ARCHITECTURE: write_group(group, epochs), EPOCHS: str(epochs)}
        reply.parameter_assignments.add(
            trial_name=trial_name(search.experiment, group[0].id),
            assignments=[
                api.ParameterAssignment(name=name, value=values[name]) for name in search.parameters
            ],
        )
    reply.algorithm.algorithm_name = algorithm_name(search.strategy)
    reply.algorithm.algorithm_settings.add(name=ASKED, value=write_asked(found.asked))
    return reply


def _parsed(kind: type[Request], data: bytes) -> Request:
    try:
        return kind.FromString(data)
    except DecodeError as error:
        raise BadInput(f"{len(data)} bytes came that are no {kind.DESCRIPTOR.name}; send one") from error


def _answered(context: grpc.ServicerContext, work: Callable[[], Reply], *, defect: grpc.StatusCode) -> Reply:
    """Return the reply, or end the call with the status that belongs to what went wrong."""
    try:
        return work()
    except Exception as error:
        code, text = _status(error, defect)
    _LOG.warning("%s: %s", code.name, text)
    context.abort(code, text)
    raise AssertionError("abort has raised")


def _status(error: Exception, defect: grpc.StatusCode) -> tuple[grpc.StatusCode, str]:
    text = str(error)
    if isinstance(error, BadInput):
        code = grpc.StatusCode.INVALID_ARGUMENT
    elif isinstance(error, Exhausted):
        code = grpc.StatusCode.OUT_OF_RANGE
    elif isinstance(error, GivenUp):
        code = grpc.StatusCode.DEADLINE_EXCEEDED
    elif isinstance(error, MemoryError):
        code, text = grpc.StatusCode.RESOURCE_EXHAUSTED, "out of memory; give the suggestion pod more"
    else:
        _LOG.exception("a defect, of archmend or of a strategy from another package")
        code, text = defect, f"a defect ({type(error).__name__}: {text}); the suggestion pod's log says where"
    sentence = " ".join(text.split())
    return code, sentence if len(sentence) <= _LONGEST else f"{sentence[:_LONGEST]} ..."
