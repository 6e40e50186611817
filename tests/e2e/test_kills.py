"""A pod of each kind is taken away while it works: the run ends as if nothing had been."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.e2e.cluster import Cluster, step_of, until
from tests.e2e.test_dag import trials_of

from archmend.kubeflow.katib.client import OF_EXPERIMENT
from archmend.storage import exists

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
TRIALS = 6
STEPS = ("fingerprint", "prepare_data", "search", "repair", "evaluate", "register")


def new_work() -> dict[str, int]:
    """Return parameters of which nothing is in the cache: a step that comes from there has no pod to lose."""
    return {"seed": time.time_ns() % 10**6, "split_seed": time.time_ns() % 10**6}


def running(cluster: Cluster, selector: str, also: Callable[[Any], bool] = lambda pod: True) -> Any:
    """Wait for a running pod and return it."""
    return until(
        lambda: next((p for p in cluster.pods(selector) if p.status.phase == "Running" and also(p)), None),
        300,
        f"a running pod {selector}",
        pause=0.3,
    )


def of_step(cluster: Cluster, run_id: str, step: str) -> Any:
    """Return the running pod in which a step works."""

    def works(pod: Any) -> bool:
        statuses = pod.status.container_statuses or []
        return step_of(pod) == step and any(s.name == "main" and s.state.running for s in statuses)

    return running(cluster, f"pipeline/runid={run_id}", works)


@pytest.mark.usefixtures("store")
def test_everything_is_lost_once(cluster: Cluster) -> None:
    """One run, in which each step's pod, a trial's, the suggestion service's and Katib's controller's die."""
    run_id = cluster.submit("e2e-kill-all", max_trials=TRIALS, **new_work())
    with Watcher(cluster, cluster.experiment_of(run_id)) as watcher:
        for step in ("fingerprint", "prepare_data"):
            kill_soon(cluster, of_step(cluster, run_id, step), 1.0)
        for what in ("trial", "suggestion", "controller"):
            running(cluster, cluster.trial_labels(run_id))
            kill_soon(cluster, running(cluster, selector_of(cluster, run_id, what)), 4.0)
        kill_soon(cluster, of_step(cluster, run_id, "search"), 4.0)
        for step in ("repair", "evaluate", "register"):
            kill_soon(cluster, of_step(cluster, run_id, step), 4.0)
        check(cluster, run_id, watcher)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("what", STEPS)
def test_a_step_whose_pod_is_lost_is_done_again(cluster: Cluster, what: str) -> None:
    run_id = cluster.submit(f"e2e-kill-{what}", max_trials=TRIALS, **new_work())
    with Watcher(cluster, cluster.experiment_of(run_id)) as watcher:
        kill_soon(cluster, of_step(cluster, run_id, what), 8.0 if what == "search" else 2.0)
        check(cluster, run_id, watcher)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("what", ["trial", "suggestion", "controller"])
def test_katib_loses_a_pod(cluster: Cluster, what: str) -> None:
    run_id = cluster.submit(f"e2e-kill-{what}", max_trials=TRIALS, **new_work())
    with Watcher(cluster, cluster.experiment_of(run_id)) as watcher:
        running(cluster, cluster.trial_labels(run_id))
        kill_soon(cluster, running(cluster, selector_of(cluster, run_id, what)), 5.0)
        check(cluster, run_id, watcher)


@pytest.mark.usefixtures("store")
def test_repair_goes_on_from_its_checkpoint(cluster: Cluster) -> None:
    run_id = cluster.submit("e2e-checkpoint", max_trials=1, repair_epochs=400, **new_work())
    pod = of_step(cluster, run_id, "repair")
    checkpoint = f"minio://archmend/checkpoints/{run_id}/repair.checkpoint"
    until(lambda: exists(checkpoint), 300, "a checkpoint", pause=0.5)
    cluster.kill(pod.metadata.name)
    run = cluster.wait(run_id, 1200)
    assert run.state == "SUCCEEDED", run.error
    logs = [
        cluster.core.read_namespaced_pod_log(pod.metadata.name, cluster.namespace, container="main")
        for pod in cluster.pods(f"pipeline/runid={run_id}")
        if any(c.name == "main" for c in pod.spec.containers)
    ]
    assert any(f"from {checkpoint}" in log and "goes on after epoch" in log for log in logs)
    assert not exists(checkpoint), "it is of no use once the model is there"


