"""Experiments made, adopted, watched and stopped, through the real Kubernetes client over real HTTP."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from tests.unit.kubeflow.katib.conftest import Start
from tests.unit.kubeflow.katib.plans import RUN, plan

from archmend.errors import BadInput, Interrupted, Unavailable
from archmend.kubeflow.katib import client as module
from archmend.kubeflow.katib import connection
from archmend.kubeflow.katib.adopting import EDITABLE, changes
from archmend.kubeflow.katib.client import KatibClient
from archmend.kubeflow.katib.experiment import build_experiment
from archmend.kubeflow.katib.names import STOPPED
from archmend.kubeflow.katib.states import experiment_state, trial_state
from archmend.testing.katib import FakeKatib, Outcome


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.5)
    monkeypatch.setattr(module, "SETTLED", 0.0)


def test_a_cluster_that_has_never_answered_is_given_up_soon(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {}}],
    }
    (tmp_path / "config").write_text(json.dumps(config))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    monkeypatch.setattr(connection, "PATIENCE", 600.0)
    monkeypatch.setattr(connection, "FIRST", 0.2)

    with pytest.raises(Unavailable) as caught:
        KatibClient("team").experiments("a=b")

    assert str(caught.value) == (
        f"{server} does not answer to list experiments (Connection refused); check the cluster"
    )


def until(holds: Any, seconds: float = 20) -> None:
    """Wait for the fake's controller."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "the fake's controller does not get there"
        time.sleep(0.01)


def states(fake: FakeKatib) -> dict[str, str]:
    return {name: trial_state(item).kind for name, item in fake.objects("trials", "team").items()}


def test_the_context_names_server_and_namespace(start: Start) -> None:
    fake = start()
    client = KatibClient()
    assert (client.namespace, client.where) == ("team", fake.url)
    assert KatibClient("other").namespace == "other"


def test_no_cluster_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(BadInput, match=r"no Kubernetes cluster to ask .* set KUBECONFIG"):
        KatibClient()


def test_a_second_try_adopts_and_makes_nothing(start: Start) -> None:
    fake = start()
    assert KatibClient().create(build_experiment(plan(deadline=1000.0)))
    # Another moment at which it ends is no other search; nor is it another try's business.
    assert not KatibClient().create(build_experiment(plan(deadline=2000.0)))
    (held,) = fake.objects("experiments", "team").values()
    assert experiment_state(held).deadline == 1000.0
    assert held["metadata"]["labels"] == {
        "app.kubernetes.io/part-of": "archmend",
        "app.kubernetes.io/managed-by": "archmend",
        "archmend.io/run": RUN,
        "archmend.io/task": "search",
        "archmend.io/pipeline": "digits",
        "archmend.io/user": "ann",
    }
    assert "ownerReferences" not in held["metadata"], "it would go with its workflow"


def test_one_name_for_two_searches_is_refused(start: Start) -> None:
    start()
    KatibClient().create(build_experiment(plan()))
    with pytest.raises(BadInput, match="is there already and was made with other settings; delete it"):
        KatibClient().create(build_experiment(plan(epochs=4)))


def test_more_trials_and_workers_are_given_to_an_experiment_that_runs(start: Start) -> None:
    fake = start(lambda run: Outcome("running"))
    assert KatibClient().create(build_experiment(plan(trials=2, pods={"parallel": 1})))
    assert not KatibClient().create(build_experiment(plan(trials=6, pods={"parallel": 3})))
    (held,) = fake.objects("experiments", "team").values()
    assert [held["spec"][key] for key in EDITABLE] == [6, 6, 3]
    until(lambda: len(fake.objects("trials", "team")) == 3)


def test_an_experiment_that_has_ended_is_not_started_again(start: Start) -> None:
    fake = start()
    KatibClient().create(build_experiment(plan(trials=2)))
    until(
        lambda: experiment_state(next(iter(fake.objects("experiments", "team").values()))).kind != "running"
    )
    with pytest.raises(BadInput, match=r"has ended \(.*max trial count.*\) and Katib starts none again"):
        KatibClient().create(build_experiment(plan(trials=3)))
    # Its own successor, and one that asks for no more, take what it has.
    assert not KatibClient().create(build_experiment(plan(trials=2)))
    assert not KatibClient().create(build_experiment(plan(trials=2, pods={"parallel": 1})))


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ({"seconds": 60.0}, {"seconds": 90.0}, "made with --max-seconds 60, which .* Katib cannot change"),
        ({"seconds": 60.0}, {}, "made with --max-seconds 60"),
        ({"seconds": 60.0}, {"seconds": 30.0}, None),
        ({}, {"seconds": 30.0}, None),
        ({"budget": {"target": 0.8}}, {"budget": {"target": 0.9}}, "ends at --target-value 0.8"),
        ({"budget": {"target": 0.8}}, {}, "ends at --target-value 0.8"),
        ({"budget": {"target": 0.8}}, {"budget": {"target": 0.7}}, None),
        ({}, {"budget": {"target": 0.7}}, None),
        (
            {"objectives": ("loss",), "budget": {"target": 0.3}},
            {"objectives": ("loss",), "budget": {"target": 0.2}},
            "ends at --target-value 0.3",
        ),
    ],
)
def test_what_katib_cannot_change_is_refused_at_once(
    before: dict[str, Any], now: dict[str, Any], words: str | None
) -> None:
    held, asked = (build_experiment(plan(**given)).to_dict() for given in (before, now))
    if words is None:
        assert changes(held, asked) == {}
    else:
        with pytest.raises(BadInput, match=words):
            changes(held, asked)


