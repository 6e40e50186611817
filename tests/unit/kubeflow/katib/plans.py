"""Searches as the cluster is asked for them, for the tests of this folder and of the steps."""

from __future__ import annotations

from typing import Any

from archmend.kubeflow.katib.algorithms import read_algorithm
from archmend.kubeflow.katib.experiment import Plan
from archmend.kubeflow.katib.names import Identity
from archmend.kubeflow.katib.options import KatibOptions
from archmend.search import Budget
from archmend.spaces import create_space

RUN = "0d9b1a52-7d2c-4c4e-9d0e-0123456789ab"


def plan(
    strategy: str = "random",
    space: str = "seed-fc",
    *,
    trials: int | None = 4,
    pods: dict[str, Any] | None = None,
    budget: dict[str, Any] | None = None,
    **other: Any,
) -> Plan:
    """Return a small search."""
    known: dict[str, Any] = {
        "identity": Identity(RUN, "search", "digits", "ann"),
        "options": KatibOptions(**(pods or {})),
        "algorithm": read_algorithm(strategy),
        "space": create_space(space, input_shape=(64,) if "fc" in space else (8, 8, 1), classes=10),
        "budget": Budget(trials=trials, **(budget or {})),
        "objectives": ("accuracy",),
        "epochs": 3,
        "batch_size": 32,
        "optimizer": "adam",
        "learning_rate": None,
        "inherit": "none",
        "seed": 0,
        "data": "minio://archmend/data",
        "folder": "minio://archmend/experiments/team/one",
    }
    return Plan(**{**known, **other})
