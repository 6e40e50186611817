from __future__ import annotations

import json
from pathlib import Path

from archmend.datasets import DataInfo

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "data.schema.json"
WRITE_IT = (
    "write it anew: python -c 'import json; from archmend.datasets import DataInfo; "
    'print(json.dumps(DataInfo.model_json_schema(mode="serialization"), indent=2))\' '
    "> docs/schemas/data.schema.json"
)


def test_published_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text()) == DataInfo.model_json_schema(mode="serialization"), WRITE_IT
