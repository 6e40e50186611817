"""What is set of a network that could not learn and now can, before it has learned anything."""

from __future__ import annotations

from archmend.repair.remedies.batches import USUAL_ROWS
from archmend.repair.remedies.set_learning_rate import usual
from archmend.repair.run import Run
from archmend.repair.values import Symptom

MENDED = Symptom("mended")
"""Of such a network: its width, its batches and its learning rate were chosen for one of which nobody has
seen how fast it learns, and a comparison with the untouched one would say nothing of them."""
FEW_STEPS = 5000
"""Optimiser steps of a whole run; with fewer, smaller batches learn more from as many rows."""


def settings(run: Run) -> tuple[str, ...]:
    """Return the names of the remedies that may suit the network on which a run stands, in their order."""
    names = ["widen_to_depth"]
    size = run.batch_size
    if size is not None and size > USUAL_ROWS and run.epochs * run.batches_per_epoch < FEW_STEPS:
        names.append("usual_batches")
    if not usual(run.model):
        names.append("set_learning_rate")
    return tuple(names)
