"""What a search's results say of its inheritance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from archmend.search.inheriting import Trial, check_inheritance, rank_correlation


def _run(values: list[float], parents: list[int | None], epochs: float = 3.0) -> list[Trial]:
    return [Trial(n, v, epochs, p) for n, (v, p) in enumerate(zip(values, parents, strict=True))]


def test_a_search_without_inheritance_says_nothing() -> None:
    assert check_inheritance([]) is None
    assert check_inheritance(_run([0.5, 0.6], [None, None])) is None
    assert check_inheritance([*_run([0.5], [None]), Trial(1, None, 1.0, 0)]) is None


def test_what_stands_behind_a_start_counts_over_generations() -> None:
    found = check_inheritance(_run([0.5, 0.6, 0.55, 0.7], [None, 0, 1, 2]))
    assert found is not None
    assert (found.trials, found.inherited, found.epochs) == (4, 3, 6.0)
    assert found.better == pytest.approx(2 / 3)
    assert found.gain == pytest.approx(0.1)
    assert not found.favours_late_trials, "three children are too few to tell"
    assert found.low < found.better < found.high


def test_a_parent_with_a_larger_number_is_one_too() -> None:
    found = check_inheritance([Trial(0, 0.5, 2.0, 2), Trial(2, 0.4, 2.0, None), Trial(3, 0.4, 2.0, 0)])
    assert found is not None
    assert found.epochs == 3.0  # 2 behind the first, 4 behind the last


def test_values_that_rise_with_the_epochs_behind_them_are_seen() -> None:
    """The same quality for all: children are better by chance alone, unless inheritance helps them."""
    rng = np.random.default_rng(0)
    seen = []
    for help_ in (0.0, 0.03):
        flagged = 0
        for _ in range(40):
            values, parents = [float(rng.normal(0.8, 0.03))], [None]
            for number in range(1, 30):
                parent = int(rng.integers(number))
                depth, here = 1, parents[parent]
                while here is not None:
                    depth, here = depth + 1, parents[here]
                parents.append(parent)  # type: ignore[arg-type]
                values.append(float(rng.normal(0.8 + help_ * depth, 0.03)))
            found = check_inheritance(_run(values, parents))  # type: ignore[arg-type]
            flagged += found is not None and found.favours_late_trials
        seen.append(flagged / 40)
    assert seen[0] < 0.2
    assert seen[1] > 0.5


def test_values_from_scratch_tell_the_order() -> None:
    run = _run([0.5, 0.6, 0.7, 0.8], [None, 0, 1, 2])
    found = check_inheritance(run, {0: 0.5, 1: 0.55, 2: 0.52, 3: 0.6})
    assert found is not None
    assert found.repeated == 4
    assert found.agreement == pytest.approx(0.8)
    assert found.overestimate == pytest.approx(0.115)
    few = check_inheritance(run, {0: 0.5, 9: 0.5})
    assert few is not None
    assert (few.repeated, few.agreement, few.overestimate) == (1, None, 0.0)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=12))
def test_the_rank_correlation_is_spearmans(pairs: list[tuple[int, int]]) -> None:
    a, b = zip(*pairs, strict=True)
    found = rank_correlation(a, b)
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(float(spearmanr(a, b).statistic))
