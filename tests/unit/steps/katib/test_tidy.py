"""What is left of searches: stopped with its run, removed when it is old; never a running one of a folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.kubeflow.katib.conftest import Start
from tests.unit.kubeflow.katib.plans import RUN, plan
from tests.unit.kubeflow.katib.test_client import until
from tests.unit.steps.katib.test_going_on import workflow
from typer.testing import CliRunner

from archmend.cli.app import app
from archmend.errors import BadInput
from archmend.kubeflow.katib.client import KatibClient
from archmend.kubeflow.katib.experiment import build_experiment
from archmend.kubeflow.katib.names import Identity
from archmend.kubeflow.katib.states import experiment_state
from archmend.steps.katib_tidy import Tidied, collect, parse_age, stop_left_over
from archmend.testing.katib import FakeKatib, Outcome, Run

OTHER = "1d9b1a52-7d2c-4c4e-9d0e-0123456789ab"
FOLDER = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def names(start: Start) -> Callable[[], tuple[FakeKatib, dict[str, str]]]:
    """Return a namespace with a search that ended, two of runs, one of a folder, and somebody else's."""

    def made() -> tuple[FakeKatib, dict[str, str]]:
        ended = "2d9b1a52-7d2c-4c4e-9d0e-0123456789ab"
        found: dict[str, str] = {}

        def script(run: Run) -> Outcome:
            return Outcome() if run.name.startswith(found["ended"]) else Outcome("running")

        fake = start(script)
        for name, run in {"ended": ended, "over": RUN, "alive": OTHER, "folder": FOLDER}.items():
            experiment = build_experiment(plan(identity=Identity(run)))
            found[name] = experiment.metadata.name
            KatibClient().create(experiment)
        theirs = build_experiment(plan(identity=Identity("x")))
        theirs.metadata.name, theirs.metadata.labels = "theirs", {}
        KatibClient().create(theirs)
        fake.put("workflows", workflow(metadata={"labels": {"pipeline/runid": OTHER}}), "team")
        until(lambda: kinds(fake)[found["ended"]] == "succeeded")
        return fake, found

    return made


def kinds(fake: FakeKatib) -> dict[str, str]:
    return {n: experiment_state(item).kind for n, item in fake.objects("experiments", "team").items()}


def test_only_what_ended_long_ago_is_removed(names: Callable[[], tuple[FakeKatib, dict[str, str]]]) -> None:
    fake, of = names()
    now = datetime.now(UTC)
    assert collect(KatibClient(), timedelta(hours=1), now=now) == Tidied(stopped=(of["over"],))
    assert kinds(fake)[of["over"]] == "succeeded"
    done = collect(KatibClient(), timedelta(hours=1), now=now + timedelta(hours=1, seconds=60))
    assert set(done.removed) == {of["ended"], of["over"]}
    assert set(fake.objects("experiments", "team")) == {of["alive"], of["folder"], "theirs"}


def test_an_end_without_a_time_of_completion_is_dated_by_its_condition(
    names: Callable[[], tuple[FakeKatib, dict[str, str]]],
) -> None:
    fake, of = names()
    item = fake.objects("experiments", "team")[of["ended"]]
    del item["status"]["completionTime"]
    fake.put("experiments", item, "team")
    later = datetime.now(UTC) + timedelta(days=8)
    assert of["ended"] in collect(KatibClient(), timedelta(days=7), now=later).removed


def test_the_exit_handler_stops_its_own_runs_only(
    names: Callable[[], tuple[FakeKatib, dict[str, str]]],
) -> None:
    fake, of = names()
    assert stop_left_over(KatibClient(), RUN) == (of["over"],)
    assert stop_left_over(KatibClient(), RUN) == ()
    assert [n for n, kind in kinds(fake).items() if kind == "running"] == sorted(
        [of["alive"], of["folder"], "theirs"]
    )


def test_the_command_says_what_it_did(names: Callable[[], tuple[FakeKatib, dict[str, str]]]) -> None:
    _, of = names()
    run = CliRunner().invoke
    first = run(app, ["katib", "gc", "--older-than", "7d"])
    assert (first.exit_code, first.stdout) == (0, f"stopped {of['over']}\n")
    assert run(app, ["katib", "gc"]).stdout == "nothing to remove\n"
    stopped = run(app, ["katib", "stop", of["folder"]])
    assert stopped.stdout == f"stopped {of['folder']}\n"
    removed = run(app, ["katib", "gc", "--older-than", "0s", "--namespace", "team"]).stdout
    assert set(removed.splitlines()) == {f"removed {of[name]}" for name in ("ended", "over", "folder")}


def test_stopping_what_is_not_there_is_bad_input(start: Start) -> None:
    start()
    done = CliRunner().invoke(app, ["katib", "stop", "nothing"])
    assert isinstance(done.exception, BadInput)
    assert "there is no experiment 'nothing' in namespace team" in str(done.exception)


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("90m", timedelta(minutes=90)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("0s", timedelta()),
    ],
)
def test_ages(text: str, age: timedelta) -> None:
    assert parse_age(text) == age


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "1.5h", "1w", "7 d", "99999999999999d"])
def test_wrong_ages(text: str) -> None:
    with pytest.raises(BadInput, match=r"--older-than .* is no age; write a number with s, m, h or d"):
        parse_age(text)


def test_a_trial_that_came_after_the_end_goes(names: Callable[[], tuple[FakeKatib, dict[str, str]]]) -> None:
    fake, of = names()
    KatibClient().stop(of["over"], "its run is over")
    late = {
        "metadata": {"name": f"{of['over']}-9", "labels": {"katib.kubeflow.org/experiment": of["over"]}},
        "spec": {"objective": {"objectiveMetricName": "accuracy"}, "parameterAssignments": []},
        "status": {"conditions": []},
    }
    fake.pause()
    fake.put("trials", late, "team")
    collect(KatibClient(), timedelta(days=7))
    assert f"{of['over']}-9" not in fake.objects("trials", "team")
