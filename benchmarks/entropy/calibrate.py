"""The constants of the entropy score, found anew: `python -m benchmarks.entropy.calibrate`.

Trains random networks on each data set (`--data`, several) and fits the score to the ranks of their accuracy:
ranks within a data set become normal scores, and the constants that leave the least error are taken, each
held near a plain guess, about as strongly as one network would. Never judge a calibration on these networks:
`benchmarks.entropy.ranks` draws others.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import islice

import numpy as np
from benchmarks.entropy.training import Laboratory, Trained, add_flags
from scipy.optimize import least_squares

from archmend.search.entropy import Calibration, depth_width_ratio, score
from archmend.search.scores import normal_scores_of

GUESS = Calibration(
    entropy=0.3, ratio=0.4, noise=3.0, bound=0.1, rate=0.03, miss=0.7, spared=0.3, normalized=0.1
)
_SPREAD = {
    "entropy": 0.4,
    "ratio": 0.4,
    "noise": 3.0,
    "rate": 1.0,
    "miss": 0.7,
    "spared": 0.3,
    "normalized": 0.2,
}
_LOGARITHMIC = ("rate", "miss")
BOUNDS = tuple(round(0.01 * 2 ** (step / 2), 3) for step in range(15))


def fit(groups: Sequence[Sequence[Trained]]) -> Calibration:
    """Return the calibration that follows the ranks within each group best."""
    targets = [normal_scores_of([t.accuracy for t in group]) for group in groups]
    start = np.array([_to_line(name, getattr(GUESS, name)) for name in _SPREAD])
    spread = np.array(list(_SPREAD.values()))

    def errors(place: np.ndarray) -> np.ndarray:
        calibration = _at(place)
        parts = [0.7 * (place - start) / spread]
        for group, target in zip(groups, targets, strict=True):
            scores = np.array([score(t.network, calibration) for t in group])
            parts.append(target - scores + scores.mean())
        return np.concatenate(parts)

    found = _at(least_squares(errors, start, loss="soft_l1").x)
    return replace(found, bound=best_bound(groups, found.noise))


def best_bound(groups: Sequence[Sequence[Trained]], noise: float) -> float:
    """Return the depth/width ratio that best parts networks above the median from those below it."""

    def parted(bound: float) -> float:
        found = 0.0
        for group in groups:
            within = np.array([depth_width_ratio(t.network, noise) <= bound for t in group], dtype=float)
            if within.any() and not within.all():
                found += float(np.corrcoef(within, normal_scores_of([t.accuracy for t in group]))[0, 1])
        return found

    return max(BOUNDS, key=parted)


def _at(place: np.ndarray) -> Calibration:
    named = zip(_SPREAD, map(float, place), strict=True)
    return replace(GUESS, **{n: float(np.exp(v)) if n in _LOGARITHMIC else v for n, v in named})


def _to_line(name: str, value: float) -> float:
    return float(np.log(value)) if name in _LOGARITHMIC else value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", action="append", help="as archmend takes it, may be repeated")
    parser.add_argument("--seed", type=int, default=101, help="of the draws (default: 101)")
    add_flags(parser)
    options = parser.parse_args()
    groups = []
    for data in options.data or ["digits"]:
        laboratory = Laboratory(data, options)
        drawn = islice(laboratory.random(options.seed), options.networks)
        groups.append([laboratory.trained(architecture) for architecture in drawn])
    found = fit(groups)
    print("Calibration(" + ", ".join(f"{f.name}={getattr(found, f.name):.3g}" for f in fields(found)) + ")")


if __name__ == "__main__":
    main()
