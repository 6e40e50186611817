"""A run's folder as the steps write it, made without training."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archmend.datasets import open_data, write_prepared
from archmend.evaluation import (
    Evaluation,
    class_figures,
    confusion_matrix,
    precision_recall_curves,
    roc_curves,
)
from archmend.repair import Decision
from archmend.spaces import create_space

Write = Callable[..., Path]


@pytest.fixture
def write_run(tmp_path: Path) -> Write:
    """Return a function that writes a run of so many trials and decisions."""

    def _write(
        *, trials: int = 20, decisions: int = 2, objective: str = "accuracy", classes: list[str] | None = None
    ) -> Path:
        folder = tmp_path / "run"
        folder.mkdir()
        rng = np.random.default_rng(0)
        names = classes or ["cat", "dog", "emu"]
        y = np.arange(60) % len(names)
        np.savez(tmp_path / "rows.npz", x=rng.normal(size=(60, 5)), y=np.array(names)[y])
        data = open_data(tmp_path / "rows.npz")
        write_prepared(data, folder / "data")
        lines = [_trial(i, rng, objective, len(names)) for i in range(trials)]
        (folder / "trials.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        known = [line for line in lines if line["value"] is not None]
        best = max(known, key=lambda line: np.atleast_1d(line["value"])[0])
        state = {
            "space": "fc",
            "strategy": "random",
            "stopped_by": "trials",
            "split_digest": "s",
            "data_digest": "d",
        }
        (folder / "best.json").write_text(json.dumps({**best, **state}))
        if "," in objective:
            (folder / "pareto.json").write_text(json.dumps({"trials": known[:4]}))
        _training(folder, decisions)
        (folder / "evaluation.json").write_text(_evaluation(rng, data.info.classes).model_dump_json())
        request = {"data": "rows.npz", "space": "fc", "seed": 0, "resume": False, "target": None}
        (folder / "run.json").write_text(
            json.dumps(
                {"command": "archmend run --data rows.npz", "request": request, "seconds": {"search": 3.5}}
            )
        )
        return folder

    return _write


def _trial(number: int, rng: np.random.Generator, objective: str, classes: int) -> dict[str, Any]:
    space = create_space("fc", input_shape=(5,), classes=classes)
    architecture = space.sample(rng)
    cost = space.cost(architecture)
    status = {5: "failed", 6: "rejected", 7: "stopped"}.get(number, "succeeded")
    accuracy = round(float(rng.uniform(0.5, 0.95)), 4)
    measured = {"accuracy": accuracy, "params": -float(cost["params"]), "loss": accuracy - 1}
    value = [measured[name] for name in objective.split(",")]
    return {
        "schema_version": 1,
        "trial": number,
        "architecture": str(architecture),
        "status": status,
        "reason": None if status == "succeeded" else "out of memory",
        "objective": objective,
        "value": None if status in ("failed", "rejected") else (value if len(value) > 1 else value[0]),
        "metrics": {"accuracy": accuracy},
        **cost,
        "seconds": 1.5,
    }


def _training(folder: Path, decisions: int) -> None:
    with (folder / "history.csv").open("w", newline="") as file:
        names = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"]
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        for epoch in range(6):
            row = [epoch, 1 / (epoch + 1), 0.5 + epoch / 20, 1.1 / (epoch + 1), 0.5 + epoch / 21, 0.001, 0.1]
            writer.writerow(dict(zip(names, row, strict=True)))
    made = [
        Decision(
            epoch=i,
            batch=3,
            symptom="vanishing",
            layer="dense_2",
            evidence={"entropy": 1e-9},
            strategy="rules",
            remedy=f"remedy_{i}",
            before=None if i else 2.0,
            after=1.0,
            kept=i == 0,
            reason="better by more than noise",
            epochs=0.5,
            seconds=0.2,
        )
        for i in range(decisions)
    ]
    (folder / "decisions.jsonl").write_text("".join(d.model_dump_json() + "\n" for d in made))


def _evaluation(rng: np.random.Generator, names: tuple[str, ...]) -> Evaluation:
    y = rng.integers(0, len(names), 50)
    probabilities = rng.dirichlet(np.ones(len(names)), 50)
    probabilities[np.arange(50), y] += 1
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    matrix = confusion_matrix(probabilities.argmax(axis=1), y, len(names))
    return Evaluation.model_validate(
        {
            "accuracy": float(matrix.trace() / 50),
            "average_precision": 0.9,
            "loss": 0.3,
            "ece": 0.02,
            "per_class": class_figures(matrix, names),
            "confusion_matrix": matrix.tolist(),
            "roc": roc_curves(probabilities, y, names),
            "precision_recall": precision_recall_curves(probabilities, y, names),
            "params": 1234,
            "flops": 2468,
            "latency_ms": {"median": 0.2, "p95": 0.4},
            "size_bytes": 4096,
            "rows": 50,
            "part": "test",
            "baselines": {
                "majority": 0.4,
                "logistic_regression": 1.0,
                "training_rows": 42,
                "available_rows": 42,
            },
        }
    )
