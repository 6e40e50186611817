"""Kubeflow's own web page: its form starts a run, and its panels show what came of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.browser import Browser, browser
from tests.e2e.cluster import SMALL, Cluster, until

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
PICTURES = Path(os.environ.get("ARCHMEND_E2E_PICTURES", "build/e2e"))


@pytest.fixture
def page(cluster: Cluster) -> Iterator[Browser]:
    service = cluster.core.read_namespaced_service("ml-pipeline-ui", cluster.namespace)
    address = os.environ.get(
        "ARCHMEND_E2E_UI", f"http://{service.spec.cluster_ip}:{service.spec.ports[0].port}"
    )
    with browser(address) as started:
        yield started


def test_a_run_is_started_by_the_form(cluster: Cluster, page: Browser) -> None:
    """Parameters are typed into the form's fields; the run that it starts has them, and succeeds."""
    from tests.e2e.cluster import host

    from archmend.kubeflow.runs import connected, load_package, upload

    with connected(host(cluster.core, cluster.namespace)) as server:
        made = upload(server, load_package(None))
        experiment = server.experiment("archmend")
    page.go(
        f"/runs/new?pipelineId={made.pipeline_id}&pipelineVersionId={made.version_id}&experimentId={experiment}"
    )
    page.see("Run parameters", "max_trials - integer", "trial_gpus - integer", "repair_memory - string")
    page.picture(PICTURES / "form.png")
    name = f"e2e-form-{time.time_ns()}"
    for field, value in {**SMALL, "max_trials": 2, "seed": time.time_ns() % 10**6, "name": name}.items():
        page.type(field, str(value))
    page.picture(PICTURES / "form-filled.png")
    page.by_id("startNewRunBtn").click()
    run_id = until(lambda: _run_with(cluster, name), 60, "the run that the form started")
    run = cluster.wait(run_id)
    assert run.state == "SUCCEEDED", run.error
    assert run.runtime_config.parameters["max_trials"] == 2


@pytest.mark.usefixtures("store")
def test_the_panels_are_filled(cluster: Cluster, page: Browser) -> None:
    """Metrics, the confusion matrix with its ROC curve, Markdown and HTML of one run."""
    run_id = cluster.submit("e2e-panels", max_trials=2, name="e2e-panels", seed=11)
    assert cluster.wait(run_id).state == "SUCCEEDED"
    look(page, run_id, "summarize.summary", "e2e-panels", "state: SUCCEEDED")
    look(page, run_id, "search.metrics", "accuracy", "trials", "params")
    look(page, run_id, "search.report", "The search found", "The network")
    look(page, run_id, "repair.metrics", "accuracy", "decisions", "kept")
    look(page, run_id, "evaluate.metrics", "accuracy", "logistic_regression", "latency_ms")
    look(page, run_id, "evaluate.classification", "ROC Curve", "Confusion Matrix", "True label")
    look(page, run_id, "register.report", "test accuracy", "Lineage")


def look(page: Browser, run_id: str, artifact: str, *texts: str) -> None:
    """Open an artifact's panel, wait for what it shall show, and take its picture.

    The page asks once for what is in it: one that came before the artifact's entry is opened again.
    """
    for once_more in (True, True, False):
        page.go(f"/runs/details/{run_id}")
        if not artifact.startswith("summarize"):
            page.enter("task.exit-handler-1")
            page.enter("task.archmend-steps")
        page.choose(f"artifact.{artifact}")
        page.click("Visualization")
        try:
            page.see(*texts)
            break
        except TimeoutError:
            if not once_more:
                raise
    page.picture(PICTURES / f"panel-{artifact}.png")


def _run_with(cluster: Cluster, name: str) -> str:
    runs = cluster.pipelines.list_runs(page_size=20, sort_by="created_at desc").runs or []
    return next((r.run_id for r in runs if (r.runtime_config.parameters or {}).get("name") == name), "")
