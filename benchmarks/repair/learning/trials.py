"""Collected moments, and what strategies would have made of them: pure functions of the records."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from archmend.repair.limits import TRIALS_A_SYMPTOM
from archmend.repair.measures import Description, LabelFacts, LayerStatistics, RateTest
from archmend.repair.strategies.features import features
from archmend.repair.strategies.max_entropy import HEALTHY, STEP
from archmend.repair.values import EpochRecord, Symptom, TrainingStatistics

VERSION = 2
"""Of the records that are read."""


@dataclass(frozen=True)
class Moment:
    """One symptom of one network, and what was tried.

    Attributes:
        network: its seed. symptom: what was to be treated. hopeless: whether the first remedy that mends it
            is kept, and no race is run. early: seen before the first epoch had ended.
        features: by name. rules: the rules' order of the remedies that apply. offered: all that apply.
        gains: of each tried remedy, see `gain`; 0 where it was dropped. accuracies: what it gains in these.
        kept: whether it was. falls: relative fall of the loss in its trial. entropies: the smallest of a
            layer right after it; None where it cannot be applied.
    """

    network: int
    symptom: str
    hopeless: bool
    early: bool
    features: Mapping[str, float]
    rules: Sequence[str]
    offered: Sequence[str]
    gains: Mapping[str, float]
    accuracies: Mapping[str, float]
    kept: Mapping[str, bool]
    falls: Mapping[str, float]
    entropies: Mapping[str, float | None]


def read(folder: Path) -> tuple[list[Moment], dict[int, Any]]:
    """Return all moments below a folder, and of each network (by seed) its faults.

    Raises:
        SystemExit: there are none, or of another version.
    """
    files = sorted(folder.glob("*.json"))
    if not files:
        raise SystemExit(f"no trials in {str(folder)!r}; run benchmarks.repair.learning.collect first")
    records = [json.loads(path.read_text()) for path in files]
    for path, record in zip(files, records, strict=True):
        if record.get("version") != VERSION:
            raise SystemExit(f"{path} is of version {record.get('version')}, not {VERSION}; collect anew")
    found = [_moment(record["seed"], one) for record in records for one in record["moments"]]
    return found, {record["seed"]: record["faults"] for record in records}


def gain(guess: Sequence[float], without: Sequence[Any], with_it: Sequence[Any]) -> float:
    """Return how much of what a guess gets wrong is right with a remedy and is not without, -1 to 1.

    The mean of that for the loss and for the accuracy; for the latter alone where a loss is none of classes.

    Args:
        guess: loss and accuracy of saying the classes' frequencies.
        without: loss and accuracy of the untouched network.
        with_it: the same after the remedy.
    """
    kinds = (1,) if without[0] is None or with_it[0] is None else (0, 1)
    return float(np.mean([_skill(guess, with_it, kind) - _skill(guess, without, kind) for kind in kinds]))


def _skill(guess: Sequence[float], told: Sequence[float], kind: int) -> float:
    if kind == 1:
        return max(0.0, (told[1] - guess[1]) / max(1.0 - guess[1], 1e-6))
    return 1.0 - min(told[0], guess[0]) / max(guess[0], 1e-6) if math.isfinite(told[0]) else 0.0


def _moment(seed: int, one: Mapping[str, Any]) -> Moment:
    symptom, statistics = Symptom(**one["symptom"]), statistics_of(one["statistics"])
    trials, last = one["trials"], one["without"][-1]
    kept = {name: bool(trial["kept"]) for name, trial in trials.items()}
    return Moment(
        network=seed,
        symptom=symptom.name,
        hopeless=one["hopeless"],
        early=statistics.epoch == 0,
        features=features(symptom, statistics),
        rules=one["rules"],
        offered=one["offered"],
        gains={n: gain(one["guess"], last, t["marks"][-1]) if kept[n] else 0.0 for n, t in trials.items()},
        accuracies={n: t["marks"][-1][1] - last[1] if kept[n] else 0.0 for n, t in trials.items()},
        kept=kept,
        falls={n: _fall(t["before"], t["after"]) for n, t in trials.items()},
        entropies={n: t["entropy"] for n, t in trials.items()},
    )


def _fall(before: float | None, after: float | None) -> float:
    if before is None or after is None or not math.isfinite(after):
        return 0.0
    return 1.0 if not math.isfinite(before) else 1.0 - after / max(before, 1e-6)


def statistics_of(told: Mapping[str, Any]) -> TrainingStatistics:
    """Return the statistics that a record holds as plain values."""
    layers = {name: tuple(LayerStatistics(**layer) for layer in told[name]) for name in ("layers", "first")}
    described = told["description"]
    if described is not None:
        pairs = ("dropouts", "penalties")
        described = Description(
            **{
                **described,
                "labels": LabelFacts(**described["labels"]),
                "softmaxes": tuple(described["softmaxes"]),
                **{name: tuple((layer, value) for layer, value in described[name]) for name in pairs},
            }
        )
    return TrainingStatistics(
        **{
            **told,
            **layers,
            "losses": tuple(told["losses"]),
            "history": tuple(EpochRecord(**record) for record in told["history"]),
            "rates": tuple(RateTest(**test) for test in told["rates"]),
            "description": described,
        }
    )


def treated(moment: Moment, order: Sequence[str]) -> str | None:
    """Return the remedy that a treatment in this order keeps, of those that were tried; None for none.

    Where the untouched network cannot learn it is the first that mends it; elsewhere, of the first few, the
    one that lowers the loss most in its trial.
    """
    some = [name for name in order if name in moment.gains][:TRIALS_A_SYMPTOM]
    kept = [name for name in some if moment.kept[name]]
    if not kept:
        return None
    return kept[0] if moment.hopeless else max(kept, key=lambda name: moment.falls[name])


def by_entropy(moment: Moment) -> list[str]:
    """Return the order of the strategy `max_entropy`: of the rules' remedies, else of all that were tried."""
    named = [name for name in moment.rules or moment.entropies if name in moment.entropies]
    scored = [
        (round(min(entropy, HEALTHY) / STEP), name)
        for name in named
        if (entropy := moment.entropies[name]) is not None and entropy > -math.inf
    ]
    return [name for _, name in sorted(scored, key=lambda one: -one[0])]


def by_lot(moment: Moment, rng: np.random.Generator) -> list[str]:
    """Return a random order of the offered remedies, untried ones stood for by tried ones off the rules."""
    others = [name for name in moment.gains if name not in moment.rules] or list(moment.gains)
    drawn = [moment.offered[i] for i in rng.permutation(len(moment.offered))]
    return [name if name in moment.gains else others[rng.integers(len(others))] for name in drawn]
