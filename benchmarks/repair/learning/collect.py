"""What every remedy is worth on generated faulty networks, a file a network.

Usage: python -m benchmarks.repair.learning.collect [--networks 200] [--minutes M] [--out DIR]

A network is trained and watched by the loop of `archmend.repair.fit`. Where a symptom is to be treated,
remedies are tried alone, each from the same checkpoint and with all the checks of a repair, and what is kept
is trained on for as many rows as the untouched network. Dense networks are trained by `arrays`, which traces
no graphs. Interrupted, it goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.repair import data, network
from benchmarks.repair.faults import generate
from benchmarks.repair.learning.array_engine import ArrayRun
from benchmarks.repair.learning.moments import EnoughError, Moments

from archmend.networks import pin_threads
from archmend.repair.callbacks import CallbackListener
from archmend.repair.candidates import Candidates
from archmend.repair.constraints import Constraints
from archmend.repair.detectors import DETECTORS
from archmend.repair.limits import Limits
from archmend.repair.loop import Loop
from archmend.repair.opening import open_run
from archmend.repair.remedies import REMEDIES
from archmend.repair.watch import Watch
from archmend.repair.workbench import Workbench
from archmend.storage import write_atomic

VERSION = 2
"""Of the records; `fit` reads no others."""
FIRST = 100_000
"""Seeds from here on are for learning; a benchmark's generated networks have the first few hundred."""


def collected(seed: int) -> dict[str, Any]:
    """Return one network's record: its faults, and its moments as `Moments` tells of them."""
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
    run = ArrayRun.of(run)
    watch = Watch(DETECTORS.create_all())
    moments = Moments(run, Workbench(run, REMEDIES.create_all(), constraints, seed), watch, parts, seed)
    listener = CallbackListener((), case.epochs, run.batches_per_epoch, None)
    unbound = Limits(deadline=None, repairs=None, extra_steps=0)
    with suppress(EnoughError):
        Loop(run, watch, moments, Candidates(), unbound, listener).go()
    return {
        "version": VERSION,
        "seed": seed,
        "faults": [fault.name for fault in case.faults],
        "data": case.data,
        "moments": moments.found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", type=int, default=200)
    parser.add_argument("--first", type=int, default=FIRST, help="seed of the first network")
    parser.add_argument("--minutes", type=float, default=None, help="begin no network after so many")
    parser.add_argument("--out", type=Path, default=Path("build/learning"))
    given = parser.parse_args()
    pin_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    for seed in range(given.first, given.first + given.networks):
        path = given.out / f"{seed}.json"
        if path.exists():
            continue
        began = time.perf_counter()
        if given.minutes is not None and began - started > 60 * given.minutes:
            break
        record = collected(seed)
        write_atomic(path, json.dumps({**record, "seconds": round(time.perf_counter() - began, 1)}))
        print(_line(record, time.perf_counter() - began), flush=True)
        _forget()


def _line(record: dict[str, Any], seconds: float) -> str:
    told = []
    for moment in record["moments"]:
        kept = sum(trial["kept"] for trial in moment["trials"].values())
        told.append(f"{moment['symptom']['name']} ({kept} of {len(moment['trials'])} kept)")
    faults = "+".join(record["faults"]) or "healthy"
    return f"{record['seed']} {faults}: {', '.join(told) or 'no symptom'} ({seconds:.0f} s)"


def _forget() -> None:
    import gc

    import keras

    keras.backend.clear_session()
    gc.collect()


if __name__ == "__main__":
    main()
