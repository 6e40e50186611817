"""Each component's function, called as the executor calls it but in this process."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import SimpleNamespace

import pytest

from archmend.kubeflow import IMAGE
from archmend.kubeflow.artifacts import log_evaluation, log_metrics
from archmend.kubeflow.gather import gathered

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
FOLDERS = sorted(p.parent.name for p in (Path(__file__).parents[2] / "components").glob("*/component.py"))


def test_the_components_are_the_steps_and_what_a_cluster_needs() -> None:
    assert FOLDERS == ["evaluate", "fingerprint", "prepare_data", "register", "repair", "search", "summarize"]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_component_is_thin(name: str) -> None:
    import importlib

    component = getattr(importlib.import_module(f"components.{name}.component"), name)
    body = inspect.getsource(component.python_func).partition('"""')[2].partition('"""')[2]
    statements = [line for line in body.splitlines() if line.startswith("    ") and line[4] not in " )}"]
    assert len(statements) <= 13
    container = component.component_spec.implementation.container
    assert container.image == IMAGE


def test_fingerprint_follows_the_content() -> None:
    from components.fingerprint.component import fingerprint

    from archmend.datasets import open_data

    one = fingerprint.python_func("digits", "", "", "", "here/archmend:1")
    assert open_data("digits").info.digest in one
    assert one == fingerprint.python_func("digits", "", "", "", "here/archmend:1")
    assert one != fingerprint.python_func("digits", "", "", "", "here/archmend:2"), "other work"


class _Metrics:
    def __init__(self) -> None:
        self.logged: dict[str, float] = {}

    def log_metric(self, name: str, value: float) -> None:
        self.logged[name] = value


def test_what_is_no_finite_number_does_not_reach_kfp() -> None:
    import numpy as np

    artifact = _Metrics()
    log_metrics(artifact, {"a": np.float32(0.5), "b": float("nan"), "c": None, "d": float("inf"), "e": 3})
    assert artifact.logged == {"a": 0.5, "e": 3.0}
    assert all(type(value) is float for value in artifact.logged.values())


def test_an_evaluation_in_kfps_words(tmp_path: Path) -> None:
    from kfp import dsl

    from archmend.evaluation import Evaluation

    curve = {"name": "b", "auc": 0.9, "fpr": (0.0, 1.0), "tpr": (0.0, 1.0), "thresholds": (1.1, 0.2)}
    figures = {"precision": 1, "recall": 1, "f1": 1, "support": 2, "tp": 1, "tn": 1, "fp": 0, "fn": 0}
    evaluation = Evaluation.model_validate(
        {
            "accuracy": 0.5,
            "average_precision": 0.5,
            "loss": 0.1,
            "ece": 0.1,
            "per_class": [{"name": name, **figures} for name in ("a", "b")],
            "confusion_matrix": [[1, 0], [1, 0]],
            "roc": [{**curve, "name": "a", "auc": 0.95}, curve],
            "precision_recall": [],
            "params": 3,
            "flops": 4,
            "latency_ms": {"median": 1, "p95": 2},
            "size_bytes": 5,
            "rows": 2,
        }
    )
    metrics, classification = dsl.Metrics(uri="m"), dsl.ClassificationMetrics(uri="c")
    log_evaluation(metrics, classification, evaluation)
    assert metrics.metadata["accuracy"] == 0.5
    assert "logistic_regression" not in metrics.metadata
    readings = classification.metadata["confidenceMetrics"]
    assert max(reading["confidenceThreshold"] for reading in readings) <= 1.0


def test_gathering_shows_the_files_of_all_steps(tmp_path: Path) -> None:
    for name in ("a", "b", "data"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.json").write_text(name)
        (tmp_path / name / "both.json").write_text(name)
    with gathered(tmp_path / "a", tmp_path / "b", data=tmp_path / "data") as run:
        assert (run / "a.json").read_text() == "a"
        assert (run / "both.json").read_text() == "b"
        assert (run / "data" / "data.json").read_text() == "data"
    assert not run.exists()
    assert (tmp_path / "a" / "a.json").exists()


@pytest.mark.parametrize(
    ("engine", "store", "trials_in"),
    [("local", "", None), ("katib", "minio://archmend/", "minio://archmend/experiments")],
)
def test_a_store_is_for_trials_in_a_cluster_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: str, store: str, trials_in: str | None
) -> None:
    from components.search.component import search

    import archmend.steps.search as module

    class Asked(Exception):
        """Carries what the step was asked for."""

    def step(request: object, progress: object) -> None:
        raise Asked(request)

    monkeypatch.setattr(module, "search", step)
    given = dict.fromkeys(inspect.signature(search.python_func).parameters)
    given |= {"engine": engine, "store": store, "space": "fc", "strategy": "random", "objective": "accuracy"}
    given |= {"epochs": 1, "batch_size": 32, "optimizer": "adam", "inherit": "none", "seed": 0}
    given |= {"image": "here/archmend:1", "trial_cpu": "1", "trial_memory": "1Gi", "trial_gpus": 0}
    given |= {"trial_accelerator": "nvidia.com/gpu", "trial_node_selector": {}, "trial_tolerations": []}
    given["dataset"] = SimpleNamespace(path=str(tmp_path), uri=f"file://{tmp_path}")
    with pytest.raises(Asked) as raised:
        search.python_func(**given)
    (request,) = raised.value.args
    assert (request.katib and request.katib.store) == trials_in
    with pytest.raises(Asked) as raised:
        search.python_func(**{**given, "trials_per_pod": 8})
    assert {"katib": 8, "local": None}[engine] == (
        raised.value.args[0].katib and raised.value.args[0].katib.trials_per_pod
    )


def test_a_search_in_its_own_task_refuses_to_train_without_the_gpu_that_it_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import tensorflow as tf
    from components.search.component import search

    from archmend.networks import NoGpuError

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    given = dict.fromkeys(inspect.signature(search.python_func).parameters)
    with pytest.raises(NoGpuError, match="this search asked for a GPU"):
        search.python_func(**{**given, "engine": "local", "gpus": "1"})
