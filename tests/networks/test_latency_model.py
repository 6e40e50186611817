"""Latency from shapes: what the fit finds, how far it may be trusted, and what a search makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from archmend.errors import BadInput
from archmend.networks import calibration
from archmend.networks.latency_model import (
    LatencyModel,
    errors_on,
    fit_latency,
    knows_latency,
    shape_of,
    with_least_latency,
)
from archmend.search import Budget, create_strategy
from archmend.search.fitting import refuse_impossible
from archmend.spaces import Architecture, Choice, Space, create_space
from archmend.spaces.layers import describe

FC = create_space("fc", input_shape=(64,), classes=10)
CONV = create_space("conv", input_shape=(16, 16, 1), classes=10)


def _shape(space: Space, architecture: Architecture) -> dict[str, float]:
    network = describe(space, architecture)
    assert network is not None
    return shape_of(network)


def _true(shape: dict[str, float]) -> float:
    """A machine's milliseconds: a call, each layer, and what comes from memory or is multiplied."""
    layers = shape["dense_layers"] + 2 * shape["convolutions"]
    return 0.1 + 0.02 * layers + 4e-7 * shape["dense_weights"] + 2e-7 * shape["convolution_products"]


def _measured(noise: float, count: int = 40) -> list[tuple[dict[str, float], float]]:
    rng = np.random.default_rng(0)
    shapes = [_shape(space, space.sample(rng)) for space in (FC, CONV) for _ in range(count // 2)]
    return [(shapes[i], _true(shapes[i]) * rng.lognormal(0, noise)) for i in rng.permutation(count)]


def test_shapes_are_those_of_the_network() -> None:
    assert _shape(FC, FC.parse("2-16-8-relu-batch-0-0.001")) == {
        "call": 1,
        "dense_layers": 3,
        "dense_weights": 64 * 16 + 16 * 8 + 8 * 10,
        "convolutions": 0,
        "convolution_products": 0,
        "outputs": 16 + 8 + 10,
        "normalizations": 2,
    }


def test_a_machine_that_is_such_a_sum_is_found() -> None:
    model = fit_latency(_measured(noise=0.0), "here")
    assert model.error_p95 < 0.01
    rng = np.random.default_rng(1)
    for space in (FC, CONV):
        shape = _shape(space, space.sample(rng))
        assert model.predicted(shape) == pytest.approx(_true(shape), rel=0.02)
    assert (model.networks, model.machine) == (40, "here")


def test_its_error_is_that_on_networks_that_it_did_not_see() -> None:
    model = fit_latency(_measured(noise=0.1), "here")
    assert 0.04 < model.error_median < 0.15
    assert model.error_median < model.error_p95 < 0.4
    assert min(model.coefficients.values()) >= 0
    assert LatencyModel.model_validate_json(model.model_dump_json()) == model


def test_what_is_clearly_too_slow_is_so_though_measuring_wavers() -> None:
    model = fit_latency(_measured(noise=0.1), "here")
    rng = np.random.default_rng(2)
    wrong = 0
    for _ in range(400):
        shape = _shape(FC, FC.sample(rng))
        wrong += model.least(shape) > _true(shape) * rng.lognormal(0, 0.1)
    assert wrong <= 4


def test_beyond_what_was_measured_nothing_is_promised() -> None:
    model = fit_latency(_measured(noise=0.05), "here")
    largest = dict(model.highest)
    thousandfold = {part: 1000 * number for part, number in largest.items()}
    assert model.least(thousandfold) == model.least(largest)
    assert model.predicted(thousandfold) > 500 * model.predicted(largest)


def test_a_search_proposes_nothing_that_is_clearly_too_slow() -> None:
    model = fit_latency(_measured(noise=0.1), "here")
    space, budget = with_least_latency(FC, model), Budget(latency_ms=0.16)
    slow = FC.parse("6-512-512-512-512-512-512-relu-none-0-0.001")
    assert FC.cost(slow).items() <= space.cost(slow).items()
    assert (budget.excess(space.cost(slow)) or "").startswith("predicted latency_ms of at least ")
    for suggestion in create_strategy("random", space, budget=budget).ask(30):
        assert space.cost(suggestion.architecture)["least_latency_ms"] <= 0.16
    with pytest.raises(
        BadInput,
        match=r"'fc' fits latency_ms 0.01; the cheapest found has predicted latency_ms of at least 0",
    ):
        refuse_impossible(space, Budget(latency_ms=0.01))


def test_a_space_of_unknown_networks_is_not_predicted() -> None:
    assert knows_latency(CONV)
    assert not knows_latency(Space([Choice("a", [1, 2])]))


def test_the_error_on_a_searchs_own_trials() -> None:
    model = fit_latency(_measured(noise=0.0), "here")
    one = FC.example()
    assert errors_on(model, FC, []) is None
    median, high = errors_on(model, FC, [(one, 2 * _true(_shape(FC, one)))]) or (0, 0)
    assert median == high == pytest.approx(0.5, abs=0.02)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_machine_is_measured_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[float] = []

    def measure(seconds: float) -> list[tuple[dict[str, float], float]]:
        times.append(seconds)
        return _measured(noise=0.05)

    monkeypatch.setattr(calibration, "_measured", measure)
    assert calibration.latency_model(seconds=0) is None  # not known, and no time to find out
    first = calibration.latency_model(seconds=60)
    assert first is not None
    assert calibration.latency_model() == calibration.latency_model(seconds=0) == first
    assert times == [60]
    (kept,) = (cache / "archmend").iterdir()
    kept.write_text("{")  # damaged: measured anew
    assert calibration.latency_model() == first
    assert len(times) == 2
    monkeypatch.setattr(calibration, "_tensorflow", lambda: "another")
    calibration.latency_model()
    assert len(times) == 3


def test_a_machine_that_cannot_be_measured_or_kept(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "_measured", lambda seconds: None)
    assert calibration.latency_model() is None
    monkeypatch.setattr(calibration, "_measured", lambda seconds: _measured(noise=0.05))
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert calibration.latency_model() is not None
    assert not cache.exists()
