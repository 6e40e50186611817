"""Small changes of a case's layers, from which the faults are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.repair.case import Case, layer_names

WEIGHTED = ("Dense", "Conv2D")


def hidden(case: Case) -> list[int]:
    """Return the places of the layers with a kernel, without the last."""
    return [n for n, layer in enumerate(case.layers) if layer["type"] in WEIGHTED][:-1]


def hidden_dense(case: Case) -> list[int]:
    """Return the places of the hidden dense layers."""
    return [n for n in hidden(case) if case.layers[n]["type"] == "Dense"]


def output(case: Case) -> int:
    """Return the place of the last layer with a kernel."""
    return max(n for n, layer in enumerate(case.layers) if layer["type"] in WEIGHTED)


def names(case: Case, places: Sequence[int]) -> tuple[str, ...]:
    """Return the names that these layers have in the built model."""
    made = layer_names(case.layers)
    return tuple(made[n] for n in places)


def with_arguments(case: Case, places: Sequence[int], **arguments: Any) -> Case:
    """Return the case with arguments of some layers set."""
    layers = [{**layer, **arguments} if n in places else layer for n, layer in enumerate(case.layers)]
    return replace(case, layers=tuple(layers))


def with_optimizer(case: Case, name: str, **arguments: Any) -> Case:
    """Return the case with another optimiser."""
    return replace(case, optimizer={"name": name, "kwargs": arguments})


def with_rate(case: Case, factor: float) -> Case:
    """Return the case with its learning rate times `factor`."""
    kwargs = dict(case.optimizer["kwargs"])
    kwargs["learning_rate"] = float(kwargs["learning_rate"] * factor)
    return replace(case, optimizer={**case.optimizer, "kwargs": kwargs})


def normal(deviation: float) -> dict[str, Any]:
    """Return the initialiser of normal numbers around 0."""
    return {"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": float(deviation)}}


def constant(value: float) -> dict[str, Any]:
    """Return the initialiser of one number everywhere."""
    return {"class_name": "Constant", "config": {"value": float(value)}}
