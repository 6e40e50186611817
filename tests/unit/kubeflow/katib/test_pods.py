"""What is said of a pod that failed, and of one that waits."""

from __future__ import annotations

import pytest
from tests.unit.kubeflow.katib.conftest import Start
from tests.unit.kubeflow.katib.plans import plan
from tests.unit.kubeflow.katib.test_client import states, until

from archmend.kubeflow.katib.client import KatibClient
from archmend.kubeflow.katib.experiment import build_experiment
from archmend.kubeflow.katib.pods import failure_of, waiting_for
from archmend.kubeflow.katib.states import TrialState, trial_state
from archmend.testing.katib import FakeKatib, Outcome

LOG = "".join(f"line {n}\n" for n in range(20)) + "Error: the loss is NaN\n"


def run_one(start: Start, outcome: Outcome) -> tuple[FakeKatib, KatibClient, TrialState]:
    fake = start(lambda run: outcome)
    client = KatibClient()
    client.create(build_experiment(plan(trials=1, pods={"memory": "300Mi"})))
    over = "running" if outcome.kind in ("pending", "no_pod") else outcome.kind
    until(lambda: list(states(fake).values()) == [over])
    (item,) = fake.objects("trials", "team").values()
    return fake, client, trial_state(item)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (
            Outcome("failed", exit_code=137, reason="OOMKilled"),
            "out of memory: its container was killed at its limit of 300Mi; give the trials more",
        ),
        (
            Outcome("metrics_unavailable", exit_code=137, reason="OOMKilled"),
            "out of memory: its container was killed at its limit of 300Mi; give the trials more",
        ),
        (
            Outcome(
                "failed", exit_code=137, disruption="PreemptionByScheduler", message="by a pod of weight"
            ),
            "preempted: PreemptionByScheduler by a pod of weight",
        ),
        (Outcome("failed", exit_code=143, log="epoch 1 of 3\n"), "killed (exit code 143): epoch 1 of 3"),
        (Outcome("failed", exit_code=137), "killed (exit code 137)"),
        (
            Outcome("failed", exit_code=3, log=LOG),
            "exit code 3: line 16 | line 17 | line 18 | line 19 | Error: the loss is NaN",
        ),
        (
            Outcome("metrics_unavailable", log="epoch 3 of 3\n"),
            "its container ended well and left neither a record nor metrics: epoch 3 of 3",
        ),
        (
            Outcome("failed", pod=False, message="Job has failed"),
            "failed, and its pod is gone: Job has failed",
        ),
    ],
)
def test_every_end_has_its_own_words(start: Start, outcome: Outcome, words: str) -> None:
    _, client, trial = run_one(start, outcome)
    assert failure_of(client, trial) == words


def test_a_node_that_evicts_preempts(start: Start) -> None:
    fake, client, trial = run_one(start, Outcome("failed", exit_code=1))
    (item,) = fake.objects("pods", "team").values()
    item["status"] = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory."}
    fake.put("pods", item, "team")
    assert failure_of(client, trial) == "preempted: Evicted The node was low on memory."


def test_the_newest_pod_counts(start: Start) -> None:
    """A Job makes another pod for one that was lost: what that one says is why the trial failed."""
    fake, client, trial = run_one(start, Outcome("failed", exit_code=143))
    (item,) = fake.objects("pods", "team").values()
    item["metadata"] = {
        "name": "a-later-one",
        "labels": item["metadata"]["labels"],
        "creationTimestamp": "2099-01-01T00:00:00Z",
    }
    item["status"]["containerStatuses"][0]["state"] = {"terminated": {"exitCode": 3, "reason": "Error"}}
    fake.put("pods", item, "team")
    assert failure_of(client, trial) == "exit code 3"


def test_a_pod_that_no_node_takes_says_what_it_waits_for(start: Start) -> None:
    words = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."
    _, client, trial = run_one(start, Outcome("pending", message=words))
    assert waiting_for(client, trial) == words


def test_a_job_that_may_make_no_pod_says_so(start: Start) -> None:
    words = 'Error creating: pods "x" is forbidden: exceeded quota: team'
    _, client, trial = run_one(start, Outcome("no_pod", message=words))
    assert waiting_for(client, trial) == words


def test_an_image_that_is_not_there_is_said(start: Start) -> None:
    fake, client, trial = run_one(start, Outcome("pending"))
    (item,) = fake.objects("pods", "team").values()
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    item["status"] = {
        "phase": "Pending",
        "containerStatuses": [
            {"name": "trial", "image": "", "imageID": "", "ready": False, "restartCount": 0, "state": waiting}
        ],
    }
    fake.put("pods", item, "team")
    assert waiting_for(client, trial) == "ImagePullBackOff: no such image"


def test_what_runs_or_begins_waits_for_nothing(start: Start) -> None:
    _, client, trial = run_one(start, Outcome("running"))
    assert waiting_for(client, trial) is None
