"""The model of the surrogate strategy: what it fits, what it believes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize
from scipy.optimize import approx_fprime
from scipy.stats import multivariate_normal

from archmend.search.coordinates import Coordinates, latin_design
from archmend.search.gaussian_process import Belief, Posterior, Weights, fit_weights
from archmend.search.scores import normal_scores_of
from archmend.search.surrogate import expected_improvement
from archmend.spaces import Choice, OpenIntegers, Repeat, Space

SPACE = Space(
    [Choice("n", [1, 2, 4, 8]), Choice("kind", ["a", "b", "c"]), Choice("rate", [0.1, 0.2])], name="s"
)


def test_coordinates_are_a_choice_apart() -> None:
    coordinates = Coordinates(SPACE)
    one, two, three = (
        SPACE.architecture({"n": n, "kind": k, "rate": 0.1}) for n, k in [(1, "a"), (8, "a"), (2, "b")]
    )
    apart = ((coordinates.of([one])[0] - coordinates.of([two, three])) ** 2).astype(float)
    assert apart.sum(axis=1) == pytest.approx([1.0, 1 / 3 + 1.0])
    assert coordinates.names == ("n", "kind", "rate")


def test_coordinates_of_what_is_inactive_and_of_open_numbers() -> None:
    space = Space(
        [Choice("depth", [1, 2]), Repeat("depth", (Choice("width", OpenIntegers(1, 8.0)),))], name="open"
    )
    coordinates = Coordinates(space)
    points = coordinates.of(
        [
            space.architecture({"depth": 1, "width_1": 3}),
            space.architecture({"depth": 1, "width_1": 7}),
            space.architecture({"depth": 2, "width_1": 3, "width_2": 3}),
        ]
    )
    apart = ((points[0] - points[1:]) ** 2).sum(axis=1)
    # A doubling is a quarter; a second layer is there or not, and has a width.
    assert apart == pytest.approx([0.25, 1.0 + 1.0 + 0.5])


def test_the_likelihoods_slope(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    points, values = rng.integers(0, 2, (20, 6)).astype(float), rng.normal(size=20)
    seen = {}
    real = optimize.minimize

    def minimize(loss, start, **other):  # type: ignore[no-untyped-def]
        seen.update(loss=loss, start=np.array(start))
        return real(loss, start, **other)

    monkeypatch.setattr(optimize, "minimize", minimize)
    fit_weights(points, values, Belief(np.array([0, 0, 0, 1, 1, 2])), 5)
    where = seen["start"] + rng.normal(size=7) * 0.3
    numeric = approx_fprime(where, lambda x: seen["loss"](x)[0], 1e-6)
    assert seen["loss"](where)[1] == pytest.approx(numeric, abs=1e-4)


def test_what_matters_gets_weight() -> None:
    rng = np.random.default_rng(1)
    points = rng.integers(0, 2, (60, 8)).astype(float)
    values = normal_scores_of(2 * points[:, 0] - points[:, 3] + 0.05 * rng.normal(size=60))
    found = fit_weights(points, values, Belief(np.arange(8)), 40).coordinates
    others = [c for i, c in enumerate(found) if i not in (0, 3)]
    assert min(found[0], found[3]) > 2 * max(others)


def test_noise_is_told_from_signal() -> None:
    rng = np.random.default_rng(2)
    points = rng.integers(0, 2, (80, 5)).astype(float)
    signal = points @ [1.0, 2.0, 3.0, 0.5, 0.2]
    quiet = fit_weights(
        points, normal_scores_of(signal + 0.01 * rng.normal(size=80)), Belief(np.arange(5)), 40
    )
    loud = fit_weights(points, normal_scores_of(signal + 2.0 * rng.normal(size=80)), Belief(np.arange(5)), 40)
    assert loud.noise > 5 * quiet.noise


def test_the_posterior_is_the_conditional_distribution() -> None:
    rng = np.random.default_rng(3)
    points, new, values = rng.random((6, 2)), rng.random((3, 2)), rng.normal(size=6)
    weights = Weights(np.array([1.0, 3.0]), 0.1)
    held = weights.kernel(points, points) + (0.1 + 1e-6) * np.eye(6)
    across = weights.kernel(points, new)
    mean, deviation = Posterior(weights, points, values).at(new)
    assert mean == pytest.approx(across.T @ np.linalg.solve(held, values))
    scale = values @ np.linalg.solve(held, values) / 6
    left = 1 - np.einsum("nm,nm->m", across, np.linalg.solve(held, across))
    assert deviation == pytest.approx(np.sqrt(scale * left))


def test_what_is_like_something_that_runs_is_no_news() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [9.0, 9.0]])
    posterior = Posterior(Weights(np.array([0.5, 0.5]), 0.01), points, np.zeros(3))
    news = posterior.news(points, np.array([[0.0, 0.0], [0.0, 1.0]]))
    assert news == pytest.approx([0.0, (1 - np.exp(-1.0)) * (1 - np.exp(-2.0)), 1.0])
    assert posterior.news(points, np.empty((0, 2))) == pytest.approx([1.0, 1.0, 1.0])


def test_expected_improvement_is_the_mean_of_what_exceeds() -> None:
    draws = multivariate_normal(0.3, 4.0, seed=0).rvs(200_000)
    expected = np.maximum(draws - 1.0, 0).mean()
    assert expected_improvement(np.array([0.3]), np.array([2.0]), 1.0)[0] == pytest.approx(expected, rel=0.02)


def test_a_latin_design_takes_each_value_equally_often() -> None:
    design = latin_design(SPACE, 12, np.random.default_rng(0))
    for choice in SPACE.laid_out:
        counts = [sum(a[choice.name] == v for a in design) for v in choice.values]
        assert max(counts) == min(counts)
