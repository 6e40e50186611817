"""A search whose process ends before its Experiment: who stops it, and who goes on with it."""

from __future__ import annotations

import os
import signal
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.kubeflow.katib.conftest import Start
from tests.unit.kubeflow.katib.plans import RUN, plan
from tests.unit.steps.katib.conftest import Clock
from tests.unit.steps.katib.scripts import architecture, hand_in, succeeds

from archmend.errors import Interrupted, Unavailable
from archmend.kubeflow.katib.states import experiment_state
from archmend.search import SearchProgress, TrialResult
from archmend.spaces import create_space
from archmend.steps.katib_numbers import Numbers, seed_of
from archmend.steps.search import search
from archmend.steps.search_request import SearchRequest
from archmend.testing.katib import FakeKatib, Outcome, Run

Make = Callable[..., SearchRequest]


def kill_after(trials: int) -> Callable[[SearchProgress], None]:
    def progress(said: SearchProgress) -> None:
        if said.finished == trials:
            os.kill(os.getpid(), signal.SIGTERM)

    return progress


def workflow(**other: Any) -> dict[str, Any]:
    metadata = {"name": "w", "labels": {"pipeline/runid": RUN}, **other.pop("metadata", {})}
    return {"metadata": metadata, "spec": {}, "status": {"phase": "Running"}, **other}


def the_state(fake: FakeKatib) -> Any:
    (held,) = fake.objects("experiments", "team").values()
    return experiment_state(held)


CANCELLED = {
    "gone": None,
    "deleted": workflow(metadata={"deletionTimestamp": "2026-11-26T12:00:00Z"}),
    "terminated in the UI": workflow(spec={"activeDeadlineSeconds": 0}),
    "shut down": workflow(spec={"shutdown": "Terminate"}),
    "failed": workflow(status={"phase": "Failed"}),
}


