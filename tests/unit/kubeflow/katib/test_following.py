"""An Experiment watched through everything that may happen to a watch."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest
from tests.unit.kubeflow.katib.conftest import Start
from tests.unit.kubeflow.katib.plans import plan

from archmend.errors import Unavailable
from archmend.kubeflow.katib import connection as module
from archmend.kubeflow.katib.client import KatibClient
from archmend.kubeflow.katib.experiment import build_experiment
from archmend.kubeflow.katib.following import Following, Snapshot
from archmend.kubeflow.katib.states import trial_state
from archmend.testing.katib import FakeKatib, Outcome


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.3)


def followed(trials: int = 6, **other: float) -> tuple[str, Iterator[Snapshot]]:
    client, made = KatibClient(), build_experiment(plan(trials=trials))
    client.create(made)
    name = made.metadata.name
    return name, iter(Following(client, name, period=1, **other))  # type: ignore[arg-type]


def ends(snapshots: Iterator[Snapshot]) -> tuple[Counter[str], Snapshot]:
    """Return how often each trial was seen to end, and the snapshot in which the Experiment had ended."""
    seen: Counter[str] = Counter()
    before: set[str] = set()
    for snapshot in snapshots:
        finished = {name for name, trial in snapshot.trials.items() if trial.finished}
        assert before <= finished, "a trial that had ended is forgotten"
        seen.update(finished - before)
        before = finished
        if snapshot.experiment is None or (snapshot.experiment.kind != "running" and len(finished) == 6):
            return seen, snapshot
    raise AssertionError("following has no end")


def test_every_trial_is_seen_to_end_once(start: Start) -> None:
    fake = start()
    name, snapshots = followed()
    seen, last = ends(snapshots)
    assert seen == {f"{name}-{n}": 1 for n in range(6)}
    assert last.experiment is not None
    assert last.experiment.kind == "succeeded"
    assert last.trials == {n: trial_state(t) for n, t in fake.objects("trials", "team").items()}


def test_an_end_comes_with_all_that_led_to_it(start: Start) -> None:
    """The Experiment is read after the trials' last event that was heard: it may be ahead of the watch."""
    fake = start()
    name, snapshots = followed(trials=3)
    first = next(snapshots)
    assert len(first.trials) < 3
    end = time.monotonic() + 20
    while "completionTime" not in fake.objects("experiments", "team")[name].get("status", {}):
        assert time.monotonic() < end
        time.sleep(0.01)
    for snapshot in snapshots:
        if snapshot.experiment is not None and snapshot.experiment.kind == "succeeded":
            assert {n: t.kind for n, t in snapshot.trials.items()} == {
                f"{name}-{n}": "succeeded" for n in range(3)
            }
            break


@pytest.mark.parametrize("disturbance", ["forget", "break_watches", "both", "restart"])
def test_nothing_is_lost_or_doubled_by(disturbance: str, start: Start) -> None:
    """The disturbance comes in the script: in the middle of the search, while the watch is open."""

    def disturb(fake: FakeKatib) -> None:
        if disturbance == "restart":
            fake.stop()
            fake.forget()  # a new API server's watch cache knows nothing of before
            fake.start()
            return
        if disturbance != "break_watches":
            fake.forget()
        if disturbance != "forget":
            fake.break_watches()

    running: list[FakeKatib] = []

    def script(run: object) -> Outcome:
        return Outcome(metrics={"accuracy": 0.5}, work=lambda: disturb(running[0]))

    running.append(start(script))
    name, snapshots = followed()
    seen, _ = ends(snapshots)
    assert seen == {f"{name}-{n}": 1 for n in range(6)}


def test_an_old_version_is_answered_by_410_and_a_new_list(start: Start) -> None:
    fake = start(lambda run: Outcome("running"))
    name, snapshots = followed()
    while len(next(snapshots).trials) < 2:
        pass
    fake.forget()
    fake.remove("trials", f"{name}-0", "team")  # a watch from the old version would never tell
    fake.pause()
    while f"{name}-0" in next(snapshots).trials:
        pass
    asked = [verb for verb, plural, _ in fake.requests if plural == "trials"]
    assert asked.count("list") >= 2


def test_a_quiet_experiment_keeps_its_version_by_bookmarks(start: Start) -> None:
    """While others are busy the versions go on; a bookmark brings the watch along without a new list."""
    fake = start(lambda run: Outcome("running"))
    client, made = KatibClient(), build_experiment(plan())
    client.create(made)
    following = Following(client, made.metadata.name, period=1)
    snapshots = iter(following)
    while sum(t.kind == "running" for t in next(snapshots).trials.values()) < 2:
        pass
    fake.put("workflows", {"metadata": {"name": "other"}}, "team")
    version = fake.objects("workflows", "team")["other"]["metadata"]["resourceVersion"]
    next(snapshots)
    assert int(following._version or 0) >= int(version)


def test_a_deleted_experiment_is_seen(start: Start) -> None:
    fake = start(lambda run: Outcome("running"))
    name, snapshots = followed()
    while not next(snapshots).trials:
        pass
    fake.remove("experiments", name, "team")
    _, last = ends(snapshots)
    assert last.experiment is None


def test_a_deleted_trial_is_no_longer_there(start: Start) -> None:
    fake = start(lambda run: Outcome("running"))
    name, snapshots = followed()
    while len(next(snapshots).trials) < 2:
        pass
    fake.pause()
    fake.remove("trials", f"{name}-1", "team")
    while f"{name}-1" in next(snapshots).trials:
        pass


def test_a_refused_watch_is_one_sentence(start: Start) -> None:
    fake = start()
    _, snapshots = followed()
    next(snapshots)
    fake.fail("watch", "trials", 403, "cannot watch trials", reason="Forbidden", times=20)
    with pytest.raises(Unavailable, match=r"this account may not watch the trials of .*give it that right"):
        ends(snapshots)


def test_a_server_that_stays_away_longer_than_a_question_is_waited_for(start: Start) -> None:
    """`lost` counts, not the patience of one question."""
    fake = start(lambda run: Outcome("running"))
    _, snapshots = followed(lost=60.0)
    next(snapshots)
    fake.fail("get", "experiments", 503, "starting", times=6)
    assert next(snapshots).experiment is not None


def test_a_server_that_never_comes_back_is_given_up(start: Start) -> None:
    fake = start(lambda run: Outcome("running"))
    _, snapshots = followed(lost=0.5)
    next(snapshots)
    fake.stop()
    with pytest.raises(Unavailable, match=r"has not answered for 0 s while .*goes on with it later"):
        for _ in snapshots:
            pass
    fake.start()
