"""A search by Katib from the request to its files, with a fake Katib and a real store between."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.unit.kubeflow.katib.conftest import Start
from tests.unit.steps.katib.conftest import Clock
from tests.unit.steps.katib.scripts import architecture, hand_in, succeeds

from archmend.errors import BadInput, NothingSucceeded, Unavailable
from archmend.kubeflow.katib.states import experiment_state
from archmend.search import SearchProgress
from archmend.steps import katib_followed
from archmend.steps.records import BestRecord, TrialRecord
from archmend.steps.search import search
from archmend.steps.search_request import SearchRequest
from archmend.storage import list_objects, write_bytes
from archmend.testing.katib import FakeKatib, Outcome, Refusal, Run, suggest
from archmend.training import SEARCH_OVER, TIME_OVER

Make = Callable[..., SearchRequest]
SCHEMAS = Path(__file__).parents[4] / "docs" / "schemas"


def lines(out: Path) -> list[TrialRecord]:
    return [TrialRecord.model_validate_json(line) for line in (out / "trials.jsonl").read_text().splitlines()]


def the_experiment(fake: FakeKatib) -> dict[str, object]:
    (held,) = fake.objects("experiments", "team").values()
    return held


def test_a_search_leaves_what_a_local_one_leaves(start: Start, request_of: Make, store: str) -> None:
    fake = start(succeeds)
    request = request_of(max_trials=5, inherit="best")
    said: list[SearchProgress] = []
    outcome = search(request, said.append)
    assert outcome.stopped_by == "trials"
    assert [t.trial for t in outcome.trials] == list(range(5))
    assert sorted(lines(request.out), key=lambda r: r.trial) == list(outcome.trials)
    best = BestRecord.model_validate_json((request.out / "best.json").read_bytes())
    assert (best.trial, best.value, best.stopped_by, best.space) == (4, 0.54, "trials", "seed-fc")
    # The schemas forbid fields that they do not name; a local search is held against the same ones.
    for name, text in (
        ("trial", (request.out / "trials.jsonl").read_text().splitlines()[0]),
        ("best", (request.out / "best.json").read_text()),
    ):
        assert set(json.loads(text)) == set(
            json.loads((SCHEMAS / f"{name}.schema.json").read_text())["properties"]
        )
    bests = [p.best.value for p in said if p.best is not None]
    assert bests == sorted(bests), "the best so far never gets worse"
    assert said[-1].finished == 5
    assert {p.trials for p in said} == {5}
    (name,) = fake.objects("experiments", "team")
    kept = {o.uri.partition(f"/team/{name}/")[2] for o in list_objects(f"{store}/team/{name}")}
    assert {"data/data.json", *(f"trials/{name}-{n}.json" for n in range(5))} <= kept


def test_of_several_fidelities_the_best_is_one_of_the_highest(start: Start, request_of: Make) -> None:
    """The service promotes trial 1 to 3 epochs and then to 9; its value there is below one of trial 0."""
    epochs = ("1", "1", "1", "3", "9")
    values = (0.9, 0.6, 0.5, 0.7, 0.8)

    def rungs(experiment: Mapping[str, Any], number: int) -> Mapping[str, str]:
        code = suggest(experiment, 1 if number > 2 else number)["architecture"]
        return {"architecture": code, "epochs": epochs[number]}

    def trial(run: Run) -> Outcome:
        fidelity = int(run.flag("epochs") or 0)
        assert "--continue" in run.command
        value = values[run.number]
        metrics = {"accuracy": value, "loss": 1.0}
        return Outcome(metrics=metrics, work=lambda: hand_in(run, value, fidelity=fidelity))

    fake = start(trial, rungs)
    request = request_of(strategy="asha:max_epochs=9", max_trials=5)
    outcome = search(request)
    assert (outcome.best.trial, outcome.best.value, outcome.best.fidelity) == (4, 0.8, 9)
    assert [t.fidelity for t in outcome.trials] == [1, 1, 1, 3, 9]
    held = the_experiment(fake)
    assert held["spec"]["parameters"][1]["feasibleSpace"] == {"min": "1", "max": "9"}  # type: ignore[index]
    with pytest.raises(BadInput, match="strategy 'hyperband' waits for running trials"):
        request_of(strategy="hyperband", out=request.out.parent / "other")


def test_an_unsuitable_pair_is_refused_before_anything_is_there(start: Start, request_of: Make) -> None:
    fake = start(succeeds)
    for wrong in ({"strategy": "katib-grid", "space": "fc"}, {"strategy": "katib-hyperband", "epochs": 10}):
        with pytest.raises(BadInput, match="Katib's"):
            search(request_of(**wrong))
    with pytest.raises(BadInput, match="strategy 'random' has no settings"):
        search(request_of(strategy="random:nonsense=1"))
    assert not request_of().out.exists()
    assert not fake.requests


def test_the_wall_clock_stops_it_and_keeps_what_was_handed_in(
    start: Start, request_of: Make, clock: Clock
) -> None:
    def script(run: Run) -> Outcome:
        if run.number == 0:
            return succeeds(run)
        if run.number == 1:  # has seen the deadline, and Katib has not seen its end
            hand_in(run, 0.4, status="stopped", epochs=0.5, reason=TIME_OVER)
        return Outcome("running")

    fake = start(script)
    request = request_of(max_seconds=1000.0, max_trials=None, workers=3, pods={"parallel": 3})
    outcome = search(request, clock.jump_after(1))
    assert outcome.stopped_by == "seconds"
    by_number = {t.trial: t for t in outcome.trials}
    assert by_number[0].status == "succeeded"
    assert (by_number[1].status, by_number[1].value, by_number[1].epochs) == ("stopped", 0.4, 0.5)
    assert (by_number[2].status, by_number[2].value, by_number[2].reason) == ("stopped", None, TIME_OVER)
    held = the_experiment(fake)
    state = experiment_state(held)
    assert (state.kind, state.reason, state.stopped) == ("succeeded", "ExperimentStopped", "its time is over")
    assert {name.rpartition("-")[2] for name in fake.objects("trials", "team")} == {"0"}


def test_trials_that_end_within_the_grace_hand_in(
    start: Start, request_of: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the limit there is a moment in which the trials, which know it, may still end by themselves."""
    monkeypatch.setattr(katib_followed, "GRACE", 1e7)

    def script(run: Run) -> Outcome:
        if run.number == 0:
            return succeeds(run)
        return Outcome(ticks=10, metrics={"accuracy": 0.3}, work=lambda: hand_in(run, 0.3, status="stopped"))

    start(script)
    outcome = search(request_of(max_seconds=1000.0, max_trials=2), clock.jump_after(1))
    assert [(t.status, t.value) for t in outcome.trials] == [("succeeded", 0.5), ("stopped", 0.3)]