@pytest.mark.parametrize("how", CANCELLED)
def test_a_cancelled_run_stops_its_experiment(
    start: Start, request_of: Make, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setenv("ARCHMEND_RUN_ID", RUN)
    fake = start(lambda run: succeeds(run) if run.number == 0 else Outcome("running"))
    item = CANCELLED[how]
    if item is not None:
        fake.put("workflows", item, "team")
    with pytest.raises(Interrupted) as raised:
        search(request_of(), kill_after(1))
    assert raised.value.exit_code == 143
    assert the_state(fake).stopped == "its run is over"
    assert {t["status"]["conditions"][-1]["type"] for t in fake.objects("trials", "team").values()} == {
        "Succeeded"
    }


def test_a_killed_pods_successor_goes_on_with_the_experiment(
    start: Start, request_of: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHMEND_RUN_ID", RUN)
    runs: list[str] = []

    def script(run: Run) -> Outcome:
        runs.append(run.name)
        return succeeds(run)

    fake = start(script)
    fake.put("workflows", workflow(), "team")
    with pytest.raises(Interrupted):
        search(request_of(max_trials=6), kill_after(1))
    assert the_state(fake).stopped == ""
    # The successor's pod has nothing of its predecessor's folder.
    outcome = search(request_of(max_trials=6, out=tmp_path / "another"))
    assert [t.trial for t in outcome.trials] == list(range(6))
    assert outcome.stopped_by == "trials"
    assert len(runs) == len(set(runs)) == 6, "no trial is run twice"
    assert [verb for verb, plural, _ in fake.requests if (verb, plural) == ("delete", "trials")] == []


def test_a_server_that_does_not_answer_does_not_hide_the_signal(
    start: Start, request_of: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ARCHMEND_RUN_ID", RUN)
    fake = start(lambda run: succeeds(run) if run.number == 0 else Outcome("running"))
    fake.fail("list", "workflows", 403, "cannot list workflows")
    with pytest.raises(Interrupted):
        search(request_of(), kill_after(1))
    assert "may go on in the cluster: this account may not look up the workflow" in capsys.readouterr().out


def test_a_successor_has_the_time_that_is_left(
    start: Start, request_of: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setenv("ARCHMEND_RUN_ID", RUN)
    fake = start(lambda run: succeeds(run) if run.number == 0 else Outcome("running"))
    fake.put("workflows", workflow(), "team")
    with pytest.raises(Interrupted):
        search(request_of(max_seconds=1000.0), kill_after(1))
    clock.ahead = 1001.0
    outcome = search(request_of(max_seconds=1000.0, out=tmp_path / "another"))
    assert outcome.stopped_by == "seconds"
    assert [t.trial for t in outcome.trials if t.status == "succeeded"] == [0]


def test_a_stopped_experiment_says_why_to_a_successor(
    start: Start, request_of: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its predecessor was killed between stopping the Experiment and writing its files."""
    monkeypatch.setenv("ARCHMEND_RUN_ID", RUN)
    start(lambda run: Outcome(work=lambda: hand_in(run, 0.9)))
    first = search(request_of(target_value=0.9, max_trials=50))
    again = search(request_of(target_value=0.9, max_trials=50, out=tmp_path / "another"))
    assert (first.stopped_by, again.stopped_by) == ("target", "target")


def test_an_experiment_that_somebody_stops_ends_with_what_it_has(start: Start, request_of: Make) -> None:
    from archmend.kubeflow.katib.client import KatibClient

    fake = start(lambda run: succeeds(run) if run.number == 0 else Outcome("running"))

    def progress(said: SearchProgress) -> None:
        if said.finished == 1:
            (name,) = fake.objects("experiments", "team")
            KatibClient().stop(name, "somebody asked for it")

    outcome = search(request_of(), progress)
    assert (outcome.stopped_by, [t.trial for t in outcome.trials]) == ("cancelled", [0])


def test_an_interrupted_search_of_a_folder_goes_on(
    start: Start, request_of: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = start(succeeds)
    with pytest.raises(Interrupted):
        search(request_of(max_trials=6), kill_after(1))
    (name,) = fake.objects("experiments", "team")
    assert f"{name} goes on in the cluster; archmend katib stop {name} ends it" in capsys.readouterr().out
    outcome = search(request_of(max_trials=6, resume=True))
    assert [t.trial for t in outcome.trials] == list(range(6))
    assert list(fake.objects("experiments", "team")) == [name]


def test_katibs_own_trials_keep_their_numbers(start: Start, request_of: Make) -> None:
    """Their names say nothing of an order, and two of one second have none."""
    names: list[str] = []

    def script(run: Run) -> Outcome:
        names.append(run.name)
        return succeeds(run, int(run.name.rpartition("-")[2], 16) / 16**8)

    start(script)
    make = {"strategy": "katib-random", "space": "fc", "max_trials": 6}
    with pytest.raises(Interrupted):
        search(request_of(**make), kill_after(2))
    outcome = search(request_of(**make, resume=True))
    assert [t.trial for t in outcome.trials] == list(range(6))
    values = {int(name.rpartition("-")[2], 16) / 16**8 for name in names}
    assert {t.value for t in outcome.trials} == values, "each trial counts once"


def test_parents_have_the_searchs_numbers(start: Start, request_of: Make) -> None:
    """A trial that Katib names by chance calls another one by a number of its name."""
    names: list[str] = []

    def script(run: Run) -> Outcome:
        names.append(run.name)
        parent = None if run.number == 0 else zlib.crc32(names[0].encode())
        return Outcome(work=lambda: hand_in(run, 0.9 if run.number == 0 else 0.1, parent=parent))

    start(script)
    outcome = search(request_of(strategy="katib-random", space="fc", pods={"parallel": 1}))
    first = outcome.best.trial
    assert {t.parent for t in outcome.trials} == {None, first}


def test_numbers_of_a_journal_are_known_again() -> None:
    made = plan("katib-tpe")
    architecture = create_space("seed-fc", input_shape=(64,), classes=10).parse("1-1")
    names = [f"{made.name}-{end}" for end in ("zzz", "aaa", "mmm")]
    first = Numbers(made, ())
    assert [first.of(name) for name in names] == [0, 1, 2]
    journal = [
        TrialResult(first.of(name) or 0, architecture, 0.5, seed=seed_of(made, name)) for name in names[1:]
    ]
    again = Numbers(made, journal)
    assert [again.of(name) for name in sorted(names)] == [1, 2, 0]


def test_numbers_of_our_own_service_are_in_the_names() -> None:
    made = plan("random")
    numbers = Numbers(made, ())
    assert numbers.of(f"{made.name}-17") == 17
    for foreign in (f"{made.name}-x", "other-3", f"{made.name}-3-4", "3"):
        assert numbers.of(foreign) is None, foreign


def test_a_trial_reads_its_choices_whatever_is_inactive(start: Start, request_of: Make) -> None:
    """Under Katib's own algorithms every choice is assigned, and the record has the active ones."""
    seen: dict[int, str] = {}

    def script(run: Run) -> Outcome:
        seen[run.number] = str(architecture(run))
        return succeeds(run)

    start(script)
    outcome = search(request_of(strategy="katib-sobol", space="fc", max_trials=3, pods={"parallel": 1}))
    # Trials of one second have no order among themselves: which number each has is chance.
    assert sorted(t.architecture for t in outcome.trials) == sorted(seen.values())


def test_a_pipeline_does_not_take_a_part_for_the_whole(
    start: Start, request_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cache would hand the part to every later run."""
    from archmend.kubeflow.katib.client import KatibClient

    monkeypatch.setenv("ARCHMEND_RUN_ID", RUN)
    fake = start(lambda run: succeeds(run) if run.number == 0 else Outcome("running"))
    fake.put("workflows", workflow(), "team")

    def progress(said: SearchProgress) -> None:
        if said.finished == 1:
            (name,) = fake.objects("experiments", "team")
            KatibClient().stop(name, "somebody asked for it")

    with pytest.raises(Unavailable, match="was stopped by somebody before its end; delete it and retry"):
        search(request_of(), progress)


def test_a_run_that_is_retried_after_its_end_searches_anew(
    start: Start, request_of: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHMEND_RUN_ID", RUN)
    cancelled: list[bool] = [True]
    fake = start(lambda run: Outcome("running") if cancelled and run.number else succeeds(run))
    with pytest.raises(Interrupted):
        search(request_of(), kill_after(1))
    assert the_state(fake).stopped == "its run is over"
    cancelled.clear()
    fake.put("workflows", workflow(), "team")
    outcome = search(request_of(out=tmp_path / "another"))
    assert (outcome.stopped_by, [t.trial for t in outcome.trials]) == ("trials", [0, 1, 2, 3])


def test_a_search_that_runs_goes_on_with_a_larger_budget(start: Start, request_of: Make) -> None:
    fake = start(lambda run: succeeds(run, ticks=60 if run.number == 1 else 1))
    with pytest.raises(Interrupted):
        search(request_of(max_trials=2, pods={"parallel": 1}), kill_after(1))
    outcome = search(request_of(max_trials=4, resume=True, pods={"parallel": 2}))
    assert (outcome.stopped_by, len(outcome.trials)) == ("trials", 4)
    assert len(fake.objects("experiments", "team")) == 1
