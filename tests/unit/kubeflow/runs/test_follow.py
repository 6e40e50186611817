"""A run is followed to its end, whatever happens to the server meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from archmend.errors import Unavailable
from archmend.kubeflow.local import PipelineFailed
from archmend.kubeflow.runs import Package, Server, Step, follow, submit
from archmend.kubeflow.runs import wait as waiting
from archmend.testing.pipelines import FakePipelines, Request

Script = Iterator[Callable[[], object]]


@pytest.fixture
def run(server: Server, package: Package) -> str:
    return submit(server, package, {"data": "digits"}).run_id


def at_each_look(fake: FakePipelines, run: str, *deeds: Callable[[], object]) -> None:
    """Let one thing happen before each look at a run."""
    script = iter(deeds)

    def before(request: Request) -> None:
        if request.path.endswith(run):
            next(script, lambda: None)()

    fake.before = before


def followed(server: Server, run: str, package: Package, **more: Any) -> list[str]:
    told: list[Step] = []
    follow(server, run, package.steps, on_step=told.append, pause=0.01, **more)
    return [f"{step.name} {step.state}" for step in told]


def test_every_change_of_a_step_is_told_once(
    fake: FakePipelines, server: Server, package: Package, run: str
) -> None:
    at_each_look(
        fake,
        run,
        lambda: None,
        lambda: fake.show(
            run, {"display_name": "first", "state": "RUNNING"}, {"display_name": "first-driver"}
        ),
        lambda: None,
        lambda: fake.show(run, {"display_name": "first", "state": "SUCCEEDED"}),
        lambda: fake.show(run, {"display_name": "second", "state": "PENDING"}),
        lambda: fake.end(run, "SUCCEEDED", steps=[{"display_name": "second", "state": "SKIPPED"}]),
    )
    assert followed(server, run, package) == ["first running", "first succeeded", "second skipped"]


@pytest.mark.parametrize(
    ("state", "words"), [("FAILED", "failed"), ("CANCELED", "was cancelled"), ("SKIPPED", "was skipped")]
)
def test_another_end_is_an_error(
    fake: FakePipelines, server: Server, package: Package, run: str, state: str, words: str
) -> None:
    fake.end(run, state)
    with pytest.raises(PipelineFailed) as caught:
        followed(server, run, package)
    assert str(caught.value) == f"run small 2026-03-02 12:00:30 {words}; see {server.links.run(run)}"
    assert caught.value.exit_code == 1


def test_a_failure_has_the_words_of_the_step(
    fake: FakePipelines, server: Server, package: Package, run: str
) -> None:
    log = "I0302 12:00:31.1 launcher\nreading\narchmend: the file is empty; write it again\n\n"
    fake.end(
        run,
        "FAILED",
        message="step failed",
        steps=[
            {"display_name": "first", "state": "FAILED", "log": log},
            {"display_name": "first-driver", "state": "FAILED", "log": "driver"},
        ],
    )
    with pytest.raises(PipelineFailed) as caught:
        followed(server, run, package)
    words = (
        "failed: step failed in step first: reading / archmend: the file is empty; write it again; see http"
    )
    assert words in str(caught.value)


def test_a_log_that_is_gone_hides_no_failure(
    fake: FakePipelines, server: Server, package: Package, run: str
) -> None:
    steps = [{"display_name": "first", "state": "FAILED", "child_tasks": [{"pod_name": "gone"}]}]
    fake.end(run, "FAILED", steps=steps)
    with pytest.raises(PipelineFailed, match="failed in step first; see"):
        followed(server, run, package)


def test_a_server_that_is_away_for_a_while(
    fake: FakePipelines, server: Server, package: Package, run: str
) -> None:
    def come_back() -> None:
        time.sleep(0.5)
        fake.end(run, "SUCCEEDED")
        fake.come()

    fake.show(run, {"display_name": "first", "state": "RUNNING"})
    fake.go()
    thread = threading.Thread(target=come_back)
    thread.start()
    assert followed(server, run, package) == ["first running"]
    thread.join()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_proxy_whose_server_is_away(
    fake: FakePipelines, server: Server, package: Package, run: str, status: int
) -> None:
    fake.end(run, "SUCCEEDED")
    fake.canned = {"v2beta1/runs/": (status, {"Content-Type": "text/html"}, b"<html>")}
    timer = threading.Timer(0.3, fake.canned.clear)
    timer.start()
    followed(server, run, package)
    timer.join()


def test_one_that_stays_away_is_given_up_and_the_run_goes_on(
    fake: FakePipelines, server: Server, package: Package, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_PATIENCE", 0.3)
    fake.go()
    with pytest.raises(Unavailable) as caught:
        followed(server, run, package)
    assert "does not answer to look at run" in str(caught.value)
    assert f"the run goes on: {server.links.run(run)}" in str(caught.value)


def test_after_its_time_the_run_goes_on(
    fake: FakePipelines, server: Server, package: Package, run: str
) -> None:
    fake.show(run)
    with pytest.raises(Unavailable) as caught:
        followed(server, run, package, seconds=0.05)
    assert "is still running after 0.05 s and goes on: " in str(caught.value)
    assert server.links.run(run) in str(caught.value)
    assert fake.objects.runs[run]["state"] == "RUNNING"
    assert fake.requests[-1].method == "GET"


def test_the_time_counts_also_while_the_server_is_away(
    fake: FakePipelines, server: Server, package: Package, run: str
) -> None:
    fake.go()
    began = time.monotonic()
    with pytest.raises(Unavailable, match="the run goes on"):
        followed(server, run, package, seconds=0.1)
    assert time.monotonic() - began < waiting._PATIENCE


def test_a_run_that_somebody_deleted(fake: FakePipelines, server: Server, package: Package, run: str) -> None:
    at_each_look(fake, run, lambda: None, fake.objects.runs.clear)
    with pytest.raises(PipelineFailed, match=r"is not at .* any more; somebody has deleted it"):
        followed(server, run, package)
