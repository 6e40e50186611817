from __future__ import annotations

import json
from pathlib import Path

from archmend.evaluation import Evaluation

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "evaluation.schema.json"
WRITE_IT = (
    "write it anew: python -c 'import json; from archmend.evaluation import Evaluation; "
    'print(json.dumps(Evaluation.model_json_schema(mode="serialization"), indent=2))\' '
    "> docs/schemas/evaluation.schema.json"
)


def test_published_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text()) == Evaluation.model_json_schema(mode="serialization"), WRITE_IT


def test_has_the_promised_fields() -> None:
    promised = (
        "schema_version accuracy average_precision loss ece per_class confusion_matrix roc precision_recall "
        "params flops latency_ms size_bytes baselines data_digest split_digest test_digest part"
    )
    assert set(promised.split()) <= set(Evaluation.model_json_schema()["properties"])
