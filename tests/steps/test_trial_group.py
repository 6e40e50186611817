"""A trial of several architectures as its pod runs it: small networks trained together."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.pod_trials import asked, held
from tests.unit.kubeflow.katib.plans import plan
from typer.testing import CliRunner

from archmend.cli.app import app
from archmend.datasets import open_data, write_prepared
from archmend.errors import BadInput, NothingSucceeded, Unavailable
from archmend.kubeflow.katib.experiment import build_experiment
from archmend.spaces import create_space
from archmend.steps import trial_group as module
from archmend.steps.records import TrialRecord
from archmend.steps.trial_group import group_lines, trials
from archmend.steps.trial_record import record_uri
from archmend.steps.trial_weights import offered_weights
from archmend.storage import exists, read_bytes
from archmend.testing.katib.controller import filled
from archmend.training import Report, trial_seed

SPACE = create_space("seed-fc", input_shape=(4,), classes=3)
KATIB_READS = re.compile(r"([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)")
"""The pattern that Katib's collector uses unless told otherwise."""


@pytest.fixture(scope="module")
def data(small: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the URI of prepared data."""
    folder = tmp_path_factory.mktemp("prepared") / "data"
    return f"file://{write_prepared(open_data(small), folder)}"


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return f"file://{tmp_path / 'experiment'}"


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """Return what Katib reads of what was printed."""
    found = [KATIB_READS.fullmatch(line) for line in capsys.readouterr().out.splitlines()]
    return {match[1]: float(match[2]) for match in found if match is not None}


def test_three_together_leave_what_three_pods_leave(
    data: str, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = trials(asked(data, folder, "1-2,,1-4,1-3", 4, seed=5, objective="accuracy,params", epochs=2))
    assert [(r.trial, r.architecture, r.status, r.epochs) for r in made] == [
        (4, "1-2", "succeeded", 2.0),
        (6, "1-4", "succeeded", 2.0),
        (7, "1-3", "succeeded", 2.0),
    ]
    assert [held(folder, n) for n in (4, 6, 7)] == list(made)
    assert [r.seed for r in made] == [trial_seed(5, n) for n in (4, 6, 7)]
    assert [r.params for r in made] == [SPACE.cost(SPACE.parse(r.architecture))["params"] for r in made]
    assert len({r.seconds for r in made}) == 1, "each has its share of the pod's time"
    offered = {r.id: str(r.architecture) for r, _ in offered_weights(f"{folder}/weights", SPACE)}
    assert offered == {4: "1-2", 6: "1-4", 7: "1-3"}
    lines = printed(capsys)
    for place, record in enumerate(made):
        assert lines[f"accuracy-{place}"] == record.metrics["accuracy"]
        assert lines[f"params-{place}"] == record.params
    best = max(made, key=lambda r: (r.metrics["accuracy"], -(r.params or 0)))
    assert (lines["accuracy"], lines["loss"]) == (best.metrics["accuracy"], best.metrics["loss"])
    assert {"average_precision", "params", "flops", "seconds"} < lines.keys()
    assert len(lines) == 6 + 2 * 3

    # A later pod starts from the weights of an earlier one, and not from its own trials'.
    later = trials(asked(data, folder, "1-3,1-2", 8, inherit="parent"))
    assert {r.parent for r in later} <= {4, 6, 7}
    assert later[1].parent == 4, "the same architecture comes before all others"


def test_epochs_of_their_own_go_on_where_earlier_trials_ended(data: str, folder: str) -> None:
    first = trials(asked(data, folder, "1-2,1-3", go_on=True))
    assert [(r.fidelity, r.epochs) for r in first] == [(1, 1.0), (1, 1.0)]
    then = trials(asked(data, folder, "1-3,1-4@1", 2, epochs=3, go_on=True))
    assert [(r.architecture, r.fidelity, r.epochs, r.parent) for r in then] == [
        ("1-3", 3, 2.0, 1),
        ("1-4", 1, 1.0, None),
    ]
    assert then[0].seed == first[1].seed


def test_what_cannot_be_trained_together_is_trained_one_by_one_and_says_so_once(
    data: str, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = trials(asked(data, folder, "1-2,1-3", optimizer="rmsprop"))
    assert [r.status for r in made] == ["succeeded", "succeeded"]
    said = capsys.readouterr().err
    assert said.count("its 2 trials are trained one by one: ") == 1
    assert "rmsprop" in said


def test_one_that_fails_is_a_failure_of_its_own(
    data: str, folder: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = module._Pod._tell

    def told(pod: Any, report: Report) -> None:
        failed = Report(1, "failed", reason="the loss was not finite in epoch 1", epochs=0.0)
        tell(pod, failed if report.id == 1 and report.status == "succeeded" else report)

    monkeypatch.setattr(module._Pod, "_tell", told)
    made = trials(asked(data, folder, "1-2,2-3,9-9", no_fuse=True, max_params=500))
    assert [r.status for r in made] == ["succeeded", "failed", "rejected"]
    assert [held(folder, n) for n in range(3)] == list(made)
    assert (made[1].value, made[1].reason) == (None, "the loss was not finite in epoch 1")
    assert "is over the limit of 500" in (made[2].reason or "")
    said = capsys.readouterr()
    names = [line.partition("=")[0] for line in said.out.splitlines()]
    assert [name for name in names if "-" in name] == ["accuracy-0"]
    assert "one by one" not in said.err, "it was asked for"


def test_a_pod_fails_where_all_of_it_does(data: str, folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    request = asked(data, folder, "1-2,1-3", learning_rate=1e30, optimizer="sgd", epochs=2, no_fuse=True)
    with pytest.raises(
        NothingSucceeded, match="trial e-0 failed: none of its 2 architectures was measured, "
    ):
        trials(request)
    assert [held(folder, n).status for n in (0, 1)] == ["failed", "failed"]
    assert all(held(folder, n).reason for n in (0, 1))
    assert "=" not in capsys.readouterr().out


def test_where_all_are_over_a_limit_nothing_is_trained_or_printed(
    data: str, folder: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "start_tensorflow", lambda _: pytest.fail("TensorFlow was loaded"))
    made = trials(asked(data, folder, "9-9,9-10", max_params=10))
    assert [r.status for r in made] == ["rejected", "rejected"]
    assert capsys.readouterr().out == ""


def test_at_the_deadline_each_ends_with_what_it_has(data: str, folder: str) -> None:
    """Those that are trained one by one and do not get their turn are stopped without a value."""
    request = asked(data, folder, "1-2,1-3", epochs=100_000, deadline=time.time() + 2, no_fuse=True)
    first, second = trials(request)
    assert (first.status, second.status) == ("stopped", "stopped")
    assert first.value is not None
    assert (second.value, second.epochs) == (None, 0.0)


def test_a_gpu_that_is_not_there_is_the_failure_of_all(data: str, folder: str) -> None:
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU here")
    with pytest.raises(Unavailable, match="asked for a GPU and TensorFlow sees none"):
        trials(asked(data, folder, "1-2,1-3", require_gpu=True))
    assert ["sees none" in (held(folder, n).reason or "") for n in (0, 1)] == [True, True]


def test_the_command_of_a_pod_is_one_that_the_trial_understands(data: str, folder: str) -> None:
    together = {"population": 3, "max-memory": 1 << 30}
    made = plan(data=data, folder=folder, budget={"params": 1}, together=together, pods={"trials_per_pod": 3})
    template = build_experiment(made).to_dict()["spec"]["trialTemplate"]
    container = template["trialSpec"]["spec"]["template"]["spec"]["containers"][0]
    values = {"architecture": "3-3,1-1", "epochs": "2"}
    program, *words = filled(template, container, values, f"{made.name}-6")
    assert program == "archmend"
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    for number, code in ((6, "3-3"), (7, "1-1")):
        uri = record_uri(made.records, f"{made.name}-{number}")
        record = TrialRecord.model_validate_json(read_bytes(uri))
        assert (record.trial, record.architecture, record.status) == (number, code, "rejected")


def test_a_single_one_of_a_population_has_its_place(data: str, folder: str) -> None:
    """The last pod may have one; it is trained in the order of rows that all others had."""
    record = TrialRecord.of(_result(), "accuracy")
    assert "accuracy-0=0.5" in list(group_lines([record], SPACE, ["accuracy"]))
    request = asked(data, folder, "3-3", population=3, max_params=1)
    assert [r.status for r in trials(request)] == ["rejected"]
    assert request.each() == (request,)
    chosen = replace(request, architecture=None, choices={"depth": "3", "width": "3"})
    assert [r.architecture for r in trials(chosen)] == ["3-3"]


def _result() -> Any:
    from archmend.search import TrialResult

    return TrialResult(0, SPACE.parse("1-1"), 0.5, metrics={"accuracy": 0.5})


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({"codes": "1-2,1-3", "name": "trial"}, "--architecture has 2 codes and --name trial no number"),
        ({"codes": "1-2,"}, "'' in the architectures '1-2,' is none; write codes with commas"),
        ({"codes": "1-2@x"}, "'1-2@x' in the architectures '1-2@x' is none"),
        ({"codes": "1-2", "population": 0}, "--population must be a whole number of at least 1, got 0"),
        ({"codes": "1-2", "population": 2, "no_fuse": True}, "--population 2 trains trials together and"),
        (
            {"codes": "1-2", "max_memory": "much"},
            "--max-memory must be a size such as 2GiB or 500MB, got 'much'",
        ),
        ({"codes": "1-2@0"}, "'1-2@0' in the architectures"),
    ],
)
def test_what_is_wrong_is_one_sentence(flags: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=re.escape(sentence)):
        asked("digits", "file:///nowhere", **flags)


def test_an_architecture_of_another_space_is_bad_input(data: str, folder: str) -> None:
    with pytest.raises(BadInput, match="1-2-3-4"):
        trials(asked(data, folder, "1-2,1-2-3-4"))
    assert not exists(record_uri(f"{folder}/trials", "e-0"))
