"""The way to the server: hosts, profiles, tokens; each failure in a sentence that shows no secret."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from archmend.errors import ArchmendError, BadInput, Unavailable
from archmend.kubeflow.runs import Package, connected, list_schedules, submit, upload
from archmend.kubeflow.runs.credentials import token_source
from archmend.kubeflow.runs.forward import Forward
from archmend.kubeflow.runs.links import Links
from archmend.testing.pipelines import FakePipelines

SECRET = "s3cr3t-t0ken-0123456789"


def failed(*given: object, **named: object) -> str:
    """Return the sentence that a connection and a listing fail with."""
    with pytest.raises(ArchmendError) as caught, connected(*given, **named) as server:  # type: ignore[arg-type]
        list(list_schedules(server))
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (
            "kubeflow.example:8888",
            "--host kubeflow.example:8888 says no protocol; write http://kubeflow.example:8888",
        ),
        ("ftp://a", "--host ftp://a is no address; write it as https://name or http://name:port"),
        ("http://", "is no address"),
        ("http://a:port", "is no address"),
        ("http://a:99999", "is no address"),
        ("http://[::1", "is no address"),
        ("http://a b", "is no address"),
        ("https://kf/pipeline/#/runs", "is that of a page; leave out what begins with ? or #"),
        (f"https://me:{SECRET}@kf", "--host holds a user or a password; leave that out, and give a token"),
    ],
)
def test_hosts_that_are_none(host: str, words: str) -> None:
    assert words in failed(host)


def test_the_host_of_the_environment(fake: FakePipelines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KF_PIPELINES_ENDPOINT", f"{fake.url}/apis/v2beta1")
    with connected() as server:
        assert list(list_schedules(server)) == []
    monkeypatch.setenv("KF_PIPELINES_ENDPOINT", "kf")
    assert "KF_PIPELINES_ENDPOINT kf says no protocol" in failed()


def test_without_host_and_kube_context() -> None:
    assert re.fullmatch(
        r"there is no Kubernetes cluster to ask \(.*\); give --host, or set KUBECONFIG", failed()
    )


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    words = failed(f"http://127.0.0.1:{port}")
    assert words.startswith(f"http://127.0.0.1:{port} does not answer to say what it is (")
    assert words.endswith("; check the host and its port")


@pytest.mark.parametrize(
    ("status", "headers", "body", "words"),
    [
        (
            200,
            {"Content-Type": "text/html"},
            b"<html>log in</html>",
            "something that is not Kubeflow Pipelines' API",
        ),
        (200, {"Content-Type": "text/html"}, b"multi_user", "something that is not Kubeflow Pipelines' API"),
        (302, {"Location": "/login"}, b"", "sends to another page (a login?)"),
        (
            404,
            {"Content-Type": "text/html"},
            b"<html>",
            "has nothing of that name to say what it is (Not Found)",
        ),
        (
            502,
            {"Content-Type": "text/html"},
            b"<html>",
            "answered 502 to say what it is (Bad Gateway); try again",
        ),
    ],
)
def test_something_else_there(
    fake: FakePipelines, status: int, headers: dict[str, str], body: bytes, words: str
) -> None:
    fake.canned = {"v2beta1/healthz": (status, headers, body)}
    assert words in failed(fake.url)


def test_a_profile_and_its_token(package: Package) -> None:
    with FakePipelines(tokens=[SECRET], profiles=["ada", "bob"]) as fake:
        with connected(fake.url, namespace="ada", token=SECRET) as server:
            upload(server, package)
            run = submit(server, package, {"data": "digits"})
            assert list(list_schedules(server)) == []
        assert fake.objects.runs[run.run_id]["namespace"] == "ada"
        assert {each["namespace"] for each in fake.objects.pipelines.values()} == {"ada"}
        assert "serves many profiles and none is named; say whose with --namespace" in failed(
            fake.url, token=SECRET
        )
        words = failed(fake.url, namespace="eve", token=SECRET)
        assert (
            f"this account may not list the recurring runs at {fake.url} (User cannot access namespace eve)"
            in words
        )
        for wrong in ({}, {"token": f"{SECRET}x"}):
            words = failed(fake.url, namespace="ada", **wrong)
            assert (
                "refused the credentials to list the recurring runs; give a fresh token by --token-file"
                in words
            )


def test_a_profile_where_there_are_none(fake: FakePipelines) -> None:
    assert "has no profiles, so --namespace ada cannot be used; leave it out" in failed(
        fake.url, namespace="ada"
    )
    with connected(fake.url, namespace="kubeflow") as server:
        assert server.namespace == ""


def test_a_token_file_is_read_anew_for_each_request(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{SECRET}\n")
    with (
        FakePipelines(tokens=[SECRET], profiles=["ada"]) as fake,
        connected(fake.url, namespace="ada", token_file=path) as server,
    ):
        assert list(list_schedules(server)) == []
        fake.tokens = {"the-next-one"}
        with pytest.raises(Unavailable, match="refused the credentials"):
            list(list_schedules(server))
        path.write_text("the-next-one")
        assert list(list_schedules(server)) == []
        path.unlink()
        with pytest.raises(BadInput, match=r"the token file .*/token cannot be read \(No such file"):
            list(list_schedules(server))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty; give one that holds a token"),
        (b" \n", "is empty"),
        (
            f"{SECRET} {SECRET}".encode(),
            "holds more than a token (blanks or several lines); give the token alone",
        ),
        (f"{SECRET}\nX-Header: {SECRET}".encode(), "holds more than a token"),
        (b"\xff\xfe", "cannot be read (it is no text)"),
    ],
)
def test_token_files_without_a_token(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        token_source("", path)
    assert words in str(caught.value)
    assert SECRET not in str(caught.value)


def test_where_a_token_comes_from(tmp_path: Path) -> None:
    def found(token: str = "", file: Path | None = None, **environment: str) -> str | None:
        source = token_source(token, file, environment)
        return source() if source else None

    path, other = tmp_path / "a", tmp_path / "b"
    path.write_text("from-a-file")
    other.write_text("from-another")
    assert found() is None
    assert (
        found(KF_PIPELINES_TOKEN="of-the-variable", KF_PIPELINES_SA_TOKEN_PATH=str(path)) == "of-the-variable"
    )
    assert found(KF_PIPELINES_SA_TOKEN_PATH=str(path)) == "from-a-file"
    assert found(file=other, KF_PIPELINES_TOKEN="of-the-variable") == "from-another"
    assert found("given", other, KF_PIPELINES_TOKEN="of-the-variable") == "given"
    with pytest.raises(BadInput, match="the variable KF_PIPELINES_TOKEN holds more than a token"):
        found(KF_PIPELINES_TOKEN=f"Bearer {SECRET}")


def test_links_lead_to_the_user_interface() -> None:
    api = Links("", "http://localhost:8888", forwarded=False, namespace="kf")
    assert api.run("r") == "http://localhost:8080/#/runs/details/r"
    assert api.hint == "kubectl port-forward -n kf service/ml-pipeline-ui 8080:80"
    proxied = Links("", "https://kf.example/pipeline", forwarded=False, namespace="kf")
    assert proxied.schedule("s") == "https://kf.example/pipeline/#/recurringrun/details/s"
    assert proxied.hint is None
    told = Links("https://ui.example/", "http://localhost:8888", forwarded=True, namespace="kf")
    assert told.version("p", "v") == "https://ui.example/#/pipelines/details/p/version/v"
    assert told.hint is None


def test_a_port_forward_carries_requests(fake: FakePipelines, package: Package) -> None:
    def channel() -> socket.socket:
        return socket.create_connection(("127.0.0.1", int(fake.url.rpartition(":")[2])))

    with Forward(channel) as forward:
        with connected(f"http://localhost:{forward.port}") as server:
            assert upload(server, package).new
            assert not upload(server, package).new
        port = forward.port
    assert "does not answer" in failed(f"http://localhost:{port}")


def test_a_port_forward_whose_pod_is_gone() -> None:
    def no_channel() -> socket.socket:
        raise Unavailable("no pod of service ml-pipeline is ready")

    with Forward(no_channel) as forward:
        assert "does not answer to say what it is" in failed(f"http://localhost:{forward.port}")
