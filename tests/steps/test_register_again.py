"""Registering that is repeated: by a pod's successor, or because the Model Registry was away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
from tests.unit.kubeflow.model_registry_server import FakeModelRegistry, serving

from archmend.cli import main
from archmend.errors import Unavailable
from archmend.networks import ModelMetadata, save_model
from archmend.registry import Registry
from archmend.steps.evaluate import EvaluateRequest, evaluate
from archmend.steps.register import RegisterRequest, register

# Keras' own, on saving a model.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model and its evaluation."""
    folder = tmp_path_factory.mktemp("run")
    rng = np.random.default_rng(0)
    np.savez(folder / "data.npz", x=rng.normal(size=(60, 3)), y=np.arange(60) % 2)
    net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, "softmax")])
    save_model(net, folder / "model.keras", ModelMetadata(run="run-1", classes=("0", "1")))
    evaluate(EvaluateRequest(model=folder / "model.keras", data=folder / "data.npz", part="all", out=folder))
    return folder


@pytest.fixture(autouse=True)
def _no_saved_model(monkeypatch: pytest.MonkeyPatch) -> None:
    # It takes most of the time, and nothing here looks at it.
    monkeypatch.setattr("archmend.registry.replay.exported", lambda model, rows: {})


@pytest.fixture
def server() -> Iterator[FakeModelRegistry]:
    with serving("v1alpha3") as running:
        yield running


def _request(run: Path, tmp_path: Path, **other: object) -> RegisterRequest:
    known = {
        "model": run / "model.keras",
        "evaluation": run / "evaluation.json",
        "registry": tmp_path / "registry",
        "name": "toy",
        "out": tmp_path,
    }
    return RegisterRequest.model_validate({**known, **other})


def test_a_pods_successor_takes_the_version_that_is_there(run: Path, tmp_path: Path) -> None:
    first = register(_request(run, tmp_path, links={"run": "1234"}))
    (tmp_path / "registered.json").unlink()

    assert register(_request(run, tmp_path, links={"run": "1234"})) == first
    assert (tmp_path / "registered.json").is_file()
    assert register(_request(run, tmp_path, links={"run": "5678"})).version == 2, "another run"
    assert register(_request(run, tmp_path, links={"run": "5678"}, promote_margin=0.1)).version == 3


def test_one_that_nobody_decided_on_is_registered_again(run: Path, tmp_path: Path) -> None:
    """The first pod was killed between the record and the entry of the log."""
    register(_request(run, tmp_path, links={"run": "1234"}))
    (tmp_path / "registry/models/toy/events/000001.json").unlink()

    again = register(_request(run, tmp_path, links={"run": "1234"}))
    assert (again.version, again.promoted) == (2, False)


def test_a_model_registry_that_was_away(run: Path, tmp_path: Path, server: FakeModelRegistry) -> None:
    request = _request(run, tmp_path, model_registry=server.address, author="ada")
    server.answers = {"GET registered_models": (503, "")}
    with pytest.raises(
        Unavailable, match=r"^version 1 of toy is in .*registry, but the Model Registry at"
    ) as e:
        register(request)
    assert e.value.exit_code == 4
    assert Registry(tmp_path / "registry").show("toy", 1).version == 1
    assert (tmp_path / "registered.json").is_file()

    server.answers = {}
    assert register(request).version == 1
    (made,) = server.versions
    assert (made["name"], made["author"]) == ("1", "ada")
    assert server.artifacts[0]["uri"].startswith((tmp_path / "registry").as_uri())


def test_the_model_registry_follows_a_rollback(run: Path, tmp_path: Path, server: FakeModelRegistry) -> None:
    first = _request(run, tmp_path, model_registry=server.address, links={"run": "1"})
    register(first)
    register(_request(run, tmp_path, model_registry=server.address, links={"run": "2"}))
    where = tmp_path / "registry"
    Registry(where).rollback("toy", to=2)
    register(first)

    flags = {e["name"]: e["customProperties"]["champion"]["bool_value"] for e in server.versions}
    assert flags == {"1": False, "2": True}


def _main(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def test_from_the_command_line(
    run: Path, tmp_path: Path, server: FakeModelRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    server.token = "s3cret"
    (tmp_path / "token").write_text("s3cret")
    where = ["--registry", str(tmp_path / "registry")]
    files = ["--model", str(run / "model.keras"), "--evaluation", str(run / "evaluation.json")]
    flags = [*files, *where, "--name", "toy", "--out", str(tmp_path), "--model-registry", server.address]

    assert _main("register", *flags) == 4
    assert "refused the token" in capsys.readouterr().err
    assert _main("register", *flags, "--model-registry-token-file", str(tmp_path / "token")) == 0
    assert capsys.readouterr().out.endswith(f"{server.address}: toy version 1\n")
    assert [each["name"] for each in server.versions] == ["1"]


def test_show_tells_the_lineage(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    links = {
        "run": "1234",
        "namespace": "team",
        "experiment": "archmend-1234",
        "ui": "https://ui/#/runs/1234",
    }
    (run / "best.json").write_text(json.dumps({"trial": 5}))
    register(_request(run, tmp_path, links=links, run_dir=run))

    assert _main("registry", "show", "toy", "1", "--registry", str(tmp_path / "registry")) == 0
    lineage = json.loads(capsys.readouterr().out)["lineage"]
    assert lineage["links"] == links
    assert (lineage["run"], lineage["trial"]) == ("run-1", 5)
    assert len(lineage["test_digest"]) == 64
