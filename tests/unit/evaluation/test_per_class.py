from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from archmend.evaluation import class_figures, confusion_matrix

labels = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


@given(labels)
def test_agrees_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    y, predicted = np.array(pairs).T
    matrix = confusion_matrix(predicted, y, 4)
    np.testing.assert_array_equal(matrix, metrics.confusion_matrix(y, predicted, labels=range(4)))
    figures = class_figures(matrix, "abcd")
    expected = metrics.precision_recall_fscore_support(y, predicted, labels=range(4), zero_division=np.nan)
    for name, ours in (("precision", 0), ("recall", 1), ("f1", 2)):
        for figure, theirs in zip(figures, expected[ours], strict=True):
            value = getattr(figure, name)
            if value is None:
                # scikit-learn calls an f1 without rows and predictions nan too
                assert np.isnan(theirs)
            else:
                assert value == pytest.approx(theirs)
    for figure in figures:
        assert figure.tp + figure.tn + figure.fp + figure.fn == len(pairs)
        assert figure.support == figure.tp + figure.fn
    assert [f.name for f in figures] == list("abcd")


def test_undefined_is_none() -> None:
    never_predicted, predicted = class_figures(np.array([[0, 2], [0, 3]]), ["a", "b"])
    assert (never_predicted.precision, never_predicted.recall, never_predicted.f1) == (None, 0.0, 0.0)
    assert (predicted.precision, predicted.recall) == (0.6, 1.0)
    absent, _ = class_figures(np.array([[0, 0], [0, 3]]), ["a", "b"])
    assert (absent.precision, absent.recall, absent.f1, absent.support) == (None, None, None, 0)
