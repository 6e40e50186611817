"""A trial as its pod runs it: a small network trained on a prepared folder."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any, Literal

import pytest
from tests.pod_trials import asked, held
from tests.unit.kubeflow.katib.plans import plan
from typer.testing import CliRunner

from archmend.cli.app import app
from archmend.datasets import open_data, write_prepared
from archmend.errors import BadInput, Interrupted, NothingSucceeded, Unavailable
from archmend.kubeflow.katib.experiment import build_experiment
from archmend.search import TrialResult
from archmend.spaces import create_space
from archmend.steps import trial as module
from archmend.steps import trial_record
from archmend.steps.records import TrialRecord
from archmend.steps.trial import trial
from archmend.steps.trial_record import record_uri
from archmend.steps.trial_weights import offered_weights
from archmend.storage import exists, read_bytes
from archmend.testing.katib.controller import filled
from archmend.training import trial_seed


@pytest.fixture(scope="module")
def data(small: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the URI of prepared data."""
    folder = tmp_path_factory.mktemp("prepared") / "data"
    return f"file://{write_prepared(open_data(small), folder)}"


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return f"file://{tmp_path / 'experiment'}"


def test_a_trial_leaves_its_record_before_its_metrics(
    data: str, folder: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Katib calls a trial done when it has its metrics, and the search then reads the record."""
    printed: list[str] = []
    write = trial_record.write_bytes

    def spied(*args: Any) -> Any:
        printed.append(capsys.readouterr().out)
        return write(*args)

    monkeypatch.setattr(trial_record, "write_bytes", spied)
    request = asked(data, folder, "1-2", inherit="parent", seed=5)
    record = trial(request)
    assert printed == [""]
    assert held(folder, 0) == record
    assert (record.trial, record.status, record.parent, record.epochs) == (0, "succeeded", None, 1)
    assert record.seed == trial_seed(5, 0)
    lines = dict(line.split("=") for line in capsys.readouterr().out.splitlines())
    assert list(lines) == ["accuracy", "average_precision", "loss", "params", "flops", "seconds"]
    assert float(lines["accuracy"]) == record.value == record.metrics["accuracy"]
    assert int(lines["params"]) == record.params
    space = create_space("seed-fc", input_shape=(4,), classes=3)
    assert record.params == space.cost(space.parse("1-2"))["params"]
    # The next one starts from it, and says so.
    assert [r.id for r, _ in offered_weights(f"{folder}/weights", space)] == [0]
    assert trial(asked(data, folder, "1-3", 1, inherit="parent")).parent == 0


def test_over_a_limit_nothing_is_trained_or_printed(
    data: str, folder: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_trained", lambda *_: pytest.fail("it was trained"))
    request = asked(data, folder, "5-5", max_params=10)
    record = trial(request)
    assert (record.status, record.value) == ("rejected", None)
    assert record.reason is not None
    assert record.reason.endswith("is over the limit of 10")
    assert held(folder, 0) == record
    assert capsys.readouterr().out == ""


def test_at_its_deadline_a_trial_ends_with_what_it_has(data: str, folder: str) -> None:
    request = asked(data, folder, "1-2", epochs=100_000, deadline=time.time() + 2)
    record = trial(request)
    assert record.status == "stopped"
    assert record.epochs is not None
    assert record.epochs < 100_000
    assert held(folder, 0) == record


def test_a_gpu_that_was_asked_for_and_is_not_there_is_a_failure(data: str, folder: str) -> None:
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU here")
    request = asked(data, folder, "1-2", require_gpu=True)
    with pytest.raises(
        Unavailable, match="asked for a GPU and TensorFlow sees none; run it from the image's"
    ):
        trial(request)
    record = held(folder, 0)
    assert record.status == "failed"
    assert "sees none" in (record.reason or "")


@pytest.mark.parametrize("status", ["failed", "succeeded"])
def test_where_there_is_a_gpu_an_earlier_pods_failure_is_forgotten(
    data: str, folder: str, monkeypatch: pytest.MonkeyPatch, status: Literal["failed", "succeeded"]
) -> None:
    """This pod may be killed before it has a word of its own, and what then lies there is told as its end."""
    request = asked(data, folder, "1-2", require_gpu=True)
    space = create_space("seed-fc", input_shape=(4,), classes=3)
    value = 0.5 if status == "succeeded" else None
    trial_record.keep_record(
        request, TrialResult(0, space.parse("1-2"), value, status, reason="an earlier pod")
    )
    monkeypatch.setattr(module, "start_tensorflow", lambda _: None)
    monkeypatch.setattr(module, "beginning", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(Interrupted):
        trial(request)
    assert exists(record_uri(f"{folder}/trials", "e-0")) == (status == "succeeded")


def test_a_training_that_fails_says_why_in_its_record(
    data: str, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    request = asked(data, folder, "1-2", learning_rate=1e30, optimizer="sgd", epochs=2)
    with pytest.raises(NothingSucceeded, match="trial e-0 failed: "):
        trial(request)
    record = held(folder, 0)
    assert (record.status, record.value) == ("failed", None)
    assert record.reason
    assert "=" not in capsys.readouterr().out


def test_a_signal_leaves_no_record(data: str, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another pod does the same work, and its record is then the only one."""
    monkeypatch.setattr(module, "_trained", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    request = asked(data, folder, "1-2")
    with pytest.raises(Interrupted, match="nothing of it was recorded"):
        trial(request)
    assert not exists(record_uri(f"{folder}/trials", "e-0"))


def test_an_architecture_of_another_space_is_bad_input(data: str, folder: str) -> None:
    with pytest.raises(BadInput):
        trial(asked(data, folder, "1-2-3-4"))


@pytest.mark.parametrize("strategy", ["random", "katib-tpe", "katib-hyperband"])
def test_the_command_of_the_template_is_one_that_the_trial_understands(
    strategy: str, data: str, folder: str
) -> None:
    made = plan(
        strategy,
        data=data,
        folder=folder,
        budget={"params": 1},
        deadline=time.time() + 1000,
        learning_rate=0.01,
        inherit="best",
        pods={"parallel": 3},
    )
    template = build_experiment(made).to_dict()["spec"]["trialTemplate"]
    container = template["trialSpec"]["spec"]["template"]["spec"]["containers"][0]
    values = {"architecture": "3-3", "epochs": "2", "depth": "3", "width": "3"}
    program, *words = filled(template, container, values, f"{made.name}-7")
    assert program == "archmend"
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    record = TrialRecord.model_validate_json(read_bytes(record_uri(made.records, f"{made.name}-7")))
    assert (record.trial, record.architecture, record.status) == (7, "3-3", "rejected")