def test_the_target_stops_it(start: Start, request_of: Make) -> None:
    def script(run: Run) -> Outcome:
        if run.number == 1:
            return Outcome(work=lambda: hand_in(run, 0.9))  # Katib itself sees no goal here
        return Outcome("running")

    fake = start(script)
    outcome = search(request_of(target_value=0.9))
    assert outcome.stopped_by == "target"
    assert [(t.trial, t.status, t.reason) for t in outcome.trials if t.trial < 2] == [
        (0, "stopped", SEARCH_OVER),
        (1, "succeeded", None),
    ]
    assert experiment_state(the_experiment(fake)).stopped == "the target is reached"


def test_first_trials_that_fail_alike_end_it_with_their_last_words(start: Start, request_of: Make) -> None:
    def script(run: Run) -> Outcome:
        if run.number < 3:
            return Outcome("failed", exit_code=1, log="Traceback\nImportError: no such module\n")
        return Outcome("running")

    fake = start(script)
    with pytest.raises(
        NothingSucceeded, match=r"failed alike: exit code 1: Traceback \| ImportError: no such"
    ):
        search(request_of(max_trials=20))
    assert experiment_state(the_experiment(fake)).kind == "succeeded"
    assert "failed alike" in experiment_state(the_experiment(fake)).stopped


def test_a_failed_experiment_gives_its_words_and_the_last_trials(start: Start, request_of: Make) -> None:
    start(lambda run: Outcome("failed", exit_code=10 + run.number, log="it broke\n"))
    with pytest.raises(
        NothingSucceeded,
        match=r"archmend-\w+ failed: .*max failed count has reached; trial 1: exit code 11: it broke",
    ):
        search(request_of(max_trials=2))


@pytest.mark.parametrize(
    ("outcome", "status", "value", "reason"),
    [
        (Outcome("early_stopped", metrics={"accuracy": 0.3}), "stopped", 0.3, "stopped early by Katib"),
        (Outcome("succeeded", metrics={"accuracy": 0.7, "params": 9.0}), "succeeded", 0.7, None),
        (Outcome("killed"), "stopped", None, "killed before it had handed anything in"),
        (
            Outcome("metrics_unavailable", log="bye\n"),
            "failed",
            None,
            "its container ended well and left neither",
        ),
        (
            Outcome("failed", exit_code=137, reason="OOMKilled"),
            "failed",
            None,
            "out of memory: its container was killed at its limit of 2Gi",
        ),
        (
            Outcome("failed", exit_code=143, disruption="PreemptionByScheduler"),
            "failed",
            None,
            "preempted: PreemptionByScheduler",
        ),
    ],
)
def test_a_trial_without_a_record_is_told_by_the_cluster(
    start: Start, request_of: Make, outcome: Outcome, status: str, value: float | None, reason: str | None
) -> None:
    start(lambda run: succeeds(run) if run.number == 0 else outcome)
    told = search(request_of(max_trials=2)).trials[1]
    assert (told.status, told.value) == (status, value)
    assert (told.reason or "").startswith(reason or "")
    assert told.seed is not None


