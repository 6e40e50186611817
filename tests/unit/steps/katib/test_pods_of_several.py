"""A search by Katib whose pods have several trials each, with a fake Katib between."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.unit.kubeflow.katib.conftest import Start
from tests.unit.kubeflow.katib.plans import plan
from tests.unit.steps.katib.conftest import Clock
from tests.unit.steps.katib.scripts import hand_in, succeeds
from tests.unit.steps.katib.test_search import SCHEMAS, lines, the_experiment

from archmend.errors import BadInput, NothingSucceeded
from archmend.kubeflow.suggestion.groups import split_codes
from archmend.search import SearchProgress
from archmend.steps.katib_plan import _together
from archmend.steps.search import search
from archmend.steps.search_request import SearchRequest
from archmend.steps.trial_request import trial_number
from archmend.testing.katib import FakeKatib, Outcome, Run
from archmend.training import TIME_OVER

Make = Callable[..., SearchRequest]


def singles(run: Run) -> list[Run]:
    """Return each trial of a pod as if it had one of its own."""
    experiment = run.flag("experiment") or ""
    first = trial_number(experiment, run.name)
    return [
        Run(
            f"{experiment}-{c.number}",
            c.number,
            run.assignments,
            (f"--architecture={c.code}", *(w for w in run.command if not w.startswith("--architecture="))),
        )
        for c in split_codes(first, run.flag("architecture") or "")
    ]


def pod(run: Run, values: Sequence[float | None] = (), **other: Any) -> Outcome:
    """Return a pod whose trials hand in their records: later ones are better, unless it is said otherwise."""
    each = singles(run)
    reached = values or [0.5 + one.number / 100 for one in each]

    def work() -> None:
        for one, value in zip(each, reached, strict=True):
            end = {"status": "failed", "reason": "it broke"} if value is None else {}
            hand_in(one, value, **end)

    measured = {f"accuracy-{i}": v for i, v in enumerate(reached) if v is not None}
    return Outcome(metrics={"accuracy": max(measured.values()), **measured}, work=work, **other)


def test_a_search_leaves_the_same_trials_whatever_shares_a_pod(
    start: Start, request_of: Make, tmp_path: Path
) -> None:
    fake = start(pod)
    said: list[SearchProgress] = []
    request = request_of(max_trials=7, pods={"trials_per_pod": 3})
    outcome = search(request, said.append)
    assert outcome.stopped_by == "trials"
    assert [t.trial for t in outcome.trials] == list(range(7))
    assert sorted(lines(request.out), key=lambda r: r.trial) == list(outcome.trials)
    assert (outcome.best.trial, outcome.best.value) == (6, 0.56)
    first = json.loads((request.out / "trials.jsonl").read_text().splitlines()[0])
    assert set(first) == set(json.loads((SCHEMAS / "trial.schema.json").read_text())["properties"])
    assert said[-1].finished == 7
    assert max(p.running for p in said) <= 6
    trials = fake.objects("trials", "team")
    assert [name.rpartition("-")[2] for name in trials] == ["0", "3", "6"]
    spec: Any = the_experiment(fake)["spec"]
    assert (spec["maxTrialCount"], spec["parallelTrialCount"]) == (3, 2)
    assert outcome.alone is None


def test_a_pod_of_which_a_part_failed_is_told_trial_by_trial(start: Start, request_of: Make) -> None:
    start(lambda run: pod(run, [0.4, None, 0.6]))
    outcome = search(request_of(max_trials=3, pods={"trials_per_pod": 3}))
    assert [(t.status, t.value, t.reason) for t in outcome.trials] == [
        ("succeeded", 0.4, None),
        ("failed", None, "it broke"),
        ("succeeded", 0.6, None),
    ]


def test_a_pod_without_records_is_told_by_the_cluster(start: Start, request_of: Make) -> None:
    def script(run: Run) -> Outcome:
        if run.number == 0:
            return pod(run)
        if run.number == 1:
            return Outcome(metrics={"accuracy": 0.7, "accuracy-0": 0.7, "params": 9.0}, log="bye\n")
        return Outcome("failed", exit_code=137, reason="OOMKilled")

    fake = start(script)
    told = search(request_of(max_trials=6, pods={"trials_per_pod": 2, "parallel": 1})).trials
    assert [(t.status, t.value) for t in told] == [
        *(("succeeded", v) for v in (0.5, 0.51, 0.7)),
        *(("failed", None) for _ in range(3)),
    ]
    assert "its container ended well and left neither a record nor metrics" in (told[3].reason or "")
    reasons = {t.reason for t in told[4:]}
    assert [r.partition(":")[0] for r in reasons if r] == ["out of memory"]
    assert all(t.seed is not None for t in told)
    assert told[2].params is None, "the pod's is of its best"
    pods = [name for verb, plural, name in fake.requests if (verb, plural) == ("list", "pods")]
    assert len(pods) < 40


def test_at_the_limit_those_count_that_have_handed_in(start: Start, request_of: Make, clock: Clock) -> None:
    def script(run: Run) -> Outcome:
        if run.number == 0:
            return pod(run)
        hand_in(singles(run)[0], 0.4)  # the first of three has ended, and its pod goes on
        return Outcome("running")

    start(script)
    request = request_of(max_seconds=1000.0, max_trials=None, pods={"trials_per_pod": 3, "parallel": 2})
    outcome = search(request, clock.jump_after(3))
    assert outcome.stopped_by == "seconds"
    assert [(t.trial, t.status, t.value, t.reason) for t in outcome.trials][3:6] == [
        (3, "succeeded", 0.4, None),
        (4, "stopped", None, TIME_OVER),
        (5, "stopped", None, TIME_OVER),
    ]


def test_a_pod_of_failures_is_enough_to_end_a_search(start: Start, request_of: Make) -> None:
    start(
        lambda run: (
            Outcome("failed", exit_code=2, log="no such data\n") if run.number == 0 else pod(run, ticks=9)
        )
    )
    with pytest.raises(NothingSucceeded, match="failed alike: exit code 2: no such data"):
        search(request_of(max_trials=20, pods={"trials_per_pod": 4, "parallel": 1}))


def test_a_search_that_was_cut_within_a_pod_goes_on(start: Start, request_of: Make) -> None:
    """The journal of its predecessor ends between two trials of one pod."""
    fake = start(pod)
    request = request_of(max_trials=6, pods={"trials_per_pod": 3})
    whole = search(request)
    journal = request.out / "trials.jsonl"
    kept = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(kept[:4]))
    (request.out / "best.json").unlink()
    again = search(request_of(max_trials=6, resume=True, pods={"trials_per_pod": 3}))
    assert [t.trial for t in again.trials] == [t.trial for t in whole.trials] == list(range(6))
    assert len(fake.objects("trials", "team")) == 2


def test_epochs_of_their_own_are_the_trials_fidelities(start: Start, request_of: Make) -> None:
    texts = ["1-1@1,1-2@1,1-3", "1-1,1-4@1,1-5@1"]

    def rungs(experiment: Any, number: int) -> dict[str, str]:
        return {"architecture": texts[number], "epochs": "3"}

    def script(run: Run) -> Outcome:
        first = trial_number(run.flag("experiment") or "", run.name)
        epochs = [c.epochs or 3 for c in split_codes(first, run.flag("architecture") or "")]

        def work() -> None:
            for one, fidelity in zip(singles(run), epochs, strict=True):
                hand_in(one, 0.9 if fidelity == 1 else 0.6, fidelity=fidelity)

        return Outcome(metrics={"accuracy": 0.9}, work=work)

    start(script, rungs)
    made = search(request_of(strategy="asha:max_epochs=3", max_trials=6, pods={"trials_per_pod": 3}))
    assert [t.fidelity for t in made.trials] == [1, 1, 3, 3, 1, 1]
    assert (made.best.fidelity, made.best.value) == (3, 0.6)


def test_what_is_trained_one_by_one_is_said_once(start: Start, request_of: Make) -> None:
    start(pod)
    outcome = search(request_of(optimizer="rmsprop", max_trials=2, pods={"trials_per_pod": 2}))
    assert "rmsprop" in (outcome.alone or "")


@pytest.mark.parametrize(
    ("flags", "pods", "sentence"),
    [
        (
            {"strategy": "katib-tpe"},
            {"trials_per_pod": 4},
            r"--trials-per-pod 4 puts several architectures into one trial, which Katib's .* \(katib-tpe\)",
        ),
        (
            {"max_memory": "4GiB"},
            {"trials_per_pod": 4},
            "--max-memory 4GiB is more than a pod has with --trial-memory 2Gi",
        ),
        (
            {},
            {"trials_per_pod": 4, "memory": "0Gi"},
            "--trial-memory must be a size such as 2GiB or 500MB, got '0Gi'",
        ),
        ({"population": 8}, {}, "each has a pod of its own; give --trials-per-pod 8"),
        ({"max_memory": "1GiB"}, {}, "each has a pod of its own; give --trial-memory 1GiB"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_there(
    start: Start, request_of: Make, flags: dict[str, Any], pods: dict[str, Any], sentence: str
) -> None:
    fake: FakeKatib = start(succeeds)
    with pytest.raises(BadInput, match=sentence):
        search(request_of(pods=pods, **flags))
    assert not fake.requests


@pytest.mark.parametrize(
    ("flags", "pods", "expected"),
    [
        ({}, {}, {}),
        ({}, {"trials_per_pod": 8}, {"population": 8, "max-memory": 2 << 30}),
        ({}, {"trials_per_pod": 8, "memory": "500M"}, {"population": 8, "max-memory": 500_000_000}),
        (
            {"population": 3, "max_memory": "1GiB"},
            {"trials_per_pod": 8},
            {"population": 3, "max-memory": 1 << 30},
        ),
        ({"population": 30}, {"trials_per_pod": 8}, {"population": 8, "max-memory": 2 << 30}),
        ({"no_fuse": True}, {"trials_per_pod": 8}, {"no-fuse": True}),
    ],
)
def test_a_pod_keeps_to_the_flags_of_populations(
    request_of: Make, flags: dict[str, Any], pods: dict[str, Any], expected: dict[str, Any]
) -> None:
    request = request_of(pods=pods, **flags)
    assert request.katib is not None
    assert _together(request, request.katib) == expected


def test_one_a_pod_is_the_same_search_as_before() -> None:
    assert plan().pods == plan().trials == 4
    assert plan(trials=5, pods={"trials_per_pod": 2}).pods == 3
