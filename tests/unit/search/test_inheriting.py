"""What a search's results say of its inheritance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from archmend.search.inheriting import Trial, check_inheritance
from archmend.search.scores import rank_correlation


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
    assert (found.repeated, found.agreement, found.overestimate) == (0, None, None)


def test_a_parent_with_a_larger_number_is_one_too() -> None:
    found = check_inheritance([Trial(0, 0.5, 2.0, 2), Trial(2, 0.4, 2.0, None), Trial(3, 0.4, 2.0, 0)])
    assert found is not None
    assert found.epochs == 3.0  # 2 behind the first, 4 behind the last


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
