"""Registering with a Kubernetes API that answers as the real one does, over a real connection."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from archmend.cli.app import app
from archmend.errors import BadInput, Unavailable
from archmend.kubeflow.katib_install import install_suggestions
from archmend.kubeflow.suggestion import algorithm_names

MAP = "/api/v1/namespaces/kubeflow/configmaps/katib-config"
DEPLOYMENT = "/apis/apps/v1/namespaces/kubeflow/deployments/katib-controller"
EMPTY = "kind: KatibConfig\nruntime:\n  suggestions:\n  - {algorithmName: tpe, image: a}\n"


class Api(ThreadingHTTPServer):
    """One ConfigMap and one Deployment, with versions."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.text = EMPTY
        self.version = 1
        self.writes: list[str] = []
        self.interfering = 0
        self.status = 0
        self.unpatchable = 0
        self.annotations: dict[str, str] = {}
        self.generation = 1


class _Handler(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        self._answer(self.server.status or (200 if self.path == MAP else 404))

    def do_PUT(self) -> None:
        body = self._body()
        if self.server.interfering:
            self.server.interfering -= 1
            self.server.version += 1
        if body["metadata"]["resourceVersion"] != str(self.server.version):
            return self._answer(409)
        self.server.text = body["data"]["katib-config.yaml"]
        self.server.version += 1
        self.server.writes.append("config")
        return self._answer(200)

    def do_PATCH(self) -> None:
        annotations = self._body()["spec"]["template"]["metadata"]["annotations"]
        if self.path != DEPLOYMENT:
            return self._answer(404)
        if self.server.unpatchable:
            self.server.unpatchable -= 1
            return self._answer(500)
        seen = self.server.generation
        if not annotations.items() <= self.server.annotations.items():
            self.server.annotations |= annotations
            self.server.generation += 1
            self.server.writes.append("restart")
        meta = {"name": "katib-controller", "generation": self.server.generation}
        return self._send(
            200, {"kind": "Deployment", "metadata": meta, "status": {"observedGeneration": seen}}
        )

    def _body(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return read

    def _answer(self, status: int) -> None:
        meta = {"name": "katib-config", "resourceVersion": str(self.server.version)}
        map_ = {"kind": "ConfigMap", "metadata": meta, "data": {"katib-config.yaml": self.server.text}}
        self._send(status, map_ if status == 200 else {"kind": "Status", "code": status})

    def _send(self, status: int, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    pytest.importorskip("kubernetes")
    server = Api()
    monkeypatch.setenv("KUBECONFIG", str(_kubeconfig(tmp_path, server.server_port)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _kubeconfig(folder: Path, port: int) -> Path:
    file = folder / "kubeconfig"
    here = {"name": "here", "cluster": {"server": f"http://127.0.0.1:{port}"}}
    context = {"name": "here", "context": {"cluster": "here", "user": "me"}}
    users = [{"name": "me", "user": {}}]
    file.write_text(
        yaml.safe_dump({"clusters": [here], "contexts": [context], "users": users, "current-context": "here"})
    )
    return file


def _algorithms(api: Api) -> list[str]:
    return [each["algorithmName"] for each in yaml.safe_load(api.text)["runtime"]["suggestions"]]


def test_every_strategy_is_registered_and_again_is_nothing(api: Api) -> None:
    first = install_suggestions("ours:1")
    second = install_suggestions("ours:1")

    assert (first.changed, first.restarted, second.changed) == (True, False, False)
    assert _algorithms(api) == ["tpe", *algorithm_names()]
    assert api.writes == ["config"]


def test_the_controller_restarts_once_for_what_it_reads_at_its_start(api: Api) -> None:
    assert install_suggestions("ours:1", inject=True).restarted
    assert not install_suggestions("ours:2", inject=True).restarted
    assert api.writes == ["config", "restart", "config"]


def test_a_restart_that_failed_is_made_up_for(api: Api) -> None:
    api.unpatchable = 1
    with pytest.raises(Unavailable, match="answered 500"):
        install_suggestions("ours:1", inject=True)
    second = install_suggestions("ours:1", inject=True)

    assert (second.changed, second.restarted) == (False, True)
    assert api.writes == ["config", "restart"]


def test_the_entries_can_be_printed_without_a_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    command = ["katib", "install-suggestions", "--print", "--image", "ours:1", "--memory", "1Gi"]
    done = CliRunner().invoke(app, command)

    entries = yaml.safe_load(done.stdout)
    assert [each["algorithmName"] for each in entries] == list(algorithm_names())
    assert {each["image"] for each in entries} == {"ours:1"}
    assert entries[0]["resources"]["limits"]["memory"] == "1Gi"
    refused = CliRunner().invoke(app, [*command, "--remove"])
    assert isinstance(refused.exception, BadInput)


def test_taken_out(api: Api) -> None:
    install_suggestions("ours:1")
    install_suggestions("ours:1", remove=True)

    assert _algorithms(api) == ["tpe"]


def test_somebody_elses_write_in_between_is_read_again(api: Api) -> None:
    api.interfering = 2

    assert install_suggestions("ours:1").changed
    assert api.writes == ["config"]


def test_writes_without_end_are_given_up(api: Api) -> None:
    api.interfering = 99

    with pytest.raises(Unavailable, match="changed 5 times meanwhile"):
        install_suggestions("ours:1")


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, "no Katib in namespace kubeflow"), (403, "may not change"), (500, "answered 500")],
)
def test_a_refusal_says_what_to_do(api: Api, status: int, said: str) -> None:
    api.status = status

    with pytest.raises((BadInput, Unavailable), match=said):
        install_suggestions("ours:1")


def test_no_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("kubernetes")
    monkeypatch.setenv("KUBECONFIG", str(_kubeconfig(tmp_path, 9)))
    with pytest.raises(Unavailable, match="does not answer"):
        install_suggestions("ours:1")

    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    with pytest.raises(BadInput, match="set KUBECONFIG"):
        install_suggestions("ours:1")
