"""What the entropy score says of networks before any is trained: `python -m benchmarks.entropy.ranks`.

Draws random networks of a space, trains all alike, and prints the rank correlation (Spearman) of accuracy
with the entropy as it is, with the entropy within the calibrated bound of the depth/width ratio, with that
ratio, with the number of parameters, and with the calibrated score, each with a 95 % bootstrap interval. With
`--learning-rate` the networks all have that one: what is then left to know is the architecture's own.

Then the first proposal of `max_entropy` within a limit of parameters is trained beside random networks within
the same limit (`--within`), and the difference to the best of them is printed. `--no-pick` leaves that out.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from itertools import islice

import numpy as np
from benchmarks.entropy.training import Laboratory, Trained, add_flags
from scipy.stats import spearmanr

from archmend.search import Budget
from archmend.search.entropy import depth_width_ratio, entropy, is_effective, score
from archmend.search.max_entropy import MaxEntropy

MEASURES: dict[str, Callable[[Trained], float]] = {
    "entropy": lambda t: entropy(t.network),
    "entropy within the bound": lambda t: entropy(t.network) if is_effective(t.network) else -1.0,
    "depth/width ratio, negative": lambda t: -depth_width_ratio(t.network),
    "parameters": lambda t: t.params,
    "calibrated score": lambda t: score(t.network),
}


def main() -> None:
    options = _options()
    laboratory = Laboratory(options.data, options)
    drawn = islice(laboratory.random(options.seed, learning_rate=options.learning_rate), options.networks)
    random = [laboratory.trained(architecture) for architecture in drawn]
    accuracies = [t.accuracy for t in random]
    low, middle, high = np.quantile(accuracies, (0.1, 0.5, 1.0))
    print(f"{len(random)} networks of {laboratory.space.name}: accuracy {low:.3f}, {middle:.3f}, {high:.3f}")
    print("(tenth, median, best); rank correlation with accuracy:")
    for name, measure in MEASURES.items():
        found, interval = correlation([measure(t) for t in random], accuracies)
        print(f"  {name:28} {found:6.3f}  ({interval[0]:.3f} to {interval[1]:.3f})")
    if options.pick:
        pick(laboratory, options)


def correlation(
    values: Sequence[float], accuracies: Sequence[float], draws: int = 2000
) -> tuple[float, tuple[float, float]]:
    """Return the rank correlation and its 95 % bootstrap interval."""
    x, y = np.array(values), np.array(accuracies)
    rng = np.random.default_rng(0)
    again = (rng.integers(len(x), size=len(x)) for _ in range(draws))
    spread = [spearmanr(x[rows], y[rows]).statistic for rows in again]
    low, high = np.nanquantile(spread, (0.025, 0.975))
    return float(spearmanr(x, y).statistic), (float(low), float(high))


def pick(laboratory: Laboratory, options: argparse.Namespace) -> None:
    """Train what `max_entropy` proposes first, and random networks within the same limit of parameters."""
    space, budget = laboratory.space, Budget(params=options.params)
    (proposal,) = MaxEntropy(space, options.seed, budget=budget).ask(1)
    mine = [laboratory.trained(proposal.architecture, seed) for seed in range(options.repeats)]
    within = (a for a in laboratory.random(options.seed) if budget.excess(space.cost(a)) is None)
    random = [laboratory.trained(architecture) for architecture in islice(within, options.within)]
    best = max(random, key=lambda t: t.accuracy)
    mean = float(np.mean([t.accuracy for t in mine]))
    print(f"within {options.params:,} parameters, max_entropy proposes {proposal.architecture} untrained:")
    print(f"  accuracy {mean:.4f} (mean of {', '.join(f'{t.accuracy:.4f}' for t in mine)})")
    print(f"  best of {len(random)} random ones {best.accuracy:.4f} ({best.architecture})")
    beaten = sum(t.accuracy < mean for t in random)
    print(f"  difference {100 * (mean - best.accuracy):+.2f} points; better than {beaten} of {len(random)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="digits", help="as archmend takes it (default: digits)")
    parser.add_argument("--seed", type=int, default=0, help="of the draws (default: 0)")
    parser.add_argument("--learning-rate", type=float, help="of all random networks; drawn without it")
    parser.add_argument("--pick", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--params", type=int, default=200_000, help="limit of the pick (default: 200000)")
    parser.add_argument("--within", type=int, default=50, help="random networks within it (default: 50)")
    parser.add_argument("--repeats", type=int, default=3, help="trainings of the pick (default: 3)")
    add_flags(parser)
    return parser.parse_args()


if __name__ == "__main__":
    main()
