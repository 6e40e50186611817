"""Schedules at a real Kubeflow: they fire by the clock, apply changes what it must, and nothing twice.

A tiny pipeline of one step is enough; it sleeps, so that two runs would overlap if they could.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.cluster import ENDED, Cluster, host, until

from archmend.kubeflow.runs import (
    Package,
    Schedule,
    Server,
    apply_schedule,
    connected,
    delete_schedule,
    follow,
    list_schedules,
    load_package,
    run_now,
    submit,
    upload,
)
from archmend.kubeflow.runs.recurring import named, runs_of

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
TOLERANCE = 15
SLEEP = 60
"""Seconds of a run; with those that its pods take, most of an interval."""


@pytest.fixture
def server(cluster: Cluster) -> Iterator[Server]:
    with connected(host(cluster.core, cluster.namespace)) as found:
        yield found


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    from kfp import compiler
    from tests.e2e.nap import naps

    path = tmp_path / "nap.yaml"
    compiler.Compiler().compile(naps, str(path))
    return path


@pytest.fixture
def package(pipeline: Path) -> Package:
    return load_package(pipeline)


@pytest.fixture
def name(server: Server) -> Iterator[str]:
    given = f"e2e-{time.time_ns()}"
    yield given
    if any(each.name == given for each in list_schedules(server)):
        delete_schedule(server, given)


def declared(name: str, **more: Any) -> Schedule:
    given = {"name": name, "cron": "*/2 * * * *", "parameters": {"seconds": SLEEP}, **more}
    return Schedule.model_validate(given)


def test_upload_and_submit(server: Server, package: Package) -> None:
    first, again = upload(server, package), upload(server, package)
    assert not again.new
    assert again.version_id == first.version_id
    run = submit(server, package, {"seconds": 1})
    told: list[str] = []
    follow(server, run.run_id, package.steps, on_step=lambda step: told.append(step.state), seconds=600)
    assert told[-1] == "succeeded"
    uncached = submit(server, package, {"seconds": 1}, caching=False)
    follow(server, uncached.run_id, package.steps, seconds=600)


def test_every_two_minutes_and_never_two_at_once(server: Server, pipeline: Path, name: str) -> None:
    schedule = declared(name, max_concurrency=1)
    assert apply_schedule(server, schedule, pipeline).done == "created"
    assert apply_schedule(server, schedule, pipeline).done == "unchanged"
    (held,) = named(server, name)

    def three() -> list[Any] | None:
        runs = sorted(runs_of(server, held), key=lambda run: run.created_at)
        # Whenever one looks, at most one of them is at work.
        assert sum(run.state not in ENDED for run in runs) <= 1
        return runs if len(runs) >= 3 else None

    runs = until(three, 900, "three starts", pause=2)
    assert apply_schedule(server, schedule, pipeline).done == "unchanged"
    assert [each.id for each in named(server, name)] == [held.id]
    due = [run.scheduled_at.timestamp() for run in runs]
    # What is due is exactly so far apart; what is started keeps to it as long as the one before has ended.
    assert [later - earlier for earlier, later in pairwise(due)] == [120, 120]
    for run in runs:
        late = run.created_at.timestamp() - run.scheduled_at.timestamp()
        assert 0 <= late <= TOLERANCE, (run.display_name, late)
    for earlier, later in pairwise(runs):
        began = (later.created_at - earlier.created_at).total_seconds()
        assert abs(began - 120) <= TOLERANCE
        assert earlier.finished_at is None or earlier.finished_at <= later.created_at


def test_another_cron_replaces_it_once(server: Server, pipeline: Path, name: str) -> None:
    apply_schedule(server, declared(name), pipeline)
    (old,) = named(server, name)
    changed = declared(name, cron="*/3 * * * *", parameters={"seconds": 1})
    assert apply_schedule(server, changed, pipeline).done == "replaced"
    assert apply_schedule(server, changed, pipeline).done == "unchanged"
    (new,) = named(server, name)
    assert new.id != old.id
    assert new.enabled
    assert new.raw.trigger.cron_schedule.cron == "0 */3 * * * *"


def test_off_at_once_and_away(server: Server, pipeline: Path, name: str) -> None:
    schedule = declared(name, enabled=False, parameters={"seconds": 1})
    apply_schedule(server, schedule, pipeline)
    (held,) = named(server, name)
    assert not held.enabled
    run = run_now(server, name)
    follow(server, run.run_id, load_package(pipeline).steps, seconds=600)
    assert runs_of(server, held) == []
    assert apply_schedule(server, declared(name, parameters={"seconds": 1}), pipeline).done == "enabled"
    (listed,) = [each for each in list_schedules(server) if each.name == name]
    assert (listed.enabled, listed.ours, listed.when) == (True, True, "*/2 * * * *")
    delete_schedule(server, name)
    assert named(server, name) == []
    # The run that was started goes on being there.
    assert server.runs.run_service_get_run(run.run_id).state == "SUCCEEDED"
