"""Our .proto says on the wire what Katib's says; the bytes here were written by Katib 0.19's own messages."""

from __future__ import annotations

import base64

import grpc
from tests.unit.kubeflow.suggestion.katib import GET

from archmend.kubeflow.suggestion import api_pb2 as api

REQUEST = base64.b64decode(
    "CsgBCgZkaWdpdHMSvQEKMgoXCgxhcmNoaXRlY3R1cmUQBBoFGgNhbnkKFwoGZXBvY2hzEAIaCwoBNRIBNSIBMSgBEiMIAhGuR+F6"
    "FK7vPxoIYWNjdXJhY3kiBGxvc3MiBnBhcmFtcxpQCg9hcmNobWVuZC1yYW5kb20SEAoFc3BhY2USB3NlZWQtZmMSEQoLaW5wdXRf"
    "c2hhcGUSAjY0Eg0KB2NsYXNzZXMSAjEwEgkKBHNlZWQSATMiDAoKbWVkaWFuc3RvcCgCMAgSvQEKCGRpZ2l0cy0wElESIwgCEa5H"
    "4XoUru8/GghhY2N1cmFjeSIEbG9zcyIGcGFyYW1zGiIKEwoMYXJjaGl0ZWN0dXJlEgM5LTIKCwoGZXBvY2hzEgE1IgYKAWESAWIa"
    "XgoUMjAyNi0xMS0yNFQxMDowMDowMFoSFDIwMjYtMTEtMjRUMTA6MDE6MDBaGAIiLgoQCghhY2N1cmFjeRIEMC45MQoLCgRsb3Nz"
    "EgMwLjMKDQoGcGFyYW1zEgM3MDASjwEKCGRpZ2l0cy0xElESIwgCEa5H4XoUru8/GghhY2N1cmFjeSIEbG9zcyIGcGFyYW1zGiIK"
    "EwoMYXJjaGl0ZWN0dXJlEgMxLTEKCwoGZXBvY2hzEgE1IgYKAWESAWIaMAoUMjAyNi0xMS0yNFQxMDowMDowMFoSFDIwMjYtMTEt"
    "MjRUMTA6MDE6MDBaGAQiABKPAQoIZGlnaXRzLTISURIjCAIRrkfhehSu7z8aCGFjY3VyYWN5IgRsb3NzIgZwYXJhbXMaIgoTCgxh"
    "cmNoaXRlY3R1cmUSAzMtNAoLCgZlcG9jaHMSATUiBgoBYRIBYhowChQyMDI2LTExLTI0VDEwOjAwOjAwWhIUMjAyNi0xMS0yNFQx"
    "MDowMTowMFoYASIAIAEoBA=="
)
REPLY = base64.b64decode(
    "CiwKEwoMYXJjaGl0ZWN0dXJlEgMyLTIKCwoGZXBvY2hzEgE1EghkaWdpdHMtMxInCg9hcmNobWVuZC1yYW5kb20SFAoFYXNrZWQS"
    "CzI6My00IDM6Mi0y"
)


def test_katibs_request_is_read() -> None:
    request = api.GetSuggestionsRequest.FromString(REQUEST)
    experiment, spec = request.experiment, request.experiment.spec
    assert (request.current_request_number, request.total_request_number) == (1, 4)
    assert (experiment.name, spec.parallel_trial_count, spec.max_trial_count) == ("digits", 2, 8)
    assert spec.algorithm.algorithm_name == "archmend-random"
    settings = {s.name: s.value for s in spec.algorithm.algorithm_settings}
    assert settings == {"space": "seed-fc", "input_shape": "64", "classes": "10", "seed": "3"}
    assert (spec.objective.type, spec.objective.objective_metric_name) == (api.MAXIMIZE, "accuracy")
    assert list(spec.objective.additional_metric_names) == ["loss", "params"]
    architecture, epochs = spec.parameter_specs.parameters
    assert (architecture.name, architecture.parameter_type) == ("architecture", api.CATEGORICAL)
    assert list(architecture.feasible_space.list) == ["any"]
    assert (epochs.name, epochs.parameter_type) == ("epochs", api.INT)
    assert (epochs.feasible_space.min, epochs.feasible_space.max) == ("5", "5")
    first, second, third = request.trials
    conditions = [trial.status.condition for trial in request.trials]
    assert conditions == [api.TrialStatus.SUCCEEDED, api.TrialStatus.FAILED, api.TrialStatus.RUNNING]
    assert [trial.name for trial in (first, second, third)] == ["digits-0", "digits-1", "digits-2"]
    assert {a.name: a.value for a in first.spec.parameter_assignments.assignments} == {
        "architecture": "9-2",
        "epochs": "5",
    }
    measured = {m.name: m.value for m in first.status.observation.metrics}
    assert measured == {"accuracy": "0.91", "loss": "0.3", "params": "700"}


def test_our_reply_is_katibs() -> None:
    reply = api.GetSuggestionsReply()
    made = reply.parameter_assignments.add(trial_name="digits-3")
    made.assignments.add(name="architecture", value="2-2")
    made.assignments.add(name="epochs", value="5")
    reply.algorithm.algorithm_name = "archmend-random"
    reply.algorithm.algorithm_settings.add(name="asked", value="2:3-4 3:2-2")
    assert reply.SerializeToString(deterministic=True) == REPLY


def test_katibs_request_is_answered(channel: grpc.Channel) -> None:
    reply = api.GetSuggestionsReply.FromString(channel.unary_unary(GET)(REQUEST, timeout=30))
    (made,) = reply.parameter_assignments
    assert made.trial_name == "digits-3"
    assert made.assignments[0].value not in ("9-2", "1-1", "3-4")
    (note,) = reply.algorithm.algorithm_settings
    assert note.value == f"2:3-4@5 3:{made.assignments[0].value}@5"


def test_all_conditions_have_katibs_numbers() -> None:
    names = [
        "CREATED",
        "RUNNING",
        "SUCCEEDED",
        "KILLED",
        "FAILED",
        "METRICSUNAVAILABLE",
        "EARLYSTOPPED",
        "UNKNOWN",
    ]
    assert dict(api.TrialStatus.TrialConditionType.items()) == {name: i for i, name in enumerate(names)}
