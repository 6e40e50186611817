"""How much an architecture can express and how well that trains, from its layers' shapes alone.

The derivation, on what networks the calibration was found and how far it carries stand in docs/entropy.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from archmend.spaces import Architecture, Space
from archmend.spaces.layers import Network, describe

_DRAWS = 256


@dataclass(frozen=True)
class Calibration:
    """What the score weighs, in standard deviations of a random network's rank by accuracy.

    Attributes:
        entropy: worth of an entropy e times as large. ratio: cost of a depth/width ratio e times as large.
        noise: how much more dropout's noise counts than the fluctuation of random weights.
        bound: largest depth/width ratio of a network that counts as effective.
        rate: best learning rate of Adam for one kernel with one input; it falls with the root of the number
            of kernels and with the root of the geometric mean of their inputs.
        miss: cost of missing that by a decade. spared: share of it that normalisation by batch spares.
        normalized: worth of that normalisation.
    """

    entropy: float
    ratio: float
    noise: float
    bound: float
    rate: float
    miss: float
    spared: float
    normalized: float


CALIBRATION = Calibration(
    entropy=0.22, ratio=0.48, noise=6.5, bound=0.23, rate=0.029, miss=1.2, spared=0.34, normalized=0.14
)
"""Found on 129 random networks of `fc` that were trained on the digits, by `benchmarks.entropy.calibrate`."""

_OF_FAMILIES: Mapping[str, Calibration] = {
    # Paths beside each kernel and a normalisation behind it: what fluctuates does not add up with depth.
    "cells": replace(CALIBRATION, entropy=1.0, ratio=0.0, bound=math.inf)
}


def entropy(network: Network) -> float:
    """Return the entropy of the network's last hidden map in nats, up to a constant, as DeepMAD has it.

    Shen et al., "DeepMAD: Mathematical Architecture Design for Deep Convolutional Neural Network", CVPR 2023:
    the logarithm of the map's size, times the sum over the layers of the logarithm of how many numbers each
    output sums over. It grows with depth without an end, and by itself says hardly anything of accuracy.
    """
    if not network.hidden:
        return 0.0
    last = network.hidden[-1]
    return math.log(last.units * last.positions) * sum(
        layer.share * math.log(layer.inputs) for layer in network.hidden
    )


def depth(network: Network) -> float:
    """Return how many hidden layers a signal passes; one on some of several paths counts in part."""
    return sum(layer.share for layer in network.hidden)


def output_entropy(network: Network) -> float:
    """Return the entropy of one output of the classifier: the sum of the logarithms of the hidden widths.

    A layer's width is how many numbers an output behind it sums over: for a dense layer its units, for a
    convolution before another one its filters times the other's kernel area. The rows' own width is not
    among them, being the same for all networks of a space, nor is the size of the last hidden map: on
    trained networks neither helped.
    """
    return sum(
        layer.share * math.log(width) for layer, width in zip(network.hidden, network.widths, strict=True)
    )


def depth_width_ratio(network: Network, noise: float = CALIBRATION.noise) -> float:
    """Return the sum over the hidden layers of 1 / width: depth over the harmonic mean of the widths.

    To first order the variance of the logarithm of a signal's norm behind random layers is proportional to it
    (Hanin, NeurIPS 2018), and so are the corrections to a network of infinite width (Roberts, Yaida and
    Hanin, The Principles of Deep Learning Theory, 2022). DeepMAD takes the geometric mean, which one narrow
    layer hardly moves; this is never smaller.

    Args:
        network: to look at.
        noise: dropout of a share p adds noise of p / (1 - p) to each number; it counts times this.
    """
    return sum(
        layer.share * (1 + noise * layer.dropout / (1 - layer.dropout)) / width
        for layer, width in zip(network.hidden, network.widths, strict=True)
    )


def is_effective(network: Network, calibration: Calibration = CALIBRATION) -> bool:
    """Whether the depth/width ratio is within the calibrated bound."""
    return depth_width_ratio(network, calibration.noise) <= calibration.bound


def best_learning_rate(network: Network, calibration: Calibration = CALIBRATION) -> float:
    """Return the learning rate of Adam that the calibration takes for the best."""
    kernels = sum(layer.share for layer in network.layers)
    logs = sum(layer.share * math.log(layer.inputs) for layer in network.layers)
    return calibration.rate / math.sqrt(kernels * math.exp(logs / kernels))


def calibration_for(space: Space) -> Calibration:
    """Return the calibration for the networks of a space."""
    return _OF_FAMILIES.get(space.family or "", CALIBRATION)


def score(network: Network, calibration: Calibration = CALIBRATION) -> float:
    """Return the calibrated score, for comparing networks of one space: larger is better.

    A difference of 1 is one standard deviation of a random network's rank by accuracy, as a normal score.
    A network without a hidden layer, or with single units in all of them, counts as one of two units.
    """
    ratio = depth_width_ratio(network, calibration.noise) or 0.5
    found = calibration.entropy * math.log(max(output_entropy(network), math.log(2.0)))
    found -= calibration.ratio * math.log(ratio)
    normalized = _normalized(network)
    if network.learning_rate is not None:
        missed = math.log10(network.learning_rate / best_learning_rate(network, calibration))
        found -= calibration.miss * (1 - calibration.spared * normalized) * missed**2
    return found + calibration.normalized * normalized


def score_prior(
    space: Space, calibration: Calibration | None = None
) -> Callable[[Architecture], float] | None:
    """Return the score as a prior mean for a model of the space, None where it says nothing of its networks.

    Over what the space draws it has mean 0 and standard deviation 1; weigh it by how well it is trusted, for
    instance by the rank correlations that `make bench-entropy` prints.
    """
    weighed = calibration or calibration_for(space)
    rng = np.random.default_rng(0)
    drawn = [describe(space, space.sample(rng)) for _ in range(_DRAWS)]
    scores = np.array([score(network, weighed) for network in drawn if network is not None])
    if len(scores) < _DRAWS:
        return None
    mean, deviation = float(scores.mean()), float(scores.std()) or 1.0

    def prior(architecture: Architecture) -> float:
        network = describe(space, architecture)
        assert network is not None
        return (score(network, weighed) - mean) / deviation

    return prior


def _normalized(network: Network) -> float:
    total = depth(network)
    return sum(layer.share for layer in network.hidden if layer.normalized) / total if total else 0.0
