"""How the networks of a population end: measured, with their weights kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from archmend.networks.described import Describer
from archmend.networks.inheritance import STRUCTURE
from archmend.spaces import Space
from archmend.training.failures import NOT_FINITE
from archmend.training.fused import naming
from archmend.training.fused.initial import Layers
from archmend.training.fused.predicting import probabilities
from archmend.training.fused.underway import Entry
from archmend.training.kept import keep_weights
from archmend.training.metrics import classification_metrics, confusion_counts
from archmend.training.task import Report, Task, weights_file


class Leaving:
    """Measures networks on the validation part, and tells what became of them."""

    def __init__(
        self, space: Space, x: Any, y: np.ndarray, weights: Path | None, tell: Callable[[Report], None]
    ) -> None:
        """Take the rows.

        Args:
            space: of the networks.
            x: encoded rows on the device, (rows, inputs).
            y: their class indices.
            weights: folder for the trained weights; None keeps none.
            tell: takes the reports.
        """
        assert space.classes is not None
        self._space, self._classes, self._x, self._y = space, space.classes, x, y
        self._weights, self._tell = weights, tell
        self._describer: Describer | None = None

    def measure(
        self, entry: Entry, layers: Layers, epochs: float, state: Mapping[str, np.ndarray] | None = None
    ) -> bool:
        """Measure a network as it is now and keep its weights; return False where that was its end.

        Args:
            entry: of it; its report then has the metrics.
            layers: its weights.
            epochs: that it was trained.
            state: what is kept beside the weights.

        Raises:
            Unavailable: its weights cannot be kept, as on a full disk.
        """
        said = probabilities(entry.member.recipe, layers, self._x)
        if not np.isfinite(said).all():
            entry.end(replace(entry.report, status="failed", reason=NOT_FINITE, epochs=epochs), self._tell)
            return False
        task = entry.task
        if self._weights is not None:
            counts = confusion_counts(said, self._y, self._classes)
            kept = {**naming.named(layers), STRUCTURE: self._structure(task), **(state or {})}
            keep_weights(weights_file(self._weights, task.id), kept, counts)
        metrics = classification_metrics(said, self._y, self._classes)
        entry.report = replace(entry.report, metrics=metrics, epochs=epochs)
        return True

    def _structure(self, task: Task) -> np.ndarray:
        if self._describer is None:
            self._describer = Describer(self._space)
        return self._describer.packed(self._space.parse(task.architecture))
