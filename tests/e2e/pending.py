"""An Experiment whose trials find no node: what it takes to ask and to stop, without the training."""

from __future__ import annotations

from typing import Any

from archmend.kubeflow.katib.algorithms import read_algorithm
from archmend.kubeflow.katib.experiment import Plan, build_experiment
from archmend.kubeflow.katib.names import Identity, experiment_name
from archmend.kubeflow.katib.options import KatibOptions
from archmend.search import Budget
from archmend.spaces import create_space


def pending(run: str) -> Any:
    """Return the Experiment of a run."""
    plan = Plan(
        identity=Identity(run),
        options=KatibOptions(node_selector={"archmend.io/no-such": "node"}, parallel=1),
        algorithm=read_algorithm("random"),
        space=create_space("seed-fc", input_shape=(64,), classes=10),
        budget=Budget(trials=1),
        objectives=("accuracy",),
        epochs=1,
        batch_size=32,
        optimizer="adam",
        learning_rate=None,
        inherit="none",
        seed=0,
        data="minio://archmend/data/none",
        folder="minio://archmend/experiments/none",
    )
    return build_experiment(plan)


def trial_of(run: str) -> dict[str, Any]:
    """Return a trial that belongs to that Experiment by its label alone, and does not end."""
    name = experiment_name(Identity(run))
    spec = pending(run).spec.to_dict()["trialTemplate"]["trialSpec"]
    return {
        "apiVersion": "kubeflow.org/v1beta1",
        "kind": "Trial",
        "metadata": {"name": f"{name}-0", "labels": {"katib.kubeflow.org/experiment": name}},
        "spec": {
            "objective": {"type": "maximize", "objectiveMetricName": "accuracy"},
            "parameterAssignments": [],
            "primaryContainerName": "trial",
            "runSpec": {**spec, "metadata": {"name": f"{name}-0"}},
            "successCondition": 'status.conditions.#(type=="Complete")#|#(status=="True")#',
            "failureCondition": 'status.conditions.#(type=="Failed")#|#(status=="True")#',
        },
    }
