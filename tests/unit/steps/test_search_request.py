"""What a search refuses before it begins, and what it costs to import."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archmend.errors import BadInput
from archmend.steps.confirm_record import ConfirmRecord
from archmend.steps.explanation import ExplanationRecord
from archmend.steps.records import BestRecord, TrialRecord
from archmend.steps.search import SearchRequest, search

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({"max_trials": 0}, "--max-trials must be a whole number of at least 1, got 0"),
        ({"epochs": -1}, "--epochs must be a whole number of at least 1, got -1"),
        ({"batch_size": 0}, "--batch-size must be a whole number of at least 1, got 0"),
        ({"workers": 0}, "--workers must be a whole number of at least 1, got 0"),
        ({"seed": -1}, "--seed must be a whole number of at least 0, got -1"),
        ({"max_seconds": 0.0}, r"--max-seconds must be a number above 0, got 0\.0"),
        ({"max_latency_ms": float("nan")}, "--max-latency-ms must be a number above 0, got nan"),
        ({"learning_rate": -0.1}, r"--learning-rate must be a number above 0, got -0\.1"),
        ({"space": "seedfc"}, "unknown space 'seedfc': did you mean 'seed-fc'"),
        ({"strategy": "randon"}, "unknown strategy 'randon': did you mean 'random'"),
        ({"strategy": "random:k=1"}, "strategy 'random' has no settings, got k=1"),
        ({"objective": "acc"}, "unknown objective 'acc'"),
        ({"optimizer": "adm"}, "unknown optimizer 'adm': did you mean 'adam'"),
        ({"inherit": "bset"}, "unknown inheritance 'bset': did you mean 'best'"),
        ({"space": "conv"}, "space 'conv' needs images"),
        ({"space": "fc", "learning_rate": 0.1}, r"--learning-rate 0\.1 contradicts space 'fc'"),
        ({"max_params": 5}, "no architecture of space 'seed-fc' fits params 5; the cheapest found has"),
        ({"max_memory": "0.1B"}, "--max-memory must be a size such as 2GiB or 500MB, got '0.1B'"),
        ({"max_memory": "9" * 400}, "--max-memory must be a size such as 2GiB or 500MB, got '999"),
        (
            {"max_memory": "1GiB", "workers": 2},
            "--max-memory is 1,024 MiB, and TensorFlow and the data take 1,8.. MiB at least with --workers 2",
        ),
        (
            {"max_memory": "4GiB", "no_fuse": True},
            "--max-memory 4GiB bounds networks that are trained together and --no-fuse trains each by itself",
        ),
        ({"early_stopping": "median"}, "unknown early stopping 'median'"),
        ({"early_stopping": "asha"}, "after 1 epoch for the first time, and --epochs is 1; train for more"),
        (
            {"early_stopping": "asha", "epochs": 9, "objective": "accuracy,params"},
            "--early-stopping compares trials by one of accuracy, average_precision, loss",
        ),
        (
            {"early_stopping": "asha", "epochs": 9, "engine": "katib", "data": "s3://b/d"},
            "--early-stopping asha compares trials in processes of this machine",
        ),
        (
            {"early_stopping": "asha", "epochs": 9, "strategy": "hyperband"},
            "--strategy hyperband stops trials itself, and --early-stopping asha would, too",
        ),
        ({"data": "none.npz"}, r"'none\.npz' does not exist"),
    ],
)
def test_bad_requests(
    request_of: Callable[..., SearchRequest], flags: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=sentence):
        search(request_of(**flags))
    for name in ("trials.jsonl", "best.json", "search.json"):
        assert not (tmp_path / "out" / name).exists()


def test_published_schemas_are_current() -> None:
    for model, name in (
        (TrialRecord, "trial"),
        (BestRecord, "best"),
        (ConfirmRecord, "confirm"),
        (ExplanationRecord, "explanation"),
    ):
        published = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
        assert published == model.model_json_schema(mode="serialization"), f"write {name}.schema.json anew"


def test_nothing_heavy_in_the_searching_process() -> None:
    program = (
        "import archmend.steps.search, sys; print([m for m in ('tensorflow', 'keras') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
