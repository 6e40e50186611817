"""Two simple classifiers that a searched and repaired network must beat."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from archmend.evaluation.types import Baselines

_ITERATIONS = 200
# About 3 s on one core: rows of 784 features are limited to 10,000 of them.
_MOST_ROWS, _MOST_CELLS = 10_000, 8_000_000
_MOST_WORDS = 50_000


def word_weights(train_texts: np.ndarray, texts: np.ndarray) -> tuple[Any, Any]:
    """Return what a linear classifier of texts sees: a sparse weight (tf-idf) of each word in each text.

    The words and how rare they are, by scikit-learn, are the training part's: at most 50,000, each in at
    least two texts where any is.

    Args:
        train_texts: (rows,), text.
        texts: likewise, the rows to measure on.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    for least in (2, 1):
        weights = TfidfVectorizer(sublinear_tf=True, min_df=least, max_features=_MOST_WORDS)
        try:
            return weights.fit_transform(train_texts), weights.transform(texts)
        except ValueError:  # no word is in so many texts
            continue
    return np.zeros((len(train_texts), 1)), np.zeros((len(texts), 1))


def fit_baselines(
    encoded_train_x: Any,
    train_y: np.ndarray,
    encoded_x: Any,
    y: np.ndarray,
    *,
    max_rows: int = _MOST_ROWS,
    seed: int = 0,
) -> Baselines:
    """Fit both baselines on training rows and return their accuracies on others.

    The logistic regression is scikit-learn's (L-BFGS, L2 with C = 1), stopped after 200 iterations. On
    large data it is fitted on a random part of the rows, the same share of each class; the result says of
    how many.

    Args:
        encoded_train_x: (rows, *encoded shape), as a network's core sees them; flattened here. Or a sparse
            matrix (rows, features), as `word_weights` makes of texts.
        train_y: class indices (rows,).
        encoded_x: the rows to measure on.
        y: their class indices.
        max_rows: most training rows for the logistic regression.
        seed: of the choice among them.
    """
    majority = np.bincount(train_y).argmax()
    train, rows = _flat(encoded_train_x), _flat(encoded_x)
    cells = max(1, train.size // len(train_y))  # what a sparse matrix does not store takes no time
    limit = min(max_rows, max(1, _MOST_CELLS // cells))
    chosen = _stratified(train_y, limit, np.random.default_rng(seed))
    regression = LogisticRegression(max_iter=_ITERATIONS, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression.fit(train[chosen], train_y[chosen])
    return Baselines(
        majority=float(np.mean(y == majority)),
        logistic_regression=float(np.mean(regression.predict(rows) == y)),
        training_rows=len(chosen),
        available_rows=len(train_y),
    )


def _flat(x: Any) -> Any:
    return x if issparse(x) else x.reshape(len(x), -1)


def _stratified(y: np.ndarray, limit: int, rng: np.random.Generator) -> np.ndarray:
    """Return indices of about `limit` rows, in order, the same share of each class and at least one."""
    if len(y) <= limit:
        return np.arange(len(y))
    share = limit / len(y)
    chosen = []
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        chosen.append(rng.choice(rows, size=max(1, round(share * len(rows))), replace=False))
    return np.sort(np.concatenate(chosen))
