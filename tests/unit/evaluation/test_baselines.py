from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from archmend.evaluation import fit_baselines


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
