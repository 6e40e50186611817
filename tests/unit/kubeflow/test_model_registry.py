"""Versions told to a Model Registry by its own client."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.kubeflow.model_registry_server import FakeModelRegistry, serving

from archmend.errors import BadInput, MissingExtra, Unavailable
from archmend.kubeflow.model_registry import ModelRegistry
from archmend.registry import Lineage, Measured, Version
from archmend.registry.types import Blob

LINKS = {
    "run": "1234-abcd",
    "namespace": "team",
    "experiment": "archmend-1234",
    "ui": "https://kubeflow/pipeline/#/runs/details/1234-abcd",
    "katib": "https://kubeflow/katib/experiment/team/archmend-1234",
}


def version(number: int = 3, *, digest: str = "", **other: Any) -> Version:
    known: dict[str, Any] = {
        "name": "digits",
        "version": number,
        "created": "2026-01-01T00:00:00+00:00",
        "registry": "minio://bucket/models",
        "files": {
            "model.keras": Blob(sha256=digest or f"{number:064x}", size=1),
            "saved_model.tar": Blob(sha256="ab" * 32, size=1),
        },
        "measured": Measured(accuracy=1, loss=0.25, params=1234, flops=3_000_000_000, part="test"),
        "lineage": Lineage(
            run="r1", trial=5, architecture="w4", space="fc", test_digest="cd" * 32, links=LINKS,
            packages={"keras": "3.15.1"},
        ),
    }  # fmt: skip
    return Version(**{**known, **other})


@pytest.fixture(params=["v1", "v1alpha3"])
def server(request: pytest.FixtureRequest) -> Iterator[FakeModelRegistry]:
    with serving(request.param) as running:
        yield running


@pytest.fixture
def one() -> Iterator[FakeModelRegistry]:
    with serving("v1alpha3") as running:
        yield running


def _properties(entity: dict[str, Any]) -> dict[str, Any]:
    plain = {}
    for name, value in entity["customProperties"].items():
        kind = value["metadataType"].removeprefix("Metadata").removesuffix("Value").lower()
        plain[name] = (kind, value[f"{kind}_value"])
    return plain


def test_model_version_and_artifact(server: FakeModelRegistry) -> None:
    ModelRegistry(server.address).publish(version(), champion=3, author="ada")

    (model,), (made,), (artifact,) = server.models, server.versions, server.artifacts
    assert (model["name"], model["owner"]) == ("digits", "ada")
    assert (made["name"], made["author"], made["parent"]) == ("3", "ada", model["id"])
    assert (artifact["name"], artifact["parent"]) == ("digits", made["id"])
    assert artifact["uri"] == f"minio://bucket/models/blobs/sha256/00/{3:064x}"
    assert (artifact["modelFormatName"], artifact["modelFormatVersion"]) == ("keras", "3.15.1")
    assert _properties(made) == {
        "registry": ("string", "minio://bucket/models"),
        "model_digest": ("string", f"{3:064x}"),
        "saved_model": ("string", f"minio://bucket/models/blobs/sha256/ab/{'ab' * 32}"),
        "champion": ("bool", True),
        "run": ("string", "r1"),
        "trial": ("int", "5"),
        "architecture": ("string", "w4"),
        "space": ("string", "fc"),
        "test_digest": ("string", "cd" * 32),
        "part": ("string", "test"),
        # More than the server's integers hold, and a whole number that is none by nature.
        "accuracy": ("double", 1.0),
        "loss": ("double", 0.25),
        "params": ("double", 1234.0),
        "flops": ("double", 3e9),
        "pipeline_run": ("string", "1234-abcd"),
        "namespace": ("string", "team"),
        "experiment": ("string", "archmend-1234"),
        "ui": ("string", LINKS["ui"]),
        "katib": ("string", LINKS["katib"]),
    }


def test_the_clients_own_way_finds_it(server: FakeModelRegistry) -> None:
    ModelRegistry(server.address).publish(version(), champion=None)

    from archmend.kubeflow.model_registry.client import Client

    async def asked() -> Any:
        async with Client(server.address, "") as client:
            model = await client.get_registered_model_by_params("digits")
            found = await client.get_model_version_by_params(model.id, "3")
            return found, await client.get_model_artifact_by_params("digits", found.id)

    found, artifact = asyncio.run(asked())
    assert found.custom_properties["flops"] == 3e9
    assert found.custom_properties["trial"] == 5
    assert found.custom_properties["champion"] is False
    assert artifact.uri == version().uri("model.keras")


def test_again_writes_nothing(server: FakeModelRegistry) -> None:
    registry = ModelRegistry(server.address)
    registry.publish(version(), champion=3)
    before = list(server.writes)
    registry.publish(version(), champion=3)

    assert before == ["POST /registered_models", "POST /model_versions", "POST /model_versions/2/artifacts"]
    assert server.writes == before


@pytest.mark.parametrize("stage", ["POST model_versions", "POST artifacts"])
def test_what_was_cut_short_is_completed(one: FakeModelRegistry, stage: str) -> None:
    registry = ModelRegistry(one.address)
    one.answers = {stage: (503, '{"message": "starting"}')}
    one.kept["model_versions"].clear()
    with pytest.raises(Unavailable, match=r"version 3 of digits is in minio://bucket/models, but the Model"):
        registry.publish(version(), champion=3)
    one.answers = {}
    one.kept["model_artifacts"].clear()  # the fake keeps what it says it could not
    registry.publish(version(), champion=3)

    assert [len(each) for each in one.kept.values()] == [1, 1, 1]
    assert one.artifacts[0]["uri"] == version().uri("model.keras")


def test_who_loses_a_race_takes_what_the_winner_made(one: FakeModelRegistry) -> None:
    told = {"model_digest": {"metadataType": "MetadataStringValue", "string_value": f"{3:064x}"}}
    one.rival = {"name": "3", "customProperties": told}
    ModelRegistry(one.address).publish(version(), champion=3)

    assert [each["name"] for each in one.versions] == ["3"]
    assert one.artifacts[0]["parent"] == one.versions[0]["id"]


def test_one_champion_at_a_time(one: FakeModelRegistry) -> None:
    registry = ModelRegistry(one.address)
    registry.publish(version(3), champion=3)
    # More than a page of versions of others, who know no champions.
    for number in range(101):
        one.add("model_versions", {"name": f"theirs{number}", "registeredModelId": "1"}, "1")
    registry.publish(version(4), champion=3)

    def champions() -> list[str]:
        flags = {e["name"]: e.get("customProperties", {}).get("champion") for e in one.versions}
        return [name for name, flag in flags.items() if flag and flag["bool_value"]]

    assert champions() == ["3"]
    registry.publish(version(5), champion=5)
    assert champions() == ["5"]
    assert _properties(one.versions[0])["accuracy"] == ("double", 1.0), "the others stay as they were"
    assert not any("customProperties" in e for e in one.versions if e["name"].startswith("theirs"))


def test_a_moved_registry(one: FakeModelRegistry) -> None:
    ModelRegistry(one.address).publish(version(), champion=3)
    ModelRegistry(one.address).publish(version(registry="s3://other/place"), champion=3)

    (artifact,) = one.artifacts
    assert artifact["uri"].startswith("s3://other/place/blobs/")


def test_another_version_under_the_number(one: FakeModelRegistry) -> None:
    registry = ModelRegistry(one.address)
    registry.publish(version(digest="a" * 64), champion=3)

    with pytest.raises(
        BadInput, match=r"has another one under that number .model_digest aaaaaaaaaaaa, not bbb"
    ):
        registry.publish(version(digest="b" * 64), champion=3)


def test_a_token(one: FakeModelRegistry, tmp_path: Path) -> None:
    one.token = "s3cret"
    (tmp_path / "token").write_text("s3cret\n")
    ModelRegistry(one.address, token_file=tmp_path / "token").publish(version(), champion=3)
    assert one.versions

    (tmp_path / "token").write_text("stale")
    with pytest.raises(
        Unavailable, match=r"refused the token \(Unauthorized\); give one that it takes"
    ) as caught:
        ModelRegistry(one.address, token_file=tmp_path / "token").publish(version(), champion=3)
    assert "stale" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (403, "RBAC: access denied", Unavailable, "does not let this account in .Forbidden."),
        (500, '{"message": "no database"}', Unavailable, "failed with status 500 .no database.; try again"),
        (400, '{"message": "too long"}', BadInput, "refused what it was told: too long; change that"),
        (200, "<html>Log in</html>", Unavailable, "does not answer as a Model Registry does"),
        (200, '{"items": 3}', Unavailable, "does not answer as a Model Registry does"),
        (404, "<html>nothing</html>", Unavailable, "does not answer as a Model Registry does"),
    ],
)
def test_refusals(
    one: FakeModelRegistry, status: int, body: str, kind: type[Exception], message: str
) -> None:
    one.answers = {"GET registered_models": (status, body)}
    with pytest.raises(kind, match=message) as caught:
        ModelRegistry(one.address).publish(version(), champion=3)
    said = str(caught.value)
    assert "\n" not in said
    assert said.startswith("version 3 of digits is in minio://bucket/models, but ")
    assert said.endswith("; registering it again goes on from there") == (kind is Unavailable)
    assert not one.writes


def test_nobody_answers() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(Unavailable, match=r"does not answer \(.*[Cc]onnect.*\); check the address"):
            ModelRegistry(address).publish(version(), champion=3)


def test_silence(one: FakeModelRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archmend.kubeflow.model_registry.publishing._SECONDS", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(Unavailable, match="does not answer in time"):
            ModelRegistry(address).publish(version(), champion=3)


@pytest.mark.parametrize(
    "address",
    ["registry:8080", "ftp://registry", "http://", "http://me:pw@host", "http://h:x", "http://h/?q=1"],
)
def test_an_address_that_cannot_be(address: str) -> None:
    with pytest.raises(BadInput, match=r"cannot be used; write http\(s\)://host:port, like http://model-reg"):
        ModelRegistry(address)


def test_a_token_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="absent"):
        ModelRegistry("http://host", token_file=tmp_path / "absent")


def test_without_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "archmend.kubeflow.model_registry.client", raising=False)
    monkeypatch.delattr("archmend.kubeflow.model_registry.client", raising=False)
    monkeypatch.setitem(sys.modules, "model_registry.core", None)
    with pytest.raises(MissingExtra, match=r"pip install 'archmend\[registry\]'"):
        ModelRegistry("http://host")


def test_within_a_running_loop_and_without_a_trace(one: FakeModelRegistry) -> None:
    """As in a notebook; the root logger keeps the handlers that it had."""
    before = list(logging.root.handlers)

    async def cell() -> None:
        ModelRegistry(one.address).publish(version(), champion=3)

    asyncio.run(cell())
    assert one.versions
    assert logging.root.handlers == before