@pytest.mark.parametrize(
    ("before", "now", "pods"),
    [
        (48, 48, None),
        (48, 64, 4),
        (48, 32, 2),
        (50, 50, None),
        (50, 32, 2),
        (48, 50, 0),
        (50, 64, 0),
        (50, 20, 0),
    ],
)
def test_of_several_a_pod_whole_pods_more_or_fewer_are_changed(
    before: int, now: int, pods: int | None
) -> None:
    """How many the last pod has is a setting of the algorithm, which Katib cannot change; 0 is a refusal."""
    held, asked = (
        build_experiment(plan(trials=n, pods={"trials_per_pod": 16})).to_dict() for n in (before, now)
    )
    held["status"] = {"trials": 1}
    if pods == 0:
        with pytest.raises(BadInput, match=f"was made for {before} trials, 16 in each pod, and Katib cannot"):
            changes(held, asked)
    else:
        expected = {} if pods is None else {"maxTrialCount": pods, "maxFailedTrialCount": pods}
        assert changes(held, asked) == expected
    held["status"] = {"trials": 2, "conditions": [{"type": "Succeeded", "status": "True", "reason": "over"}]}
    if now > before:
        with pytest.raises(BadInput, match=r"has ended .* and Katib starts none again"):
            changes(held, asked)
    else:
        assert changes(held, asked) == {}


def test_when_every_trial_has_begun_nothing_is_changed() -> None:
    """Katib refuses any change then, one of the workers alone too."""
    held = build_experiment(plan(trials=4, pods={"parallel": 1})).to_dict()
    held["status"] = {"trials": 4}
    assert changes(held, build_experiment(plan(trials=4, pods={"parallel": 3})).to_dict()) == {}
    more = changes(held, build_experiment(plan(trials=5, pods={"parallel": 1})).to_dict())
    assert more == {"maxTrialCount": 5, "maxFailedTrialCount": 5}
    with pytest.raises(BadInput, match="has begun 4 trials and Katib takes no --max-trials of 3; give more"):
        changes(held, build_experiment(plan(trials=3, pods={"parallel": 1})).to_dict())


