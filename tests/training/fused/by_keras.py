"""A population trained to its end, and the same by Keras's own step."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from archmend.training.fused.initial import Layers
from archmend.training.fused.population import Population

BATCH, ORDER = 16, 5


def trained(population: Population, epochs: int) -> list[Layers]:
    """Train whole epochs and return the weights of each network."""
    for _ in range(epochs):
        assert population.epoch()
    return population.layers()


def keras_losses(model: Any, x: np.ndarray, y: np.ndarray, epochs: int) -> np.ndarray:
    """Train by Keras in the population's order, and return each epoch's mean loss."""
    rng, losses = np.random.default_rng(ORDER), []
    step = tf.function(model.train_step, reduce_retracing=True)
    for _ in range(epochs):
        order, total = rng.permutation(len(y)), 0.0
        for first in range(0, len(y), BATCH):
            chosen = order[first : first + BATCH]
            model.reset_metrics()
            total += float(step((tf.constant(x[chosen]), tf.constant(y[chosen])))["loss"]) * len(chosen)
        losses.append(total / len(y))
    return np.array(losses)
