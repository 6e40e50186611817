"""What a component knows of the run that it is in."""

from __future__ import annotations

import pytest

from archmend.kubeflow.katib.names import experiment_name
from archmend.kubeflow.place import experiment_of_run, identity, run_links


@pytest.fixture
def pod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHMEND_RUN_ID", "1234-abcd")
    monkeypatch.setenv("ARCHMEND_NAMESPACE", "team")


@pytest.mark.usefixtures("pod")
@pytest.mark.parametrize("ui", ["https://kubeflow/pipeline", "https://kubeflow/_/pipeline/"])
def test_a_whole_kubeflow_has_katibs_pages_as_well(ui: str) -> None:
    assert run_links(ui, "archmend-1234") == {
        "run": "1234-abcd",
        "namespace": "team",
        "experiment": "archmend-1234",
        "ui": f"{ui.rstrip('/')}/#/runs/details/1234-abcd",
        "katib": "https://kubeflow/katib/experiment/team/archmend-1234",
    }
    assert "katib" not in run_links(ui, ""), "the search was no Experiment"


@pytest.mark.usefixtures("pod")
def test_pipelines_alone() -> None:
    links = run_links("http://localhost:8080", "archmend-1234")
    assert links["ui"] == "http://localhost:8080/#/runs/details/1234-abcd"
    assert "katib" not in links
    assert set(run_links("", "")) == {"run", "namespace"}


def test_outside_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARCHMEND_RUN_ID", raising=False)
    assert run_links("http://localhost:8080", "") == {}


@pytest.mark.usefixtures("pod")
def test_two_searches_in_one_run_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    first = experiment_of_run()
    monkeypatch.setenv("ARCHMEND_TASK", "search-2")
    monkeypatch.setenv("ARCHMEND_PIPELINE", "mine")
    labels = identity().labels()
    assert {labels[f"archmend.io/{name}"] for name in ("run", "task", "pipeline", "user")} == {
        "1234-abcd",
        "search-2",
        "mine",
        "team",
    }
    assert experiment_of_run() == experiment_name(identity()) != first