def test_a_trial_that_a_controller_at_work_makes_after_the_end_is_removed(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = start(lambda run: Outcome("running"))
    KatibClient().create(build_experiment(plan(trials=4)))
    until(lambda: len(fake.objects("trials", "team")) == 2)
    fake.pause()
    trials = fake.objects("trials", "team")

    class Late:
        @staticmethod
        def sleep(seconds: float) -> None:
            name, trial = next(iter(trials.items()))
            fake.put("trials", {**trial, "metadata": {**trial["metadata"], "name": f"{name}0"}}, "team")

    monkeypatch.setattr(module, "time", Late)
    (name,) = fake.objects("experiments", "team")
    KatibClient().stop(name, "somebody asked for it")
    assert fake.objects("trials", "team") == {}


def test_a_signal_while_a_log_is_read_is_not_lost(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    start()
    client = KatibClient()

    def cut(*args: Any, **other: Any) -> str:
        raise Interrupted("stop", signal_number=15)

    monkeypatch.setattr(client._core, "read_namespaced_pod_log", cut)
    with pytest.raises(Interrupted):
        client.log("pod", "trial", 5)


def test_a_lost_answer_does_not_make_two(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = start()
    client = KatibClient()
    create = client._objects.create_namespaced_custom_object

    def heard_and_lost(*args: Any, **other: Any) -> Any:
        create(*args, **other)
        raise ConnectionResetError("the answer is lost")

    calls = iter([heard_and_lost, create])
    monkeypatch.setattr(
        client._objects, "create_namespaced_custom_object", lambda *a, **o: next(calls)(*a, **o)
    )
    assert not client.create(build_experiment(plan()))
    assert len(fake.objects("experiments", "team")) == 1


def test_an_experiment_that_is_just_being_deleted_is_waited_for(start: Start) -> None:
    fake = start()
    body = build_experiment(plan())
    item = body.to_dict()
    item["metadata"]["deletionTimestamp"] = "2026-11-26T12:00:00Z"
    fake.pause()
    fake.put("experiments", item, "team")
    with pytest.raises(Unavailable, match="is being deleted; try again when it is gone"):
        KatibClient().create(body)


@pytest.mark.parametrize(
    ("code", "reason", "message", "kind", "sentence"),
    [
        (400, "", "spec.maxTrialCount must be > 0", BadInput, "Katib refused to create .*maxTrialCount"),
        (500, "", 'admission webhook "v.katib" denied the request: no', BadInput, "Katib refused .*: no"),
        (401, "Unauthorized", "Unauthorized", Unavailable, "refused the credentials to .*; log in again"),
        (403, "Forbidden", "cannot create", Unavailable, "this account may not create .*give it that right"),
        (404, "NotFound", "404 page not found", Unavailable, "has no Katib, or no namespace team"),
        (507, "", "storage is full", Unavailable, "answered 507 to create experiment"),
    ],
)
def test_what_the_server_refuses_is_said_at_once(
    start: Start, code: int, reason: str, message: str, kind: type[Exception], sentence: str
) -> None:
    fake = start()
    fake.fail("create", "experiments", code, message, reason=reason)
    with pytest.raises(kind, match=sentence):
        KatibClient().create(build_experiment(plan()))
    assert [verb for verb, *_ in fake.requests] == ["create"]


@pytest.mark.parametrize(
    ("code", "reason", "message"),
    [
        (429, "", "slow down"),
        (503, "", "starting"),
        (500, "InternalError", 'failed calling webhook "validator.experiment": connection refused'),
        (500, "InternalError", "etcdserver: leader changed"),
        (409, "Conflict", "the object has been modified"),
    ],
)
def test_what_passes_is_asked_again(start: Start, code: int, reason: str, message: str) -> None:
    fake = start()
    fake.fail("create", "experiments", code, message, reason=reason)
    assert KatibClient().create(build_experiment(plan()))
    assert [verb for verb, *_ in fake.requests] == ["create", "create"]


def test_a_server_that_is_away_is_asked_again_and_then_given_up(start: Start) -> None:
    fake = start()
    client = KatibClient()
    fake.stop()
    with pytest.raises(Unavailable, match=r"does not answer to read experiment x .*check the cluster"):
        client.experiment("x")
    fake.start()
    assert client.experiment("x") is None


def test_stopping_writes_an_end_and_removes_what_is_unfinished(start: Start) -> None:
    fake = start(lambda run: Outcome("succeeded" if run.number == 0 else "running"))
    client, made = KatibClient(), build_experiment(plan(pods={"parallel": 3}))
    client.create(made)
    name = made.metadata.name
    until(lambda: list(states(fake).values()).count("running") == 3)
    client.stop(name, "its time is over")
    held = client.experiment(name)
    assert held is not None
    state = experiment_state(held)
    assert (state.kind, state.reason, state.stopped) == ("succeeded", "ExperimentStopped", "its time is over")
    assert "its time is over" in state.message
    by_type = {c["type"]: c["status"] for c in held["status"]["conditions"]}
    assert by_type == {"Created": "True", "Running": "False", "Succeeded": "True"}
    assert held["status"]["completionTime"]
    until(lambda: set(states(fake).values()) == {"succeeded"})
    version = held["metadata"]["resourceVersion"]
    client.stop(name, "again")
    assert fake.objects("experiments", "team")[name]["metadata"]["resourceVersion"] == version
    assert held["metadata"]["annotations"][STOPPED] == "its time is over"


def test_stopping_or_deleting_what_is_gone_is_no_error(start: Start) -> None:
    start()
    KatibClient().stop("nothing", "no reason")
    KatibClient().delete("nothing")


def test_deleting_takes_trials_and_pods_along(start: Start) -> None:
    fake = start(lambda run: Outcome("running"))
    client, made = KatibClient(), build_experiment(plan())
    client.create(made)
    until(lambda: len(fake.objects("pods", "team")) == 2)
    client.delete(made.metadata.name)
    until(lambda: not fake.objects("trials", "team") and not fake.objects("pods", "team"))


def test_a_cluster_without_argo_is_said_so(start: Start) -> None:
    fake = start()
    fake.fail("list", "workflows", 404, "404 page not found")
    with pytest.raises(Unavailable, match=f"look up the workflow of run {RUN}.*Kubeflow is installed"):
        KatibClient().workflow(RUN)
    assert KatibClient().workflow(RUN) is None
    fake.put("workflows", {"metadata": {"name": "w", "labels": {"pipeline/runid": RUN}}}, "team")
    assert KatibClient().workflow(RUN)["metadata"]["name"] == "w"  # type: ignore[index]
