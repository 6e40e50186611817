"""What the end-to-end tests ask of the cluster in the current kube context."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from archmend.kubeflow.compiled import compiled_pipeline
from archmend.kubeflow.katib.client import KatibClient
from archmend.kubeflow.katib.names import Identity, experiment_name
from archmend.kubeflow.katib.surroundings import OF_TRIAL

ENDED = ("SUCCEEDED", "FAILED", "CANCELED")
SMALL: Mapping[str, Any] = {
    **{f"{step}_cpu": "1" for step in ("prepare", "repair", "evaluate", "register")},
    "search_cpu": "400m",
    "trial_cpu": "600m",
    **{f"{step}_memory": "1Gi" for step in ("prepare", "search", "trial", "repair", "evaluate", "register")},
    "epochs": 2,
    "repair_epochs": 3,
}
"""For a node of two cores that holds Kubeflow too."""


@dataclass
class Cluster:
    """Kubeflow Pipelines, Katib, pods and objects of one namespace."""

    namespace: str
    pipelines: Any
    katib: KatibClient
    core: Any
    objects: Any
    rights: Any

    def submit(self, title: str, /, **parameters: Any) -> str:
        """Start a run of the compiled DAG, and return its id."""
        run = self.pipelines.create_run_from_pipeline_package(
            str(compiled_pipeline()), arguments={**SMALL, **parameters}, run_name=title
        )
        return str(run.run_id)

    def run(self, run_id: str) -> Any:
        """Return a run."""
        return self.pipelines.get_run(run_id)

    def wait(self, run_id: str, seconds: float = 900) -> Any:
        """Wait for the end of a run."""
        return until(
            lambda: found if (found := self.run(run_id)).state in ENDED else None, seconds, f"run {run_id}"
        )

    def workflow(self, run_id: str) -> Mapping[str, Any]:
        """Return a run's Argo Workflow."""
        found = self.katib.workflow(run_id)
        assert found is not None, run_id
        return found

    def states(self, run_id: str) -> dict[str, str]:
        """Return the state of each task of a run: SUCCEEDED, SKIPPED, FAILED, ..."""
        return {task.display_name: task.state for task in self.run(run_id).run_details.task_details}

    def pods(self, selector: str) -> list[Any]:
        """Return pods by their labels."""
        return list(self.core.list_namespaced_pod(self.namespace, label_selector=selector).items)

    def trial_labels(self, run_id: str) -> str:
        """Return the labels of a run's trials' pods; the suggestion service's have the run's label too."""
        return f"archmend.io/run={run_id},{OF_TRIAL}"

    def executed(self, run_id: str) -> set[str]:
        """Return the steps of a run that had a pod to work in: the others came from the cache."""
        return {step for pod in self.pods(f"pipeline/runid={run_id}") if (step := step_of(pod))}

    def kill(self, pod: str) -> None:
        """Take a pod away at once, as a lost node does."""
        self.core.delete_namespaced_pod(pod, self.namespace, grace_period_seconds=0)

    def experiment_of(self, run_id: str) -> str:
        """Return the name of a run's Experiment."""
        return experiment_name(Identity(run_id))


def step_of(pod: Any) -> str:
    """Return the step that works in a pod, such as prepare_data; empty for a driver's pod and others."""
    main = next((c for c in pod.spec.containers if c.name == "main"), None)
    words = [*(main.command or []), *(main.args or [])] if main is not None else []
    return next((b for a, b in itertools.pairwise(words) if a == "--function_to_execute"), "")


def until(question: Callable[[], Any], seconds: float, what: str, pause: float = 1.0) -> Any:
    """Ask again until there is an answer.

    Raises:
        AssertionError: there was none in time.
    """
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < end, f"{what}: nothing after {seconds:.0f} s"
        time.sleep(pause)


def host(core: Any, namespace: str) -> str:
    """Return where the API of Kubeflow Pipelines is: as the environment says, or its service's address."""
    given = os.environ.get("ARCHMEND_KFP_HOST")
    if given:
        return given
    service = core.read_namespaced_service("ml-pipeline", namespace)
    return f"http://{service.spec.cluster_ip}:8888"
