"""Each bad input of what talks to Kubeflow Pipelines: an exit code, one sentence, nothing started."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from archmend.cli import main
from archmend.testing.pipelines import FakePipelines

SCHEDULE = {"name": "nightly", "cron": "0 2 * * *", "parameters": {"data": "digits"}}
Make = Callable[[Path], list[str]]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakePipelines]:
    for name in ("KF_PIPELINES_TOKEN", "KF_PIPELINES_SA_TOKEN_PATH", "KF_PIPELINES_UI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with FakePipelines() as running:
        monkeypatch.setenv("KF_PIPELINES_ENDPOINT", running.url)
        yield running


def _apply(text: str, *flags: str) -> Make:
    def make(folder: Path) -> list[str]:
        (folder / "s.yaml").write_text(text)
        return ["schedule", "apply", str(folder / "s.yaml"), *flags]

    return make


def _twice(folder: Path) -> list[str]:
    for name in ("a.yaml", "b.yaml"):
        (folder / name).write_text(yaml.safe_dump(SCHEDULE))
    return ["schedule", "apply", str(folder / "a.yaml"), str(folder / "b.yaml")]


def _second_wrong(folder: Path) -> list[str]:
    """The first of them is right, and must not be applied either."""
    (folder / "a.yaml").write_text(yaml.safe_dump(SCHEDULE))
    (folder / "b.yaml").write_text(yaml.safe_dump({**SCHEDULE, "name": "b", "parameters": {"dta": 1}}))
    return ["schedule", "apply", str(folder / "a.yaml"), str(folder / "b.yaml")]


def _submit(*flags: str) -> Make:
    return lambda _: ["pipeline", "submit", "--param", "data=digits", *flags]


def _nobody(*command: str) -> Make:
    def made(_: Path) -> list[str]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        return [*command, "--host", f"http://127.0.0.1:{port}"]

    return made


CASES: dict[str, tuple[Make, int, str]] = {
    "an unknown parameter": (
        _submit("--param", "max_trails=5"),
        2,
        "unknown pipeline parameter 'max_trails': did you mean 'max_trials'?",
    ),
    "an unknown parameter, and no server": (
        _nobody("pipeline", "submit", "--param", "max_trails=5"),
        2,
        "unknown pipeline parameter 'max_trails'",
    ),
    "a parameter of another type": (
        _submit("--param", "max_trials=few"),
        2,
        "parameter max_trials=few is of the wrong type; give a whole number",
    ),
    "a parameter without a name": (
        _submit("--param", "5"),
        2,
        "--param '5' is no parameter; write name=value",
    ),
    "a parameter twice": (_submit("--param", "data=a"), 2, "--param data is given twice; leave one out"),
    "a time-out of nothing": (
        _submit("--max-wait", "5"),
        2,
        "--max-wait is for --wait; add that, or leave it out",
    ),
    "a negative time-out": (
        _submit("--wait", "--max-wait", "-1"),
        2,
        "--max-wait must be at least 0 seconds, got -1",
    ),
    "a pipeline that is none": (
        _submit("--pipeline", "none.yaml"),
        2,
        "the pipeline none.yaml cannot be read (No such file or directory)",
    ),
    "a host without a protocol": (_submit("--host", "kf:80"), 2, "--host kf:80 says no protocol"),
    "an interface without a protocol": (_submit("--ui", "kf:80"), 2, "--ui kf:80 says no protocol"),
    "a profile where there are none": (_submit("--namespace", "ada"), 2, "--namespace ada cannot be used"),
    "a missing token file": (_submit("--token-file", "none"), 2, "the token file none cannot be read"),
    "an unknown flag": (_submit("--cache"), 2, "No such option"),
    "an unknown command": (
        lambda _: ["schedule", "aply"],
        2,
        "unknown command 'aply': did you mean 'apply'?",
    ),
    "nothing to apply": (lambda _: ["schedule", "apply"], 2, "Missing argument"),
    "a missing schedule file": (
        lambda _: ["schedule", "apply", "none.yaml"],
        2,
        "none.yaml cannot be read (No such file or directory); give a file of schedules",
    ),
    "a star without quotes": (_apply("name: a\ncron: * * * * *"), 2, "is no YAML at line 2"),
    "an unknown key": (_apply("name: a\ncorn: 0 1 * * *"), 2, "did you mean 'cron'?"),
    "a wrong hour": (_apply("name: a\ncron: 0 25 * * *"), 2, "25 is not between 0 and 23"),
    "a schedule's wrong parameter": (
        _apply(yaml.safe_dump({**SCHEDULE, "parameters": {"max_trails": 1}})),
        2,
        "schedule nightly: unknown pipeline parameter 'max_trails'",
    ),
    "another zone": (
        _apply(yaml.safe_dump({**SCHEDULE, "time_zone": "Europe/Berlin"}), "--controller-time-zone", "UTC"),
        2,
        "the controller's clock is UTC: Kubeflow has one zone for all schedules",
    ),
    "a name in two files": (_twice, 2, "b.yaml; rename one"),
    "a wrong second file": (_second_wrong, 2, "schedule b: unknown pipeline parameter 'dta'"),
    "deleting what is not there": (
        lambda _: ["schedule", "delete", "none"],
        2,
        "there is no schedule 'none'",
    ),
    "starting what is not there": (
        lambda _: ["schedule", "run-now", "none"],
        2,
        "there is no schedule 'none'",
    ),
    "nobody there": (_nobody("schedule", "list"), 4, "does not answer to say what it is"),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input(case: str, fake: FakePipelines, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    make, code, sentence = CASES[case]
    with pytest.raises(SystemExit) as ended:
        main(make(tmp_path))
    out, err = capfd.readouterr()
    assert ended.value.code == code, err
    assert sentence in err
    assert err.startswith("archmend: ")
    assert err.count("\n") == 1
    assert out == ""
    assert not any(request.changes for request in fake.requests)


def test_a_run_that_fails_is_exit_1_and_its_link_is_out(
    fake: FakePipelines, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(request: object) -> None:
        for run in fake.objects.runs:
            fake.end(run, "FAILED", message="no luck")

    fake.before = fail
    with pytest.raises(SystemExit) as ended:
        main(["pipeline", "submit", "--param", "data=digits", "--wait", "--quiet"])
    out, err = capfd.readouterr()
    (run,) = fake.objects.runs
    assert ended.value.code == 1
    assert out == f"{fake.url}/#/runs/details/{run}\n"
    assert "failed: no luck; see" in err


def test_a_time_out_is_exit_4_and_the_run_goes_on(
    fake: FakePipelines, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["pipeline", "submit", "--param", "data=digits", "--wait", "--max-wait", "0", "--quiet"])
    assert ended.value.code == 4
    assert "is still pending after 0 s and goes on: http" in capfd.readouterr().err


def test_what_works(fake: FakePipelines, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def said(*arguments: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        out, err = capfd.readouterr()
        assert ended.value.code == 0, err
        return out

    (tmp_path / "s.yaml").write_text(yaml.safe_dump(SCHEDULE))
    assert ": uploaded  http" in said("pipeline", "upload")
    assert ": unchanged  http" in said("pipeline", "upload")
    assert said("schedule", "apply", str(tmp_path / "s.yaml")).startswith("nightly: created  http")
    assert said("schedule", "apply", str(tmp_path / "s.yaml")).startswith("nightly: unchanged  http")
    assert "nightly" in said("schedule", "list")
    assert "/#/runs/details/" in said("schedule", "run-now", "nightly")
    assert said("schedule", "delete", "nightly") == "nightly: deleted\n"
    assert fake.objects.recurring == {}
    assert len(fake.objects.runs) == 1
