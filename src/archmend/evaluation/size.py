"""How many bytes a model takes on disk."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any


def saved_size(model: Any) -> int:
    """Return the size in bytes of the `.keras` file that Keras writes of `model`."""
    with tempfile.TemporaryDirectory(prefix="archmend-") as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.stat().st_size
