"""Which share of the matrix product's peak a population's steps reach, and what compiling them takes.

Usage: python -m benchmarks.speed.steady [--cases grid-1,middle,wide] [--counts 50,16,16] [--batches 300]
    [--threads 1] [--out FILE.json]

One process, rows of noise of MNIST's form: what one of the workers does once it is under way. The arithmetic
of a step is three products of each kernel with the batch; what is padded is not counted.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.speed.cases import CASES, CLASSES, SHAPE, Case
from benchmarks.speed.peak import peak
from rich.console import Console
from rich.table import Table

BATCH, ROWS = 32, 51_000


@dataclass(frozen=True)
class Steps:
    """What was measured of a case.

    Attributes:
        case: its name. networks, cohorts: how many. compiling: seconds, with the first step of each cohort.
        step: seconds of one step of all networks. of_peak: share of the matrix product's rate.
        padded: numbers that are trained, over those of the networks.
    """

    case: str
    networks: int
    cohorts: int
    compiling: float
    step: float
    of_peak: float
    padded: float


def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", default="grid-1,middle,wide")
    parser.add_argument("--counts", default="50,16,16")
    parser.add_argument("--batches", type=int, default=300)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    from archmend.networks import pin_threads

    pin_threads(given.threads)
    before = peak(given.threads)
    cases = zip(given.cases.split(","), map(int, given.counts.split(",")), strict=True)
    found = [measured(CASES[name], count, given.batches, before) for name, count in cases]
    if given.out is not None:
        given.out.write_text(json.dumps([asdict(steps) for steps in found]) + "\n")
    table = Table(title=f"{given.threads} threads; sgemm 2048 cubed {before / 1e9:.0f} GFLOP/s")
    for head in ("case", "nets", "cohorts", "compiling s", "step us", "of peak", "padded"):
        table.add_column(head, justify="right")
    for s in found:
        cells = (
            s.case,
            s.networks,
            s.cohorts,
            f"{s.compiling:.1f}",
            f"{s.step * 1e6:.0f}",
            f"{s.of_peak:.0%}",
        )
        table.add_row(*map(str, cells), f"{s.padded:.2f}")
    Console(width=100).print(table)
    Console().print(f"peak again: {peak(given.threads) / 1e9:.0f} GFLOP/s")


def measured(case: Case, count: int, batches: int, rate: float) -> Steps:
    """Train some steps of a case's networks; `rate` is the peak, in floating-point operations a second."""
    import tensorflow as tf

    from archmend.training.fused.planning import planned
    from archmend.training.fused.population import Member, Population, Programs
    from archmend.training.fused.recipe import recipe_of
    from archmend.training.fused.rules import RULES

    rng, rule, space = np.random.default_rng(0), RULES["adam"], case.opened()
    codes = replace(case, count=100 if case.name.startswith("grid") else count).codes()
    codes = codes[:: -(-len(codes) // count)]
    recipes = [recipe_of(space, space.parse(code), rule, None) for code in codes]
    x = tf.constant(rng.random((ROWS, int(np.prod(SHAPE))), dtype=np.float32))
    programs = Programs(x, tf.constant(rng.integers(0, CLASSES, ROWS)))
    compiling = step = numbers = 0.0
    cut = planned(recipes, ROWS // BATCH * case.epochs, 1 << 40, BATCH)[1]
    for cohort in cut:
        members = [Member.new(recipes[n], n) for n in cohort.networks]
        arranged = cohort.arranged([recipes[n] for n in cohort.networks])
        population: Any = Population(members, programs, rule, arranged, batch_size=BATCH, order=0)
        order = tf.constant(rng.permutation(ROWS).astype(np.int32))
        begun = time.perf_counter()
        population.stretch(order, 0, 1, 0)
        compiling += time.perf_counter() - begun
        took = []
        for _ in range(3):
            begun = time.perf_counter()
            population.stretch(order, 0, batches, 0)
            took.append((time.perf_counter() - begun) / batches)
        step += float(np.median(took))
        numbers += sum(np.prod(shape) for shape in arranged.form.trained.values())
    useful = sum(a * b for recipe in recipes for a, b in recipe.sizes)
    share = 6 * BATCH * useful / step / rate
    return Steps(case.name, len(codes), len(cut), compiling, step, share, numbers / useful)


if __name__ == "__main__":
    main()
