"""The figures of a method, computed from rows: pure functions of what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from benchmarks.repair.case import Case
from benchmarks.repair.row import Row
from benchmarks.repair.truth import structural
from scipy.stats import wilcoxon

FAULTY_BELOW = 0.05
"""A run is faulty if plain training ends more than this below R."""
REPAIRED_SHARE = 0.6
SINGLE_HARM = 0.03


@dataclass(frozen=True)
class Pair:
    """One run by a method beside the same run trained plainly.

    Attributes:
        case: of both. reference: its R, None where it was not measured. plain, row: what they came to.
    """

    case: Case
    reference: float | None
    plain: Row
    row: Row

    @property
    def accuracy(self) -> float:
        """On the fresh rows; a method that failed leaves the user with the plain network."""
        return self.before if self.row.accuracy is None else self.row.accuracy

    @property
    def before(self) -> float:
        """The plain network's accuracy."""
        return 0.0 if self.plain.accuracy is None else self.plain.accuracy

    @property
    def is_faulty(self) -> bool:
        """Whether there is something to repair."""
        return self.reference is not None and self.before < self.reference - FAULTY_BELOW

    @property
    def recovered(self) -> float:
        """Share of what plain training lost against R that was won back; of faulty runs."""
        assert self.reference is not None
        return (self.accuracy - self.before) / (self.reference - self.before)

    @property
    def epochs_to(self) -> float:
        """Epochs to a validation accuracy of 0.8, infinite if it never came there."""
        return np.inf if self.row.epochs_to is None else float(self.row.epochs_to)


class Rows:
    """All rows of some cases, found by case, seed and method."""

    def __init__(self, cases: Sequence[Case], rows: Iterable[Row], reference: Callable[[Case], float | None]):
        """Take the rows of these cases; `reference` gives R."""
        self.cases = {case.id: case for case in cases}
        self._rows = {(row.case, row.seed, row.method): row for row in rows if row.case in self.cases}
        self._reference = {name: reference(case) for name, case in self.cases.items()}

    def reference(self, case: Case) -> float | None:
        """Return R of a case."""
        return self._reference[case.id]

    def methods(self) -> list[str]:
        """Return the methods that give a network, plain training first."""
        found = {method for _, _, method in self._rows} - {"keras", "healthy", "diagnose"}
        return sorted(found, key=lambda name: (name != "plain", name.startswith("archmend:"), name))

    def of(self, method: str) -> list[Row]:
        """Return all rows of a method."""
        return [row for (_, _, made), row in self._rows.items() if made == method]

    def pairs(self, method: str) -> list[Pair]:
        """Return a method's runs that were also trained plainly."""
        found = []
        for row in self.of(method):
            plain = self._rows.get((row.case, row.seed, "plain"))
            if plain is not None:
                case = self.cases[row.case]
                found.append(Pair(case, self.reference(case), plain, row))
        return found


def mean_accuracy(pairs: Sequence[Pair]) -> dict[str, dict[str, float]]:
    """Return for each data set the mean accuracy before and after, R, and the number of runs."""
    found = {}
    for data in dict.fromkeys(pair.case.data for pair in pairs):
        some = [pair for pair in pairs if pair.case.data == data]
        references = [pair.reference for pair in some if pair.reference is not None]
        found[data] = {
            "runs": len(some),
            "plain": _mean(pair.before for pair in some),
            "accuracy": _mean(pair.accuracy for pair in some),
            "reference": _mean(references),
        }
    return found


def repaired(pairs: Sequence[Pair]) -> dict[str, float]:
    """Return of the faulty runs how many there are, the share repaired, and the mean share recovered."""
    shares = [pair.recovered for pair in pairs if pair.is_faulty]
    return {
        "faulty": len(shares),
        "repaired_share": _mean(share >= REPAIRED_SHARE for share in shares),
        "recovered_share": _mean(shares),
    }


def epochs_to(pairs: Sequence[Pair], healthy: Sequence[Row]) -> dict[str, float]:
    """Return median epochs to 0.8: circle and blob pooled, circle alone, a healthy network's on circle."""
    plane = [pair for pair in pairs if pair.case.data in ("circle", "blob")]
    circle = [pair for pair in plane if pair.case.data == "circle"]
    runs = {(pair.row.case, pair.row.seed) for pair in circle}
    norm = [
        np.inf if row.epochs_to is None else row.epochs_to for row in healthy if (row.case, row.seed) in runs
    ]
    of_circle, of_healthy = _median(pair.epochs_to for pair in circle), _median(norm)
    return {
        "pooled": _median(pair.epochs_to for pair in plane),
        "circle": of_circle,
        "circle_healthy": of_healthy,
        "circle_ratio": of_circle / of_healthy if of_healthy else float("nan"),
    }


