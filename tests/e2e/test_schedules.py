"""Schedules at a real Kubeflow: they fire by the clock, apply changes what it must, and nothing twice.

A tiny pipeline of one step that sleeps is enough.
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
LONG = 150
"""Seconds of a run that is longer than the two minutes between two starts."""


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
    given = {"name": name, "cron": "*/2 * * * *", "parameters": {"seconds": 1}, **more}
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
    """Two schedules side by side: one whose runs are short, one whose runs are longer than their distance."""
    quick = declared(name, parameters={"seconds": 1})
    slow = declared(f"{name}-slow", parameters={"seconds": LONG})
    for schedule in (quick, slow):
        assert apply_schedule(server, schedule, pipeline).done == "created"
        assert apply_schedule(server, schedule, pipeline).done == "unchanged"
    held = {each.name: each for each in (*named(server, quick.name), *named(server, slow.name))}
    assert len(held) == 2

    def fired() -> tuple[list[Any], list[Any]] | None:
        runs = {
            key: sorted(runs_of(server, each), key=lambda run: run.created_at) for key, each in held.items()
        }
        for key, listed in runs.items():
            # Whenever one looks, at most one of them is at work.
            assert sum(run.state not in ENDED for run in listed) <= 1, key
        enough = len(runs[quick.name]) >= 3 and len(runs[slow.name]) >= 2
        return (runs[quick.name], runs[slow.name]) if enough else None

    try:
        short, long = until(fired, 900, "three starts of one and two of the other", pause=2)
        for schedule in (quick, slow):
            assert apply_schedule(server, schedule, pipeline).done == "unchanged"
            assert [each.id for each in named(server, schedule.name)] == [held[schedule.name].id]
    finally:
        delete_schedule(server, slow.name)
    due = [run.scheduled_at.timestamp() for run in short]
    assert [later - earlier for earlier, later in pairwise(due)] == [120, 120]
    for earlier, later in pairwise(short):
        assert abs((later.created_at - earlier.created_at).total_seconds() - 120) <= TOLERANCE
    # How late all of them are is the controller's: it looks every few seconds, on a busy node every twenty.
    assert all(run.created_at >= run.scheduled_at for run in short)
    assert long[0].finished_at <= long[1].created_at
    assert (long[1].created_at - long[0].created_at).total_seconds() > LONG


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
