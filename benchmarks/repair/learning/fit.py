"""Fit the network of the strategy `learned` to collected trials, and measure it on networks it has not seen.

Usage: python -m benchmarks.repair.learning.fit [--data build/learning] [--out FILE.npz]

Networks are split in parts. Each part is predicted by an ensemble that was fitted to the others: from that
comes all that is said of it. The ensemble that is shipped is fitted to all of them. Beside the .npz a .json
of the same name tells of the data and of all figures; docs/repair-learned.md says what they mean.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.repair.learning.ensemble import Ensemble, Settings
from benchmarks.repair.learning.figures import calibration, strategies
from benchmarks.repair.learning.trials import Moment, read

from archmend.repair.strategies.features import names
from archmend.repair.strategies.gain_model import GainModel, places
from archmend.storage import write_atomic

FOLDS = 10
FEWEST = 10
"""Networks on which a remedy must have been tried for the ensemble to speak of it."""
PLACES = 4
"""Of the rules' order that are told apart: first, second, third, and all else."""
COVER = 0.9
"""Share of gains that shall lie within 1.645 deviations: there the deviations' factor is set."""
WITHIN = 1.645
DEFAULT = Path("src/archmend/repair/strategies/learned.npz")


class Table:
    """Moments as arrays.

    Attributes:
        moments: that have a remedy which was tried. remedies: names, those tried often enough.
        x: features (moments, features). y: gains (moments, remedies), NaN where a remedy was not tried.
        place: of each remedy in the rules' order of each moment. network: seed of each moment's network.
    """

    def __init__(self, moments: Sequence[Moment]) -> None:
        counts = Counter(name for one in moments for name in one.gains)
        self.remedies = tuple(sorted(name for name, count in counts.items() if count >= FEWEST))
        self.moments = [one for one in moments if set(one.gains) & set(self.remedies)]
        self.x = np.array([[one.features[name] for name in names()] for one in self.moments])
        self.y = np.array([[one.gains.get(name, np.nan) for name in self.remedies] for one in self.moments])
        self.place = np.array([places(self.remedies, one.rules, PLACES) for one in self.moments])
        self.network = np.array([one.network for one in self.moments])

    def fitted(self, rows: np.ndarray, settings: Settings, seed: int) -> GainModel:
        """Return an ensemble fitted to some rows."""
        x, y, place = self.x[rows], self.y[rows], self.place[rows]
        mean, deviation = x.mean(axis=0), np.maximum(x.std(axis=0), 0.05)
        by_place = np.array([_mean(y[(place == number) & np.isfinite(y)]) for number in range(PLACES)])
        made = Ensemble(x.shape[1], len(self.remedies), settings, seed)
        made.fit((x - mean) / deviation, y - by_place[place], self.network[rows])
        kernels, biases = tuple(made.kernels), tuple(made.biases)
        return GainModel(names(), self.remedies, mean, deviation, kernels, biases, by_place)

    def crossed(self, settings: Settings) -> tuple[list[GainModel], np.ndarray]:
        """Return an ensemble for each part of the networks, fitted to the others, and each row's part.

        The factor of each comes from the other parts too: from what their own ensembles missed.
        """
        seeds, network = np.unique(self.network, return_inverse=True)
        part = (np.random.default_rng(0).permutation(len(seeds)) % FOLDS)[network]
        models = [self.fitted(part != number, settings, number) for number in range(FOLDS)]
        missed = self.missed(models, part)
        found = [
            replace(model, factor=_factor(missed[part != number])) for number, model in enumerate(models)
        ]
        return found, part

    def missed(self, models: Sequence[GainModel], part: np.ndarray) -> np.ndarray:
        """Return what each row's own part's ensemble missed, in its deviations."""
        missed = np.empty_like(self.y)
        for row, moment in enumerate(self.moments):
            found = models[part[row]].predict(self.x[row], moment.rules)
            missed[row] = np.abs(self.y[row] - found.gains) / found.deviation
        return missed


def _factor(missed: np.ndarray) -> float:
    return float(np.quantile(missed[np.isfinite(missed)], COVER)) / WITHIN


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("build/learning"))
    parser.add_argument("--out", type=Path, default=DEFAULT)
    given = parser.parse_args()
    settings = Settings()
    moments, faults = read(given.data)
    table = Table(moments)
    crossed, part = table.crossed(settings)
    told: dict[str, Any] = {
        "networks": len(faults),
        "seeds": [min(faults), max(faults)],
        "healthy_networks": sum(not found for found in faults.values()),
        "networks_with_a_symptom": len(set(table.network.tolist())),
        "moments": len(table.moments),
        "trials": int(np.isfinite(table.y).sum()),
        "symptoms": Counter(one.symptom for one in table.moments),
        "tried": dict(zip(table.remedies, np.isfinite(table.y).sum(axis=0).tolist(), strict=True)),
        "settings": asdict(settings),
        "parts": FOLDS,
        "calibration": calibration(table.moments, crossed, part),
        "strategies": strategies(table.moments, crossed, part),
    }
    every = np.ones(len(table.moments), bool)
    shipped = replace(
        table.fitted(every, settings, FOLDS), factor=_factor(table.missed(_plain(crossed), part))
    )
    shipped.save(given.out)
    write_atomic(given.out.with_suffix(".json"), json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1))


def _plain(models: Sequence[GainModel]) -> list[GainModel]:
    return [replace(model, factor=1.0) for model in models]


if __name__ == "__main__":
    main()
