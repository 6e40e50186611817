"""The fake Katib answers as the API server and Katib's controller do, seen with plain HTTP."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archmend.testing.katib import FakeKatib, Outcome, Run

BASE = "/apis/kubeflow.org/v1beta1/namespaces/default"


@pytest.fixture
def fake() -> Iterator[FakeKatib]:
    with FakeKatib() as made:
        made.pause()
        yield made


def ask(fake: FakeKatib, method: str, path: str, body: Any = None, kind: str = "") -> tuple[int, Any]:
    connection = http.client.HTTPConnection(fake.url.removeprefix("http://"), timeout=10)
    headers = {"Content-Type": kind or "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, json.loads(text) if text.startswith("{") and "\n" not in text else text


def experiment(name: str = "e", **labels: str) -> dict[str, Any]:
    container = {"command": ["run", "--x=${trialParameters.x}"], "resources": {"limits": {}}}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "objective": {"type": "maximize", "objectiveMetricName": "accuracy", "goal": 0.9},
            "algorithm": {"algorithmName": "random"},
            "parameters": [{"name": "x", "parameterType": "int", "feasibleSpace": {"min": "1", "max": "9"}}],
            "maxTrialCount": 3,
            "maxFailedTrialCount": 2,
            "parallelTrialCount": 1,
            "trialTemplate": {
                "trialParameters": [{"name": "x", "reference": "x"}],
                "trialSpec": {"spec": {"template": {"spec": {"containers": [container]}}}},
            },
        },
    }


def test_names_are_taken_once_and_status_has_its_own_door(fake: FakeKatib) -> None:
    made = {**experiment(), "status": {"conditions": []}}
    code, held = ask(fake, "POST", f"{BASE}/experiments", made)
    assert code == 201
    assert "status" not in held
    code, refused = ask(fake, "POST", f"{BASE}/experiments", made)
    assert (code, refused["reason"]) == (409, "AlreadyExists")
    patch = {"metadata": {"annotations": {"a": "b"}}, "status": {"x": 1}}
    merge = "application/merge-patch+json"
    _, held = ask(fake, "PATCH", f"{BASE}/experiments/e", patch, merge)
    assert held["metadata"]["annotations"] == {"a": "b"}
    assert "status" not in held
    _, held = ask(fake, "PATCH", f"{BASE}/experiments/e/status", {**patch, "spec": None}, merge)
    assert held["status"] == {"x": 1}
    assert held["spec"]["maxTrialCount"] == 3
    assert ask(fake, "PATCH", f"{BASE}/experiments/e", patch)[0] == 415


def test_selectors_and_unknown_things(fake: FakeKatib) -> None:
    for name, side in (("one", "left"), ("two", "right")):
        ask(fake, "POST", f"{BASE}/experiments", experiment(name, side=side))
    _, listed = ask(fake, "GET", f"{BASE}/experiments?labelSelector=side%3Dright")
    assert [item["metadata"]["name"] for item in listed["items"]] == ["two"]
    assert ask(fake, "GET", f"{BASE}/experiments/three")[0] == 404
    assert ask(fake, "GET", f"{BASE}/suggestions")[0] == 404
    assert ask(fake, "DELETE", f"{BASE}/experiments/one")[0] == 200
    assert ask(fake, "DELETE", f"{BASE}/experiments/one")[0] == 404


def test_a_watch_tells_what_came_after_its_version(fake: FakeKatib) -> None:
    ask(fake, "POST", f"{BASE}/experiments", experiment("before"))
    _, listed = ask(fake, "GET", f"{BASE}/experiments")
    version = listed["metadata"]["resourceVersion"]
    ask(fake, "POST", f"{BASE}/experiments", experiment("after"))
    ask(fake, "DELETE", f"{BASE}/experiments/before")
    query = f"watch=true&timeoutSeconds=0&allowWatchBookmarks=true&resourceVersion={version}"
    _, text = ask(fake, "GET", f"{BASE}/experiments?{query}")
    told = [json.loads(line) for line in text.splitlines()]
    names = [(e["type"], e["object"]["metadata"].get("name")) for e in told]
    assert names == [("ADDED", "after"), ("DELETED", "before"), ("BOOKMARK", None)]
    fake.forget()
    _, text = ask(fake, "GET", f"{BASE}/experiments?{query}&x=1")
    (told,) = [json.loads(line) for line in text.splitlines()] if isinstance(text, str) else [text]
    assert (told["type"], told["object"]["code"]) == ("ERROR", 410)


@pytest.mark.parametrize(
    ("outcomes", "end"),
    [
        ([0.5, 0.6, 0.7], ("Succeeded", "ExperimentMaxTrialsReached", 3)),
        ([0.5, 0.95], ("Succeeded", "ExperimentGoalReached", 2)),
        ([None, 0.5, None], ("Failed", "ExperimentFailed", 3)),
    ],
)
def test_an_experiment_ends_as_katib_says(
    outcomes: list[float | None], end: tuple[str, str, int], tmp_path: Path
) -> None:
    seen: list[Run] = []

    def script(run: Run) -> Outcome:
        seen.append(run)
        value = outcomes[run.number]
        return Outcome("failed", exit_code=1) if value is None else Outcome(metrics={"accuracy": value})

    with FakeKatib(script) as fake:
        ask(fake, "POST", f"{BASE}/experiments", experiment())
        limit = time.monotonic() + 20
        while "completionTime" not in fake.objects("experiments")["e"].get("status", {}):
            assert time.monotonic() < limit
            time.sleep(0.01)
        last = fake.objects("experiments")["e"]["status"]["conditions"][-1]
        assert (last["type"], last["reason"], len(fake.objects("trials"))) == end
    assert all(run.flag("x") == run.assignments["x"] for run in seen)


def test_what_a_script_raises_is_not_swallowed() -> None:
    def script(run: Run) -> Outcome:
        raise LookupError(run.name)

    def use() -> None:
        with FakeKatib(script) as fake:
            ask(fake, "POST", f"{BASE}/experiments", experiment())
            limit = time.monotonic() + 20
            while not fake.defects:
                assert time.monotonic() < limit
                time.sleep(0.01)

    with pytest.raises(LookupError):
        use()
