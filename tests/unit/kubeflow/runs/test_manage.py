"""Schedules are listed, deleted, and started at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.kubeflow.runs.conftest import Clock

from archmend.errors import BadInput
from archmend.kubeflow.runs import (
    Schedule,
    Server,
    apply_schedule,
    delete_schedule,
    list_schedules,
    run_now,
)
from archmend.testing.pipelines import Controller, FakePipelines


def apply(server: Server, pipeline: Path, name: str, **more: Any) -> None:
    given = {"name": name, "cron": "0 9 * * *", "parameters": {"data": "digits"}, **more}
    apply_schedule(server, Schedule.model_validate(given), pipeline)


def theirs(fake: FakePipelines, trigger: dict[str, Any]) -> None:
    (experiment,) = fake.objects.experiments
    fake.objects.create_recurring(
        {
            "display_name": "theirs",
            "experiment_id": experiment,
            "pipeline_spec": {"a": 1},
            "max_concurrency": "1",
            "mode": "ENABLE",
            "trigger": trigger,
        }
    )


def test_all_are_listed_those_of_others_too(
    fake: FakePipelines, server: Server, pipeline: Path, clock: Clock
) -> None:
    apply(server, pipeline, "minutely", cron="* * * * *")
    apply(server, pipeline, "off", enabled=False)
    apply(server, pipeline, "often", cron=None, every="90m")
    theirs(fake, {"cron_schedule": {"cron": "*/30 * * * * *"}})
    (run,) = [
        run
        for run in Controller(fake.objects).look(clock.go(seconds=60))
        if "minutely" in run["display_name"]
    ]
    run["state"] = "SUCCEEDED"
    listed = {each.name: each for each in list_schedules(server)}
    assert {name: (each.when, each.enabled, each.ours) for name, each in listed.items()} == {
        "minutely": ("* * * * *", True, True),
        "off": ("0 9 * * *", False, True),
        "often": ("every 5400 s", True, True),
        # Six fields that are no five stand as they are.
        "theirs": ("*/30 * * * * *", True, False),
    }
    assert listed["minutely"].last is not None
    assert listed["minutely"].last.isoformat() == "2026-03-02T12:01:00+00:00"
    assert (listed["minutely"].state, listed["off"].state) == ("succeeded", "")


def test_a_list_of_many_pages(fake: FakePipelines, server: Server, pipeline: Path) -> None:
    apply(server, pipeline, "one")
    (made,) = fake.objects.recurring.values()
    for n in range(120):
        fake.objects.recurring[str(n)] = {**made, "recurring_run_id": str(n), "display_name": f"n-{n}"}
    from archmend.kubeflow.runs.recurring import recurring_runs

    assert len(list(recurring_runs(server))) == 121


def test_a_trigger_of_an_unknown_kind_is_listed(fake: FakePipelines, server: Server, pipeline: Path) -> None:
    apply(server, pipeline, "one")
    theirs(fake, {})
    assert {each.name: each.when for each in list_schedules(server)}["theirs"] == ""


def test_delete_leaves_the_runs(fake: FakePipelines, server: Server, pipeline: Path, clock: Clock) -> None:
    apply(server, pipeline, "minutely", cron="* * * * *")
    (run,) = Controller(fake.objects).look(clock.go(seconds=60))
    delete_schedule(server, "minutely")
    assert fake.objects.recurring == {}
    assert run["run_id"] in fake.objects.runs


def test_delete_refuses_what_is_not_there_or_not_ours(
    fake: FakePipelines, server: Server, pipeline: Path
) -> None:
    with pytest.raises(BadInput, match="there is no schedule 'nightly', nor any other, at http"):
        delete_schedule(server, "nightly")
    apply(server, pipeline, "nightly")
    with pytest.raises(BadInput, match="unknown schedule 'nihgtly': did you mean 'nightly'"):
        delete_schedule(server, "nihgtly")
    theirs(fake, {"cron_schedule": {"cron": "0 0 9 * * *"}})
    with pytest.raises(BadInput, match="archmend did not make the recurring run theirs"):
        delete_schedule(server, "theirs")
    assert len(fake.objects.recurring) == 2


@pytest.mark.parametrize("caching", [True, False])
@pytest.mark.parametrize("enabled", [True, False])
def test_run_now_starts_what_the_schedule_starts(
    fake: FakePipelines, server: Server, pipeline: Path, caching: bool, enabled: bool
) -> None:
    apply(
        server,
        pipeline,
        "nightly",
        caching=caching,
        enabled=enabled,
        service_account="me",
        experiment="group",
    )
    before = {key: dict(each) for key, each in fake.objects.recurring.items()}
    run = run_now(server, "nightly")
    made = fake.objects.runs[run.run_id]
    (schedule,) = fake.objects.recurring.values()
    for key in (
        "pipeline_version_reference",
        "pipeline_spec",
        "runtime_config",
        "service_account",
        "experiment_id",
    ):
        assert made.get(key) == schedule.get(key), key
    assert made["display_name"] == "nightly 2026-03-02 12:00:30"
    assert run.link.endswith(run.run_id)
    assert fake.objects.recurring == before
