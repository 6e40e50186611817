"""Where a component runs: in a pod of a pipeline run, or in a process of the local runner."""

from __future__ import annotations

import os
import re

from archmend.kubeflow.katib.names import Identity, experiment_name

RUN_ID, NAMESPACE = "ARCHMEND_RUN_ID", "ARCHMEND_NAMESPACE"
"""Environment of a component's pod, from its labels and its metadata."""
TASK, PIPELINE = "ARCHMEND_TASK", "ARCHMEND_PIPELINE"
"""Environment of a component's pod, from the compiled DAG: two searches in one run are two tasks of it."""


def run_id() -> str:
    """Return the pipeline run's id; empty outside a cluster."""
    return os.environ.get(RUN_ID, "")


def run_name() -> str:
    """Return what a run's page calls it: the pipeline run's id, or just `run`."""
    return run_id() or "run"


def namespace() -> str:
    """Return the namespace of this pod; empty outside a cluster."""
    return os.environ.get(NAMESPACE, "")


def identity() -> Identity:
    """Return whose the search in this pod is.

    Kubeflow does not say in a pod who started its run; its namespace is the profile, and stands for its user.
    """
    task, pipeline = os.environ.get(TASK, "search"), os.environ.get(PIPELINE, "archmend")
    return Identity(run_id(), task, pipeline, namespace())


def chosen_engine(asked: str) -> str:
    """Return the search's engine: `auto` is Katib in a pipeline run's pod, and local processes elsewhere."""
    return asked if asked != "auto" else ("katib" if run_id() else "local")


def experiment_of_run() -> str:
    """Return the name of the Experiment of the search in this pod."""
    return experiment_name(identity())


def checkpoint_of_run(store: str, task: str) -> str | None:
    """Return where a task of this run keeps its checkpoint, the same for every try; None outside a cluster.

    Args:
        store: URI below which a pipeline keeps what is no artifact; empty for none.
        task: of the pipeline.
    """
    folder = checkpoints_of_run(store)
    return None if folder is None else f"{folder}/{task}.checkpoint"


def checkpoints_of_run(store: str) -> str | None:
    """Return the folder of all checkpoints of this run, which are of use until it has succeeded."""
    return f"{store.rstrip('/')}/checkpoints/{run_id()}" if store and run_id() else None


def run_links(ui: str, experiment: str) -> dict[str, str]:
    """Return where else this run can be seen.

    Katib's pages stand beside the pipelines' where both are below one address, as in a whole Kubeflow; an
    installation of Kubeflow Pipelines alone has none.

    Args:
        ui: address of the pipelines' UI, in a whole Kubeflow https://host/pipeline; empty where nobody has
            said it.
        experiment: name of its Experiment; empty where it has none.
    """
    if not run_id():
        return {}
    known = {"run": run_id(), "namespace": namespace(), "experiment": experiment}
    if ui:
        known["ui"] = f"{ui.rstrip('/')}/#/runs/details/{run_id()}"
        beside = re.fullmatch(r"(.*?)(/_)?/pipeline", ui.rstrip("/"))
        if beside and experiment:
            known["katib"] = f"{beside[1]}/katib/experiment/{namespace()}/{experiment}"
    return {name: value for name, value in known.items() if value}