def test_a_rejected_trial_is_not_charged(start: Start, request_of: Make) -> None:
    def script(run: Run) -> Outcome:
        if run.number == 1:
            return Outcome(
                "metrics_unavailable",
                work=lambda: hand_in(run, None, status="rejected", reason="params 9 is over the limit of 8"),
            )
        return succeeds(run)

    start(script)
    outcome = search(request_of(max_trials=3))
    assert [t.trial for t in outcome.trials] == [0, 2]
    assert [(t.trial, t.reason) for t in outcome.rejected] == [(1, "params 9 is over the limit of 8")]


def test_what_the_second_trial_waits_for_is_said_once(
    start: Start, request_of: Make, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."

    def script(run: Run) -> Outcome:
        if run.number == 0:
            return succeeds(run, ticks=15)
        return Outcome("pending", message=words) if run.number == 1 else succeeds(run)

    start(script)
    search(request_of(max_trials=4, max_seconds=1000.0), clock.jump_after(3))
    said = [line for line in capsys.readouterr().out.splitlines() if " waits: " in line]
    assert [line.partition(" waits: ")[2] for line in said] == [words]
    assert said[0].startswith("trial archmend-")
    assert said[0].partition(" waits: ")[0].endswith("-1")


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        ("rpc error: code = OutOfRange desc = none left", "exhausted"),
        ("code = InvalidArgument desc = no", None),
    ],
)
def test_a_suggestion_service_that_answers_no_more(
    start: Start, request_of: Make, monkeypatch: pytest.MonkeyPatch, words: str, ends: str | None
) -> None:
    monkeypatch.setattr(katib_followed, "QUIET", 0.1)

    def two(experiment: dict[str, object], number: int) -> dict[str, str]:
        if number >= 2:
            raise Refusal(words)
        return dict(suggest(experiment, number))

    fake = start(succeeds, two)
    if ends is None:
        with pytest.raises(BadInput, match=r"the suggestion service refused experiment .*InvalidArgument"):
            search(request_of(max_trials=6))
    else:
        assert search(request_of(max_trials=6)).stopped_by == ends
    assert experiment_state(the_experiment(fake)).kind == "succeeded"


def test_somebody_elses_trial_is_left_aside(start: Start, request_of: Make) -> None:
    fakes: list[FakeKatib] = []

    def script(run: Run) -> Outcome:
        if run.number == 0:
            (experiment,) = fakes[0].objects("experiments", "team")
            conditions = [{"type": "Succeeded", "status": "True", "reason": "", "message": ""}]
            theirs = {
                "metadata": {"name": "by-hand", "labels": {"katib.kubeflow.org/experiment": experiment}},
                "spec": {"objective": {"objectiveMetricName": "accuracy"}, "parameterAssignments": []},
                "status": {"conditions": conditions},
            }
            fakes[0].put("trials", theirs, "team")
        return succeeds(run)

    fakes.append(start(script))
    assert all(t.status == "succeeded" for t in search(request_of(max_trials=3)).trials)


def test_a_record_of_an_earlier_experiment_of_this_name_does_not_count(
    start: Start, request_of: Make
) -> None:
    def script(run: Run) -> Outcome:
        if run.number == 1:
            # What lies there is of another architecture, and this trial leaves nothing of its own.
            code = "1-1" if str(architecture(run)) != "1-1" else "2-2"
            other = Run(
                run.name, run.number, {}, (*run.command[:2], f"--architecture={code}", *run.command[2:])
            )
            hand_in(other, 0.99)
            return Outcome("failed", exit_code=3, log="it broke\n")
        return succeeds(run)

    start(script)
    told = search(request_of(max_trials=3)).trials[1]
    assert (told.status, told.reason) == ("failed", "exit code 3: it broke")


def test_a_spoiled_record_is_named(start: Start, request_of: Make) -> None:
    def script(run: Run) -> Outcome:
        return Outcome(work=lambda: write_bytes(f"{run.flag('records')}/{run.name}.json", b"{}"))

    start(script)
    with pytest.raises(BadInput, match=r"-0\.json is no record of a trial; remove it"):
        search(request_of(pods={"parallel": 1}))


def test_a_deleted_experiment_is_said(start: Start, request_of: Make) -> None:
    fakes: list[FakeKatib] = []

    def progress(said: SearchProgress) -> None:
        if said.finished == 1:
            (name,) = fakes[0].objects("experiments", "team")
            fakes[0].remove("experiments", name, "team")

    fakes.append(start(succeeds))
    with pytest.raises(Unavailable, match="was deleted while it ran; the same command makes it anew"):
        search(request_of(max_trials=50), progress)


def test_limits_that_few_fit_end_it_as_exhausted(start: Start, request_of: Make) -> None:
    """As the local engine does: 100 trials are asked for, and fewer architectures are within the limit."""
    start(succeeds)
    outcome = search(request_of(max_trials=100, max_params=40, pods={"parallel": 8}))
    assert outcome.stopped_by == "exhausted"
    assert 0 < len(outcome.trials) < 30
