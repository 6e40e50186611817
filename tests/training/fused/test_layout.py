"""Where networks stand in a population, and how it is cut."""

from __future__ import annotations

import numpy as np
import pytest

from archmend.search import Budget, create_strategy
from archmend.spaces import create_space
from archmend.training.fused import Grouping, grouping
from archmend.training.fused.initial import initial
from archmend.training.fused.layout import lay_out
from archmend.training.fused.packing import packed, unpacked
from archmend.training.fused.recipe import Recipe, recipe_of
from archmend.training.fused.rules import RULES
from archmend.training.fused.widths import bucket_widths, planned

FC = create_space("fc", input_shape=(6,), classes=3)
SEED = create_space("seed-fc", input_shape=(784,), classes=10)


def _recipes(count: int) -> list[Recipe]:
    rng = np.random.default_rng(1)
    return [recipe_of(FC, FC.sample(rng), RULES["adam"], None) for _ in range(count)]


@pytest.mark.parametrize("widths", [(512,), (64, 512), (8, 32, 512)])
def test_every_number_has_a_place_of_its_own(widths: tuple[int, ...]) -> None:
    recipes = _recipes(12)
    layout = lay_out(recipes, widths)
    networks = [initial(recipe, n) for n, recipe in enumerate(recipes)]
    shapes = layout.form.shapes
    for bucket, width in enumerate(widths):
        shapes |= {
            f"{part}-{bucket}": (layout.form.count(bucket), width + 1)
            for part in ("gamma", "beta", "mean", "variance")
        }
    arrays = packed(layout, shapes, networks)
    for n, network in enumerate(networks):
        for one, other in zip(network, unpacked(layout, arrays, n, network), strict=True):
            assert one.keys() == other.keys()
            for part, value in one.items():
                np.testing.assert_array_equal(value, other[part])
    held = sum(int(np.count_nonzero(array)) for array in arrays.values())
    assert held == sum(
        int(np.count_nonzero(v)) for network in networks for layer in network for v in layer.values()
    )


def test_networks_that_end_leave_their_bucket() -> None:
    space = SEED
    recipes = [recipe_of(space, space.parse(f"{depth}-4"), RULES["adam"], None) for depth in (1, 3, 2, 3)]
    form = lay_out(recipes, (4,)).form
    assert [level.counts for level in form.levels] == [(4,), (3,), (2,)]
    assert all(level.orders == (None,) for level in form.levels)
    assert form.shapes["kernel-0-0"] == (5, 5, 5)


def test_buckets_and_cohorts_save_padding_where_it_costs() -> None:
    grid = [recipe_of(SEED, architecture, RULES["adam"], None) for architecture in SEED]
    assert bucket_widths(grid)[0] == (10,)
    (one,) = planned(grid[::2], 1500, 1 << 40)[1]
    assert sorted(one.networks) == list(range(50))
    wide = create_space("fc", input_shape=(784,), classes=10)
    mixed = [
        recipe_of(wide, wide.parse(f"2-{w}-{w}-relu-none-0-0.01"), RULES["adam"], None) for w in (8, 512) * 8
    ]
    cut = planned(mixed, 100_000, 1 << 40)[1]
    assert all(len({mixed[n].widths for n in cohort.networks}) == 1 for cohort in cut)
    assert sorted(n for cohort in cut for n in cohort.networks) == list(range(16))
    assert max(len(cohort.networks) for cohort in planned(mixed, 1, 1)[1]) == 1


def test_a_strategy_that_learns_is_told_between_populations() -> None:
    def made(strategy: str, optimizer: str = "adam", trials: int = 48, **asked: int) -> Grouping:
        budget, given = (
            Budget(trials=trials, params=9000),
            {"steps": 20_000, "workers": 2, "data_bytes": 0, **asked},
        )
        return grouping(FC, create_strategy(strategy, FC), budget, optimizer, **given)  # type: ignore[arg-type]

    assert made("random").population == 24
    assert made("surrogate").population == 4
    assert made("random", trials=2).population is None
    assert made("random", trials=2).reason is None
    assert made("random", "rmsprop").population is None
    assert made("random", population=7).population == 7, "what is asked for is done"


def test_a_population_that_takes_longer_than_its_networks_one_by_one_is_none() -> None:
    wide = create_strategy("random", FC)
    made = grouping(FC, wide, Budget(trials=6), "adam", steps=100, workers=2, data_bytes=0)
    assert made.population is None
    assert made.reason == "for 100 steps 3 networks would take longer as one program, with its compilation"
    asked = grouping(FC, wide, Budget(trials=6), "adam", steps=100, workers=2, data_bytes=0, population=3)
    assert asked.population == 3


def test_what_cannot_be_trained_together_says_why() -> None:
    cells = create_space("cells", input_shape=(8, 8, 1), classes=3)
    random = create_strategy("random", cells)
    made = grouping(cells, random, Budget(trials=9), "adam", steps=9, workers=1, data_bytes=0)
    assert made.population is None
    assert made.reason == "space 'cells' is of family 'cells', not 'fc' or 'conv'"