def cost(pairs: Sequence[Pair], clock: Sequence[Row]) -> dict[str, float]:
    """Return median ratios to plain training: of epochs, and of seconds to those of Keras's `fit`."""
    by_case = {row.case: row for row in clock}
    timed = [(pair.row, by_case[pair.row.case]) for pair in pairs if pair.row.case in by_case]
    return {
        "epochs_ratio": _median(pair.row.epochs / pair.row.epochs_asked for pair in pairs),
        "seconds_ratio": _median(row.seconds / keras.seconds for row, keras in timed),
        "cpu_seconds_ratio": _median(row.cpu_seconds / keras.cpu_seconds for row, keras in timed),
        "seconds": sum(pair.row.seconds for pair in pairs),
        "epochs": sum(pair.row.epochs for pair in pairs),
    }


def harm(pairs: Sequence[Pair], plain: Sequence[Row]) -> dict[str, float]:
    """Return what a method does to healthy cases: mean difference, single seeds harmed, share left alone.

    A single seed is harmed if it ends more than 0.03 below plain training of that seed and below plain
    training of every other seed of the case: what another seed does by itself, reseeding explains.

    Args:
        pairs: of the healthy cases.
        plain: all plain trainings, also of seeds that no other method had.
    """
    spread: dict[str, list[float]] = {}
    for row in plain:
        spread.setdefault(row.case, []).append(0.0 if row.accuracy is None else row.accuracy)
    harmed = sum(
        pair.accuracy < pair.before - SINGLE_HARM and pair.accuracy < min(spread[pair.case.id])
        for pair in pairs
    )
    return {
        "runs": len(pairs),
        "mean_difference": _mean(pair.accuracy - pair.before for pair in pairs),
        "harmed_seeds": int(harmed),
        "worst_difference": min((pair.accuracy - pair.before for pair in pairs), default=float("nan")),
        "untouched_share": _mean(not pair.row.kept for pair in pairs),
    }


def against(pairs: Sequence[Pair], control: Sequence[Pair]) -> dict[str, float]:
    """Return how a method compares with another over cases: mean difference and a one-sided Wilcoxon test."""
    ours, theirs = _by_case(pairs), _by_case(control)
    differences = []
    for case, seeds in ours.items():
        common = seeds.keys() & theirs.get(case, {}).keys()
        if common:
            differences.append(_mean(seeds[seed] - theirs[case][seed] for seed in common))
    found = {"cases": len(differences), "mean_difference": _mean(differences), "p": float("nan")}
    if np.any(differences):
        found["p"] = float(wilcoxon(differences, alternative="greater").pvalue)
    return found


def named(pairs: Sequence[Pair]) -> dict[str, float]:
    """Return of runs with a structural fault the share named in the first epoch, and in the right layer."""
    right, layers, count = 0, 0, 0
    for pair in pairs:
        fault = structural(pair.case)
        if fault is None or not pair.is_faulty:
            continue
        count += 1
        early = [
            decision
            for decision in pair.row.decisions
            if decision["epoch"] == 0 and decision["symptom"] in fault.symptoms
        ]
        right += bool(early)
        layers += any(decision["layer"] in fault.layers for decision in early)
    return {
        "runs": count,
        "named_share": right / count if count else float("nan"),
        "layer_share": layers / right if right else float("nan"),
    }


def _by_case(pairs: Sequence[Pair]) -> Mapping[str, Mapping[int, float]]:
    found: dict[str, dict[int, float]] = {}
    for pair in pairs:
        found.setdefault(pair.case.id, {})[pair.row.seed] = pair.accuracy
    return found


def _mean(values: Iterable[float]) -> float:
    held = [float(value) for value in values]
    return float(np.mean(held)) if held else float("nan")


def _median(values: Iterable[float]) -> float:
    # Infinite where half of the runs or more never came there.
    held = sorted(float(value) for value in values)
    if not held:
        return float("nan")
    middle = len(held) // 2
    return held[middle] if len(held) % 2 else (held[middle - 1] + held[middle]) / 2
