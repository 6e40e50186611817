"""Names of Keras's losses by what they read; without Keras, for detectors see names alone."""

from __future__ import annotations

PROBABILITIES = {
    "sparse_categorical_crossentropy": "softmax",
    "categorical_crossentropy": "softmax",
    "categorical_focal_crossentropy": "softmax",
    "binary_crossentropy": "sigmoid",
    "binary_focal_crossentropy": "sigmoid",
}
"""Losses of Keras that take probabilities (or logits, if told so), and the activation that gives them."""
CROSS_ENTROPIES = frozenset({*PROBABILITIES, "kl_divergence"})
"""Losses that read probabilities, or logits where they are told so."""
REGRESSIONS = frozenset(
    {
        "mean_squared_error",
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_logarithmic_error",
        "huber",
        "log_cosh",
        "poisson",
        "cosine_similarity",
    }
)
"""Losses of numbers, not of classes."""
