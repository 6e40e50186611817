from __future__ import annotations

import json
from pathlib import Path

from archmend.registry import Version

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "version.schema.json"
WRITE_IT = (
    "write it anew: python -c 'import json; from archmend.registry import Version; "
    'print(json.dumps(Version.model_json_schema(mode="serialization"), indent=2))\' '
    "> docs/schemas/version.schema.json"
)


def test_published_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text()) == Version.model_json_schema(mode="serialization"), WRITE_IT
