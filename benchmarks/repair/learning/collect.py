"""What every remedy gains on generated faulty networks, a file a network.

Usage: python -m benchmarks.repair.learning.collect [--networks 200] [--first 100000] [--out learning]

A network is trained until the first symptom shows. From there, or from its start where it shows at once, each
remedy that applies is trained for the same few steps as the untouched network. Its gain is the logarithm of
the validation loss without over that with it. Interrupted, it goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

from benchmarks.repair import data, network
from benchmarks.repair.faults import generate

from archmend.networks import pin_threads
from archmend.repair.constraints import Constraints
from archmend.repair.detectors import DETECTORS
from archmend.repair.opening import open_run
from archmend.repair.remedies import REMEDIES
from archmend.repair.run import Run, Validation
from archmend.repair.strategies.features import features
from archmend.repair.values import FIRST_BATCHES, Symptom
from archmend.repair.watch import Watch
from archmend.repair.workbench import Workbench
from archmend.storage import write_atomic

STEPS = 150
"""Steps of a trial."""
LOOKED = 1500
"""Steps after which a network without a symptom is left alone."""
LEAST, MOST = -3.0, 3.0
"""Gains are cut here: a factor of twenty in loss says what a larger one does; what is not finite is least."""


def collected(seed: int) -> dict[str, Any]:
    """Return one network's record: its fault, what was seen of it, and what each remedy gained."""
    case = generate(seed)
    parts = data.parts(case)
    run, constraints = open_run(
        network.build(case, seed),
        parts.train,
        parts.validation,
        epochs=case.epochs,
        batch_size=case.batch_size,
        seed=seed,
        constraints=Constraints(),
    )
    record: dict[str, Any] = {
        "seed": seed,
        "faults": [fault.name for fault in case.faults],
        "data": case.data,
    }
    start = run.checkpoint()
    symptom = _first_symptom(run)
    if symptom is None:
        return {**record, "symptom": None}
    if run.place.epoch * run.batches_per_epoch + run.place.batch <= FIRST_BATCHES:
        run.restore(start)
    base = run.checkpoint()
    workbench = Workbench(run, REMEDIES.create_all(), constraints, seed)
    record |= {
        "symptom": symptom.name,
        "features": features(symptom, run.statistics(run.look())),
        "epoch": run.place.epoch,
        "gains": {},
    }
    without = _trained(run)
    for remedy in workbench.offered(symptom, 0):
        if remedy.stops:
            continue
        run.restore(base)
        model = workbench.applied(remedy, symptom, 0)
        if model is not None:
            run.adopt(model, workbench.batch_size(remedy))
            record["gains"][remedy.name] = gain(without, _trained(run))
        run.restore(base)
    return record


def gain(without: Validation, with_it: Validation) -> float:
    """Return the logarithm of the loss without a remedy over that with it, cut to `LEAST` .. `MOST`."""
    before, after = without.row_loss, with_it.row_loss
    if not math.isfinite(after):
        return 0.0 if not math.isfinite(before) else LEAST
    if not math.isfinite(before):
        return MOST
    return max(LEAST, min(MOST, math.log(max(before, 1e-6) / max(after, 1e-6))))


def _first_symptom(run: Run) -> Symptom | None:
    watch = Watch(DETECTORS.create_all())
    symptom = watch.look(run)
    for _ in range(LOOKED):
        if symptom is not None or run.place.epoch >= run.epochs:
            return symptom
        run.step()
        symptom = watch.look(run)
        if symptom is None and run.at_epoch_end:
            run.finish_epoch()
            symptom = watch.look(run, epoch_end=True)
    return symptom


def _trained(run: Run) -> Validation:
    done = 0
    while done < STEPS:
        done += len(run.advance(STEPS - done))
        if run.at_epoch_end:
            run.finish_epoch()
    return run.validate()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", type=int, default=200)
    parser.add_argument("--first", type=int, default=100_000, help="seed of the first network")
    parser.add_argument("--out", type=Path, default=Path("learning"))
    given = parser.parse_args()
    pin_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    for seed in range(given.first, given.first + given.networks):
        path = given.out / f"{seed}.json"
        if path.exists():
            continue
        began = time.perf_counter()
        record = collected(seed)
        write_atomic(path, json.dumps(record))
        best = sorted(record.get("gains", {}).items(), key=lambda one: -one[1])[:3]
        print(
            f"{seed} {'+'.join(record['faults']) or 'healthy'}: {record['symptom']}, "
            + ", ".join(f"{name} {value:+.2f}" for name, value in best)
            + f" ({time.perf_counter() - began:.0f} s)",
            flush=True,
        )
        _forget()


def _forget() -> None:
    import keras

    keras.backend.clear_session()


if __name__ == "__main__":
    main()