def selector_of(cluster: Cluster, run_id: str, what: str) -> str:
    """Return the labels of a trial's, the suggestion service's or the controller's pod."""
    return {
        "trial": cluster.trial_labels(run_id),
        "suggestion": f"katib.kubeflow.org/deployment={cluster.experiment_of(run_id)}-archmend-auto",
        "controller": "katib.kubeflow.org/component=controller",
    }[what]


def kill_soon(cluster: Cluster, pod: Any, most: float) -> None:
    """Take a pod away after a random part of so many seconds."""
    time.sleep(random.uniform(0.0, most))
    cluster.kill(pod.metadata.name)


@pytest.mark.usefixtures("store")
def test_a_cancelled_run_stops_its_experiment(cluster: Cluster) -> None:
    run_id = cluster.submit("e2e-cancel", max_trials=50, seed=5)
    running(cluster, cluster.trial_labels(run_id))
    cluster.pipelines.terminate_run(run_id)
    name = cluster.experiment_of(run_id)

    until(lambda: ended(cluster, name), 300, f"the end of {name}")
    until(
        lambda: not [p for p in cluster.pods(cluster.trial_labels(run_id)) if p.status.phase == "Running"],
        60,
        "the end of its trials",
    )


@pytest.mark.usefixtures("store")
def test_a_deleted_runs_experiment_is_ended_by_the_next_collection(cluster: Cluster) -> None:
    """Its pods go at once, with the exit handler's: manifests/components/katib-gc sees to it."""
    from kubernetes.client import BatchV1Api

    batch, name = BatchV1Api(), f"archmend-katib-gc-{time.time_ns()}"
    template = batch.read_namespaced_cron_job("archmend-katib-gc", cluster.namespace).spec.job_template
    run_id = cluster.submit("e2e-delete", max_trials=50, seed=6)
    running(cluster, cluster.trial_labels(run_id))
    cluster.pipelines.delete_run(run_id)
    job = {"metadata": {"name": name}, "spec": template.spec}
    batch.create_namespaced_job(cluster.namespace, job)
    experiment = cluster.experiment_of(run_id)
    until(lambda: ended(cluster, experiment), 300, f"the end of {experiment}")


def ended(cluster: Cluster, experiment: str) -> bool:
    """Say whether an Experiment has been brought to an end."""
    conditions = (cluster.katib.experiment(experiment) or {}).get("status", {}).get("conditions", [])
    return any(c["type"] == "Succeeded" and c["status"] == "True" for c in conditions)


def check(cluster: Cluster, run_id: str, watcher: Watcher) -> None:
    """The run succeeds; no trial twice, no architecture twice, all of them there."""
    run = cluster.wait(run_id, 1200)
    assert run.state == "SUCCEEDED", run.error
    trials = trials_of(cluster, run_id)
    assert sorted(t.trial for t in trials) == list(range(TRIALS))
    assert [t.status for t in trials].count("succeeded") >= TRIALS - 1
    assert len({t.architecture for t in trials}) == TRIALS
    # What Katib was ever asked to try, not only what is left of it.
    asked = watcher.asked
    assert len(set(asked.values())) == len(asked), asked


class Watcher:
    """Notes every trial that an Experiment ever had, with its architecture."""

    def __init__(self, cluster: Cluster, experiment: str) -> None:
        self._cluster, self._experiment = cluster, experiment
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.asked: dict[str, str] = {}

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(1.0):
            listed = self._cluster.objects.list_namespaced_custom_object(
                "kubeflow.org",
                "v1beta1",
                self._cluster.namespace,
                "trials",
                label_selector=f"{OF_EXPERIMENT}={self._experiment}",
            )
            for item in listed["items"]:
                values = {a["name"]: a["value"] for a in item["spec"]["parameterAssignments"]}
                self.asked[item["metadata"]["name"]] = values["architecture"]
