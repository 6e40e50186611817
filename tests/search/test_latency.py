"""A limit of latency on this machine: measured once, predicted from then on, and kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from archmend.errors import BadInput
from archmend.networks.calibration import latency_model
from archmend.networks.latency_model import LatencyModel, shape_of
from archmend.spaces import create_space
from archmend.spaces.layers import describe
from archmend.steps.search import SearchRequest, search


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _cached(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))


@pytest.fixture(scope="module")
def model(cache: Path) -> LatencyModel:
    """Return this machine's model, measured for this module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        patch.setattr("archmend.networks.calibration.LONGEST", 1800.0)
        found = latency_model(seconds=1800)
    assert found is not None
    return found


@pytest.fixture
def request_of(request_of: Callable[..., SearchRequest]) -> Callable[..., SearchRequest]:
    return partial(request_of, space="fc", max_trials=3)


def _predicted(model: LatencyModel, code: str, shape: tuple[int, ...] = (4,)) -> tuple[float, float]:
    space = create_space("fc", input_shape=shape, classes=3)
    network = describe(space, space.parse(code))
    assert network is not None
    return model.predicted(shape_of(network)), model.least(shape_of(network))


def test_this_machine_is_measured(model: LatencyModel, cache: Path) -> None:
    assert model.networks == 40
    assert 0 < model.error_median <= model.error_p95
    assert 0 < model.least_ratio <= 1
    assert len(list((cache / "archmend").iterdir())) == 1
    # A network of a thousand times the weights takes longer.
    assert (
        _predicted(model, "1-8-relu-none-0-0.001")[0]
        < _predicted(model, "6-512-512-512-512-512-512-relu-none-0-0.001")[0]
    )


def test_a_search_says_what_its_limit_stood_on(
    model: LatencyModel, request_of: Callable[..., SearchRequest], tmp_path: Path
) -> None:
    search(request_of(max_latency_ms=60_000.0))
    state = json.loads((tmp_path / "out" / "search.json").read_text())["latency"]
    assert LatencyModel.model_validate(state["model"]) == model
    assert state["trials"] == 3
    assert state["trials_error_p95"] >= state["trials_error_median"] >= 0


def test_a_limit_that_nothing_keeps_is_refused_before_anything_is_built(
    model: LatencyModel, request_of: Callable[..., SearchRequest], tmp_path: Path
) -> None:
    least = _predicted(model, "1-8-relu-none-0-0.001")[1]
    with pytest.raises(BadInput, match="no architecture of space 'fc' fits latency_ms"):
        search(request_of(max_latency_ms=least / 10))
    assert not (tmp_path / "out").exists()
