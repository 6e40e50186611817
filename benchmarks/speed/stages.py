"""Where the time of one population goes, stage by stage: a program of its own, one thread.

Usage: python -m benchmarks.speed.stages DATA CASE COUNT

DATA is a prepared directory, CASE a name of `CASES`. It prints one line of JSON: seconds of each stage.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from benchmarks.speed.cases import CASES

STAGES = ("import", "data", "compile", "steps", "evaluation")
BATCH = 32


def main() -> None:
    """Train the population once."""
    data, count = Path(sys.argv[1]), int(sys.argv[3])
    case = replace(CASES[sys.argv[2]], count=count)
    from archmend.networks import pin_threads

    begun = time.perf_counter()
    pin_threads(1)
    import tensorflow as tf

    from archmend.training.fitting import DeviceRows
    from archmend.training.fused.planning import planned
    from archmend.training.fused.population import Member, Population, Programs
    from archmend.training.fused.predicting import probabilities
    from archmend.training.fused.recipe import recipe_of
    from archmend.training.fused.rules import RULES
    from archmend.training.metrics import classification_metrics
    from archmend.training.rows import EncodedRows

    seconds = dict.fromkeys(STAGES, 0.0)
    seconds["import"] = time.perf_counter() - begun
    begun = time.perf_counter()
    rows = EncodedRows.read(data)
    train, validation = (DeviceRows(part.x, part.y) for part in (rows.train, rows.validation))
    seconds["data"] = time.perf_counter() - begun
    space, rule = case.opened(), RULES["adam"]
    codes = (case.codes() * count)[:count]
    recipes = [recipe_of(space, space.parse(code), rule, None) for code in codes]
    programs = Programs(tf.reshape(train.x, (train.count, -1)), train.y)
    x = tf.reshape(validation.x, (validation.count, -1))
    batches = -(-train.count // BATCH)
    order = tf.constant(np.arange(train.count, dtype=np.int32))
    for cohort in planned(recipes, batches * case.epochs, 1 << 40, BATCH)[1]:
        members = [Member.new(recipes[n], n) for n in cohort.networks]
        arranged = cohort.arranged([recipes[n] for n in cohort.networks])
        population = Population(members, programs, rule, arranged, batch_size=BATCH, order=0)
        begun = time.perf_counter()
        population.stretch(order, 0, 1, 0)
        seconds["compile"] += time.perf_counter() - begun
        begun = time.perf_counter()
        for _ in range(case.epochs):
            population.epoch()
        seconds["steps"] += time.perf_counter() - begun
        begun = time.perf_counter()
        for member, layers in zip(members, population.layers(), strict=True):
            said = probabilities(member.recipe, layers, x)
            classification_metrics(said, rows.validation.y, len(rows.info.classes))
        seconds["evaluation"] += time.perf_counter() - begun
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
