"""`diagnose`: look at a network before training and over its first batches, and change nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from archmend.errors import BadInput
from archmend.repair.arguments import check_seed
from archmend.repair.check import check_counts, check_model, labels_of
from archmend.repair.constraints import Constraints
from archmend.repair.describe import describe, label_facts
from archmend.repair.detectors import DETECTORS
from archmend.repair.findings import Diagnosis, finding_of
from archmend.repair.opening import open_run
from archmend.repair.run import Run
from archmend.repair.values import Symptom, TrainingStatistics
from archmend.repair.watch import ACT, Watch

BATCHES = 100
"""Batches of training: by then a learning rate that overshoots has shown, and a second of time has passed."""
TOLD = 0.3
"""Confidence from which a finding is told at all."""


def diagnose(
    model: Any,
    train: Any,
    validation: Any = None,
    *,
    epochs: int = 30,
    batch_size: int = 32,
    seed: int = 0,
    batches: int = BATCHES,
) -> Diagnosis:
    """Look for faults in a model and its data without repairing anything.

    Args:
        model: compiled Sequential or Functional Keras model with one output; it is left unchanged.
        train: as `fit` takes it.
        validation: as `fit` takes it; the training rows where there is none.
        epochs: for how many it is to be trained, by which a learning rate is judged.
        batch_size: rows a step, for arrays.
        seed: of the order of rows.
        batches: trained on a copy to look at the beginning; 0 looks before training alone.

    Raises:
        BadInput: a model or data that cannot be looked at, in one sentence; a subclassed model is one.
    """
    check_seed(seed)
    check_counts(epochs, batch_size, None, None)
    if isinstance(batches, bool) or not isinstance(batches, int | np.integer) or batches < 0:
        raise BadInput(f"batches must be a whole number of at least 0, got {batches}")
    check_model(model)
    outside = _labels_outside(model, train)
    if outside is not None:
        # No batch can be trained on labels of classes that are not there.
        return Diagnosis(findings=(finding_of(outside, 0, True),), batches=0)
    run, _ = open_run(
        model,
        train,
        train if validation is None else validation,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        constraints=Constraints(),
    )
    found: dict[str, tuple[int, Symptom]] = {}
    done = _looked_at(run, int(batches), found)
    told = [(n, s) for n, s in found.values() if s.confidence >= TOLD or s.fatal]
    told.sort(key=lambda one: -round(one[1].confidence, 1))
    findings = tuple(finding_of(s, n, s.fatal or s.confidence >= ACT) for n, s in told)
    return Diagnosis(findings=findings, batches=done)


def _looked_at(run: Run, batches: int, found: dict[str, tuple[int, Symptom]]) -> int:
    """Train for some batches, note each symptom where it is surest, and return how many were trained."""
    watch = Watch(DETECTORS.create_all(), thorough=True)

    def note(done: int) -> bool:
        for symptom in watch.seen:
            before = found.get(symptom.name)
            if before is None or before[1].confidence < symptom.confidence:
                found[symptom.name] = (done, symptom)
        return any(symptom.fatal for symptom in watch.seen)

    watch.look(run)
    over = note(0)
    for done in range(1, batches + 1):
        if over or run.place.epoch >= run.epochs:
            return done - 1
        run.step()
        watch.look(run)
        over = note(done)
        if run.at_epoch_end and not over:
            run.finish_epoch()
            watch.look(run, epoch_end=True)
            over = note(done)
    return batches


def _labels_outside(model: Any, train: Any) -> Symptom | None:
    """Return labels that are no indices of the model's classes, which training would refuse."""
    if not (model.built and isinstance(train, tuple | list) and len(train) == 2):
        return None
    y = np.asarray(train[1])
    labels = labels_of(model)
    if (
        labels.kind not in ("index", "onehot", "binary")
        or not np.issubdtype(y.dtype, np.number)
        or not y.size
    ):
        return None
    described = describe(model, labels, label_facts(y))
    statistics = TrainingStatistics(0, 0, 0, 1, 1, description=described)
    return DETECTORS.create("labels_outside").look(statistics)
