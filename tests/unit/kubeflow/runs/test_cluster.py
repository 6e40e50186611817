"""What is asked of Kubernetes: the way to a pod, and the zone of the controller's clock."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from archmend.errors import ArchmendError
from archmend.kubeflow.runs import connected
from archmend.kubeflow.runs.cluster import Cluster

Answers = dict[str, tuple[int, Any]]
ENDPOINTS = "/api/v1/namespaces/kubeflow/endpoints/ml-pipeline"
CONTROLLER = "/apis/apps/v1/namespaces/kubeflow/deployments/ml-pipeline-scheduledworkflow"
SETTINGS = "/api/v1/namespaces/kubeflow/configmaps/pipeline-install-config"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Answers]:
    """A Kubernetes API that gives these answers by path, as the current context."""
    given: Answers = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = given.get(self.path, (404, {"kind": "Status"}))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        context(monkeypatch, tmp_path, f"http://127.0.0.1:{running.server_address[1]}")
        yield given
        running.shutdown()


def context(monkeypatch: pytest.MonkeyPatch, folder: Path, address: str) -> None:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
        "clusters": [{"name": "c", "cluster": {"server": address}}],
        "users": [{"name": "c", "user": {"token": "a-secret"}}],
    }
    (folder / "config").write_text(yaml.safe_dump(config))
    monkeypatch.setenv("KUBECONFIG", str(folder / "config"))


def controller(*variables: dict[str, Any]) -> dict[str, Any]:
    container = {"name": "main", "env": list(variables)}
    template = {"spec": {"containers": [container]}}
    return {"kind": "Deployment", "spec": {"selector": {}, "template": template}}


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ((404, {}), 2, "there is no Kubeflow Pipelines in namespace kubeflow of http://127.0.0.1:"),
        ((401, {}), 4, "this account may not find the service ml-pipeline in namespace kubeflow at http"),
        ((403, {}), 4, "(Forbidden); log in, or give --host"),
        ((500, {}), 4, "answered 500 Internal Server Error to find the service ml-pipeline"),
        ((200, {"subsets": None}), 4, "no pod of service ml-pipeline in namespace kubeflow is ready"),
        (
            (200, {"subsets": [{"notReadyAddresses": [{"ip": "1.2.3.4"}]}]}),
            4,
            "is ready; see kubectl get pods",
        ),
    ],
)
def test_no_way_to_a_pod(answers: Answers, answer: tuple[int, Any], code: int, words: str) -> None:
    answers[ENDPOINTS] = answer
    with pytest.raises(ArchmendError) as caught, connected():
        pass
    assert caught.value.exit_code == code
    assert words in str(caught.value)
    assert "a-secret" not in str(caught.value)


def test_a_cluster_that_is_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    context(monkeypatch, tmp_path, "http://127.0.0.1:9")
    with (
        pytest.raises(ArchmendError, match=r"the cluster at http://127\.0\.0\.1:9 does not answer; is it up"),
        connected(),
    ):
        pass
    assert Cluster("kubeflow").time_zone() is None


def test_a_pod_that_is_ready_and_takes_no_port_forward(answers: Answers) -> None:
    """The API server refuses the upgrade: whoever asks through the port hears that nobody answers."""
    ready = {"ip": "1.2.3.4", "targetRef": {"kind": "Pod", "name": "ml-pipeline-1"}}
    answers[ENDPOINTS] = (200, {"subsets": [{"addresses": [ready]}]})
    assert Cluster("kubeflow").pod() == "ml-pipeline-1"
    with pytest.raises(ArchmendError) as caught, connected():
        pass
    assert caught.value.exit_code == 4
    assert "service ml-pipeline in namespace kubeflow does not answer to say what it is" in str(caught.value)


REFERENCE = {"configMapKeyRef": {"name": "pipeline-install-config", "key": "cronScheduleTimezone"}}


@pytest.mark.parametrize(
    ("variables", "held", "zone"),
    [
        ([{"name": "CRON_SCHEDULE_TIMEZONE", "valueFrom": REFERENCE}], "Europe/Berlin", "Europe/Berlin"),
        ([{"name": "CRON_SCHEDULE_TIMEZONE", "value": "Asia/Tokyo"}], "Europe/Berlin", "Asia/Tokyo"),
        ([{"name": "CRON_SCHEDULE_TIMEZONE", "valueFrom": REFERENCE}], "", "UTC"),
        ([{"name": "TZ", "value": "Asia/Tokyo"}], "", "Asia/Tokyo"),
        ([], "", "UTC"),
        ([{"name": "CRON_SCHEDULE_TIMEZONE", "valueFrom": REFERENCE}], None, None),
    ],
)
def test_the_zone_of_the_controller(
    answers: Answers, variables: list[dict[str, Any]], held: str | None, zone: str | None
) -> None:
    answers[CONTROLLER] = (200, controller(*variables))
    if held is not None:
        answers[SETTINGS] = (200, {"kind": "ConfigMap", "data": {"cronScheduleTimezone": held}})
    assert Cluster("kubeflow").time_zone() == zone


def test_a_controller_that_may_not_be_seen(answers: Answers) -> None:
    answers[CONTROLLER] = (403, {})
    assert Cluster("kubeflow").time_zone() is None
