"""Fit the network of the strategy `learned` to collected trials, and measure it on networks it has not seen.

Usage: python -m benchmarks.repair.learning.fit [--data learning] [--out FILE.npz]

Networks are split in five parts. Each part is predicted by an ensemble fitted to the other four: from
that come the errors that are shipped, and what is said of the ranking. The ensemble that is shipped is fitted
to all of them. Beside the .npz a .json of the same name tells of the data and of all figures.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from archmend.repair.strategies.features import names
from archmend.repair.strategies.gain_model import GainModel
from archmend.repair.strategies.learned import SURE
from archmend.repair.strategies.rules import LATE_RULES, RULES
from archmend.storage import write_atomic

MEMBERS = 8
FOLDS = 5
UNITS = (48, 48)
EPOCHS = 150
FEWEST = 20
"""Networks on which a remedy must have been tried for the ensemble to speak of it."""
DEFAULT = Path("src/archmend/repair/strategies/learned.npz")


class Trials:
    """Collected trials as arrays: features (networks, features), gains (networks, remedies) with NaN."""

    def __init__(self, folder: Path) -> None:
        files = sorted(folder.glob("*.json"))
        if not files:
            raise SystemExit(f"no trials in {str(folder)!r}; run benchmarks.repair.learning.collect first")
        self.records = [json.loads(path.read_text()) for path in files]
        self.seen = [one for one in self.records if one["symptom"] and one["gains"]]
        self.remedies = tuple(sorted({name for one in self.seen for name in one["gains"]}))
        self.features = names()
        self.x = np.array([[one["features"][name] for name in self.features] for one in self.seen])
        self.y = np.array([[one["gains"].get(name, np.nan) for name in self.remedies] for one in self.seen])


def fitted(x: np.ndarray, y: np.ndarray, trials: Trials, seed: int) -> GainModel:
    """Return an ensemble of perceptrons, each fitted to a bootstrap sample; its errors are not known yet."""
    import keras

    mean, deviation = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-3)
    scaled = np.clip((x - mean) / deviation, -4, 4).astype("float32")
    rng = np.random.default_rng(seed)
    members = []
    for member in range(MEMBERS):
        keras.utils.set_random_seed(1000 * seed + member)
        drawn = rng.integers(len(x), size=len(x))
        model = _perceptron(x.shape[1], y.shape[1])
        target, told = np.nan_to_num(y[drawn]), np.isfinite(y[drawn])
        both = np.concatenate([target, told], axis=1).astype("float32")
        model.fit(scaled[drawn], both, epochs=EPOCHS, batch_size=32, verbose=0)
        members.append([w.numpy() for layer in model.layers for w in layer.weights])
    layers = [
        (np.stack([m[2 * i] for m in members]), np.stack([m[2 * i + 1] for m in members]))
        for i in range(len(members[0]) // 2)
    ]
    return GainModel(
        trials.features,
        trials.remedies,
        mean,
        deviation,
        tuple(kernel for kernel, _ in layers),
        tuple(bias for _, bias in layers),
        np.full(len(trials.remedies), np.inf),
    )


def _perceptron(inputs: int, outputs: int) -> Any:
    import keras
    from keras import ops

    def loss(both: Any, predicted: Any) -> Any:
        target, told = both[:, :outputs], both[:, outputs:]
        return ops.sum(told * ops.square(target - predicted)) / ops.maximum(ops.sum(told), 1.0)

    decay = keras.regularizers.L2(1e-4)
    hidden = [keras.layers.Dense(n, activation="relu", kernel_regularizer=decay) for n in UNITS]
    model = keras.Sequential([keras.Input((inputs,)), *hidden, keras.layers.Dense(outputs)])
    model.compile(keras.optimizers.Adam(2e-3), loss)
    return model


def crossed(trials: Trials) -> tuple[np.ndarray, np.ndarray]:
    """Return gain and spread of each (network, remedy) as predicted without that network."""
    fold = np.random.default_rng(0).permutation(len(trials.x)) % FOLDS
    gains, spreads = np.empty_like(trials.y), np.empty_like(trials.y)
    for number in range(FOLDS):
        model = fitted(trials.x[fold != number], trials.y[fold != number], trials, number)
        for row in np.flatnonzero(fold == number):
            gains[row], spreads[row] = model.predict(trials.x[row])
    return gains, spreads


def figures(trials: Trials, gains: np.ndarray, spreads: np.ndarray, error: np.ndarray) -> dict[str, Any]:
    """Return what the ranking is worth on unseen networks, beside the rules, chance and the best there is."""
    rows = []
    for one, truth, gain, spread in zip(trials.seen, trials.y, gains, spreads, strict=True):
        known = np.isfinite(truth) & np.isfinite(error)
        if not known.any():
            continue
        there = np.flatnonzero(known)
        best = there[gain[there].argmax()]
        table = {**RULES, **LATE_RULES} if one["epoch"] > 0 else RULES
        ruled = [trials.remedies.index(n) for n in table.get(one["symptom"], ()) if n in one["gains"]]
        rows.append(
            {
                "learned": truth[best],
                "rules": truth[ruled[0]] if ruled else 0.0,
                "random": truth[there].mean(),
                "best": truth[there].max(),
                "sure": bool(gain[best] > SURE * np.hypot(spread[best], error[best])),
                "predicted": gain[best],
            }
        )
    sure = [row for row in rows if row["sure"]]
    mean = {k: float(np.mean([row[k] for row in rows])) for k in ("learned", "rules", "random", "best")}
    inside = np.abs(gains - trials.y) <= np.hypot(spreads, error)
    return {
        "mean_gain_of_the_first": mean,
        "sure_share": len(sure) / len(rows),
        "sure_and_helps": float(np.mean([row["learned"] > 0 for row in sure])) if sure else None,
        "sure_gain": float(np.mean([row["learned"] for row in sure])) if sure else None,
        "rules_gain_where_sure": float(np.mean([row["rules"] for row in sure])) if sure else None,
        "within_one_deviation": float(inside[np.isfinite(trials.y) & np.isfinite(error)].mean()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("learning"))
    parser.add_argument("--out", type=Path, default=DEFAULT)
    given = parser.parse_args()
    trials = Trials(given.data)
    gains, spreads = crossed(trials)
    counts = np.isfinite(trials.y).sum(axis=0)
    squared = np.nanmean(np.square(gains - trials.y), axis=0)
    error = np.where(counts >= FEWEST, np.sqrt(squared), np.inf)
    told = {
        "networks": len(trials.records),
        "with_a_symptom": len(trials.seen),
        "trials": int(counts.sum()),
        "symptoms": Counter(one["symptom"] for one in trials.seen),
        "tried": dict(zip(trials.remedies, counts.tolist(), strict=True)),
        "error": {n: float(e) for n, e in zip(trials.remedies, error, strict=True) if np.isfinite(e)},
        **figures(trials, gains, spreads, error),
    }
    replace(fitted(trials.x, trials.y, trials, FOLDS), error=error).save(given.out)
    write_atomic(given.out.with_suffix(".json"), json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
