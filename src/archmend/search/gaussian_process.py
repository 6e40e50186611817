"""A Gaussian process over points with a weight for each coordinate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_JITTER = 1e-6
_TYPICAL_NOISE = 0.02
"""Share of the variance; where training is noisy the data say so."""


@dataclass(frozen=True)
class Weights:
    """What is fitted: kernel exp(-sum_c weight_c (x_c - y_c)^2), and noise.

    Attributes:
        coordinates: shape (coordinates,), above 0; a large one means that the coordinate matters.
        noise: variance of a repeated measurement, as a share of the signal's.
    """

    coordinates: np.ndarray
    noise: float

    def kernel(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return correlations, shape (len(a), len(b)), of points, shape (n, coordinates)."""
        root = np.sqrt(self.coordinates)
        left = a * root
        right = left if a is b else b * root
        # In place: what takes the time here is going through memory.
        near = left @ right.T
        near *= 2.0
        near -= np.einsum("nc,nc->n", left, left)[:, None]
        near -= np.einsum("nc,nc->n", right, right)[None, :]
        np.minimum(near, 0.0, out=near)
        return np.asarray(np.exp(near, out=near))


@dataclass(frozen=True)
class Belief:
    """What is believed of the weights before any data: normal distributions of their logarithms.

    Attributes:
        group: shape (coordinates,), which choice each coordinate belongs to.
        choices: how much the choices' weights differ. steps: how much those of one choice do, both as
            standard deviations.
    """

    group: np.ndarray
    choices: float = 1.0
    steps: float = 0.5

    @property
    def usual(self) -> Weights:
        """The most probable weights: architectures that differ in all choices are alike by a seventh."""
        count = int(self.group.max()) + 1
        return Weights(np.full(len(self.group), 2.0 / count), _TYPICAL_NOISE)

    def penalty(self, away: np.ndarray) -> tuple[float, np.ndarray]:
        """Return minus the log density of logarithms that are so far from the usual ones, and its slope."""
        sizes = np.bincount(self.group)
        sums = np.bincount(self.group, weights=away)
        # The inverse of a covariance choices^2 11' + steps^2 I (Sherman and Morrison).
        share = self.choices**2 / (self.steps**2 + sizes * self.choices**2)
        slope = (away - (share * sums)[self.group]) / self.steps**2
        return 0.5 * float(away @ slope), slope


def fit_weights(points: np.ndarray, values: np.ndarray, belief: Belief, steps: int) -> Weights:
    """Return the weights that the values make most probable (maximum a posteriori, by L-BFGS).

    Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, chapter 5; the variance of the
    signal is solved for in closed form.

    Args:
        points: shape (n, coordinates).
        values: shape (n,), of mean about 0 and variance about 1.
        belief: what is known of the weights without the values.
        steps: at most so many.
    """
    # SciPy takes longer to import than a command that asks no model should take.
    from scipy.linalg import cholesky
    from scipy.linalg.lapack import dpotri
    from scipy.optimize import minimize

    usual = belief.usual
    centre = np.log([*usual.coordinates, usual.noise])
    n, squares = len(values), points * points

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        weights = Weights(np.exp(x[:-1]), float(np.exp(x[-1])))
        correlation = weights.kernel(points, points)
        held = correlation.copy()
        held.flat[:: n + 1] += weights.noise + _JITTER
        lower = cholesky(held, lower=True, overwrite_a=True, check_finite=False)
        inverse = dpotri(lower, lower=1)[0]  # its lower triangle; above is zero, as in `lower`
        inverse += inverse.T
        inverse.flat[:: n + 1] /= 2.0
        alpha = inverse @ values
        variance = max(float(values @ alpha) / n, 1e-12)
        likelihood = -0.5 * n * np.log(variance) - np.log(np.diag(lower)).sum()
        pull = np.outer(alpha / variance, alpha)
        pull -= inverse
        both = pull * correlation
        # sum_ab both_ab (x_a - x_b)^2 for each coordinate.
        spread = 2 * (squares.T @ both.sum(axis=1)) - 2 * np.einsum("nc,nc->c", points, both @ points)
        penalty, pulled = belief.penalty(x[:-1] - centre[:-1])
        away = (x[-1] - centre[-1]) / 1.5
        slope = np.empty(len(x))
        slope[:-1] = 0.5 * weights.coordinates * spread + pulled
        slope[-1] = -0.5 * weights.noise * np.trace(pull) + away / 1.5
        return -likelihood + penalty + 0.5 * away * away, slope

    bounds = [(-8.0, 5.0)] * (len(centre) - 1) + [(np.log(1e-4), np.log(2.0))]
    found = minimize(loss, centre, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps})
    return Weights(np.exp(found.x[:-1]), float(np.exp(found.x[-1])))


class Posterior:
    """What is believed of points after some were measured."""

    def __init__(self, weights: Weights, points: np.ndarray, values: np.ndarray) -> None:
        """Condition on values, shape (n,), at points, shape (n, coordinates)."""
        from scipy.linalg import cho_solve, cholesky

        self._weights, self._points = weights, points
        held = weights.kernel(points, points)
        held.flat[:: len(values) + 1] += weights.noise + _JITTER
        self._lower = cholesky(held, lower=True, check_finite=False)
        self._alpha = cho_solve((self._lower, True), values, check_finite=False)
        self._variance = max(float(values @ self._alpha) / len(values), 1e-12)

    def mean(self, points: np.ndarray) -> np.ndarray:
        """Return the expected values of points, shape (m,)."""
        return np.asarray(self._weights.kernel(points, self._points) @ self._alpha)

    def at(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard deviation, without noise, of points, each of shape (m,)."""
        from scipy.linalg import solve_triangular

        between = self._weights.kernel(self._points, points)
        explained = solve_triangular(self._lower, between, lower=True, check_finite=False)
        left = np.maximum(1.0 - (explained * explained).sum(axis=0), 1e-12)
        return between.T @ self._alpha, np.sqrt(self._variance * left)

    def news(self, points: np.ndarray, running: np.ndarray) -> np.ndarray:
        """Return how much points differ from what runs, shape (m,): 0 where one is alike, 1 far from all.

        The product of 1 - r^2 over the points that run: the share of the prior variance that knowing
        one at correlation r would leave.
        """
        return np.asarray(np.prod(1.0 - self._weights.kernel(points, running) ** 2, axis=1))

    def samples(self, points: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return draws of the values at points, all of them at once, shape (count, m), without noise."""
        from scipy.linalg import cholesky, solve_triangular

        between = self._weights.kernel(self._points, points)
        explained = solve_triangular(self._lower, between, lower=True, check_finite=False)
        left = self._weights.kernel(points, points) - explained.T @ explained
        # Points that are alike make it singular; the ridge is far below any difference that matters.
        left.flat[:: len(points) + 1] += 1e-6
        root = cholesky(left, lower=True, check_finite=False)
        mean = between.T @ self._alpha
        return np.asarray(mean + np.sqrt(self._variance) * (rng.normal(size=(count, len(points))) @ root.T))

    def left_out(self, values: np.ndarray) -> np.ndarray:
        """Return what the others say of each measured value (Rasmussen and Williams 2006, 5.4.2)."""
        from scipy.linalg import cho_solve

        inverse = cho_solve((self._lower, True), np.eye(len(values)), check_finite=False)
        return np.asarray(values - self._alpha / np.diag(inverse))
