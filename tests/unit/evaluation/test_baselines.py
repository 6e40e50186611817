from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from archmend.evaluation import fit_baselines, word_weights


def test_digits() -> None:
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32).reshape(-1, 8, 8, 1)
    baselines = fit_baselines(x[:1200], y[:1200], x[1200:], y[1200:])
    assert 0.85 < baselines.logistic_regression < 1
    frequent = np.bincount(y[:1200]).argmax()
    assert baselines.majority == float(np.mean(y[1200:] == frequent))
    assert (baselines.training_rows, baselines.available_rows) == (1200, 1200)


def test_large_data_is_fitted_on_a_share_of_each_class() -> None:
    rng = np.random.default_rng(0)
    y = np.array([0] * 900 + [1] * 99 + [2])
    x = rng.normal(size=(1000, 2)).astype(np.float32) + y[:, None] * 3
    baselines = fit_baselines(x, y, x, y, max_rows=100)
    assert baselines.training_rows == 90 + 10 + 1
    assert baselines.available_rows == 1000
    assert baselines.logistic_regression > baselines.majority == 0.9
    assert baselines == fit_baselines(x, y, x, y, max_rows=100)


def test_words_that_tell_the_classes_apart_are_found_in_texts() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=600)
    filler = [f"word{i}" for i in range(200)]
    texts = np.array(
        [" ".join([*rng.choice(filler, size=12), ("good", "fair", "bad")[label]]) for label in y],
        dtype=object,
    )
    train, rest = word_weights(texts[:400], texts[400:])
    found = fit_baselines(train, y[:400], rest, y[400:])
    assert found.logistic_regression > 0.95
    assert found.majority < 0.5
    assert found.training_rows == 400


def test_texts_without_words_are_told_by_the_majority() -> None:
    texts = np.array(["", "!", ""], dtype=object)
    train, rest = word_weights(texts, texts)
    y = np.array([0, 1, 1])
    found = fit_baselines(train, y, rest, y)
    assert found.logistic_regression == found.majority == pytest.approx(2 / 3)
