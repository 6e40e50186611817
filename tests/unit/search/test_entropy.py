"""The entropy score follows from the layers' shapes, and orders networks as its derivation says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archmend.search.entropy import (
    CALIBRATION,
    best_learning_rate,
    calibration_for,
    depth,
    depth_width_ratio,
    entropy,
    is_effective,
    output_entropy,
    score,
    score_prior,
)
from archmend.spaces import Choice, Space, create_space
from archmend.spaces.layers import Layer, Network, describe

WIDTHS = st.lists(st.integers(2, 512), min_size=1, max_size=8)


def chain(widths: list[int], inputs: int = 64, *, rate: float | None = None, **kind: object) -> Network:
    layers = [Layer(n, m, 1, **kind) for n, m in zip([inputs, *widths], widths, strict=False)]  # type: ignore[arg-type]
    return Network((*layers, Layer(widths[-1], 10)), rate)


@pytest.mark.parametrize("name", ["seed-fc", "seed-fc-free", "fc", "conv", "conv-open"])
def test_the_layers_have_the_parameters_and_products_of_the_space(name: str) -> None:
    space = create_space(name, input_shape=(9, 7, 2), classes=4)
    rng = np.random.default_rng(0)
    for _ in range(100):
        architecture = space.sample(rng)
        network = describe(space, architecture)
        assert network is not None
        normalized = sum(2 * layer.units for layer in network.layers if layer.normalized)
        cost = space.cost(architecture)
        assert cost["params"] == normalized + sum((n.inputs + 1) * n.units for n in network.layers)
        assert cost["flops"] == sum(2 * n.inputs * n.units * n.positions for n in network.layers)
        assert network.learning_rate == architecture.get("learning_rate")


def test_a_cell_counts_each_layer_by_its_share_of_the_paths() -> None:
    space = create_space("cells", input_shape=(8, 8, 1), classes=10)
    usual = dict.fromkeys(space.example(), "none")

    def cell(**edges: str) -> Network:
        network = describe(space, space.architecture(usual | edges))
        assert network is not None
        return network

    bare = cell(edge_0_3="skip")
    assert depth(bare) == 1 + 2 * (0.5 + 0.5)
    # Three stages of one cell; on one of two paths a layer counts half.
    assert depth(cell(edge_0_3="conv3x3")) == depth(bare) + 3
    assert depth(cell(edge_0_3="skip", edge_0_1="conv3x3", edge_1_3="skip")) == depth(bare) + 1.5
    # What nothing flows through is no layer, and a cell through which nothing flows is no network.
    assert cell(edge_0_3="skip", edge_0_1="conv3x3") == bare
    assert depth(cell(edge_0_1="conv3x3")) == 0
    scores = [
        score(network, calibration_for(space))
        for network in (cell(edge_0_1="conv3x3"), bare, cell(edge_0_3="conv1x1"), cell(edge_0_3="conv3x3"))
    ]
    assert scores == sorted(scores)


def test_a_space_that_does_not_say_what_its_networks_are() -> None:
    choices = [Choice("units", [1, 2])]
    space = Space(choices)
    assert describe(space, space.example()) is None
    assert score_prior(space) is None
    told = Space(choices, network=lambda a: chain([int(a["units"])]))
    prior = score_prior(told)
    assert prior is not None
    assert prior(told.parse("2")) > prior(told.parse("1"))


def test_entropy_is_that_of_the_paper() -> None:
    assert entropy(chain([32, 16])) == pytest.approx(math.log(16) * (math.log(64) + math.log(32)))
    conv = Network((Layer(9 * 3, 8, 100), Layer(25 * 8, 4, 25), Layer(100, 10)))
    assert entropy(conv) == pytest.approx(math.log(100) * (math.log(27) + math.log(200)))


@given(WIDTHS)
def test_the_ratio_is_depth_over_the_harmonic_mean_and_no_less_than_over_the_geometric(w: list[int]) -> None:
    network = chain(w)
    assert depth(network) == len(w)
    assert depth_width_ratio(network) == pytest.approx(sum(1 / n for n in w))
    geometric = math.exp(output_entropy(network) / len(w))
    assert depth_width_ratio(network) >= len(w) / geometric - 1e-12


@given(WIDTHS, st.data())
def test_wider_is_better_where_nothing_else_changes(w: list[int], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(w) - 1))
    wider = [n * 2 if i == place else n for i, n in enumerate(w)]
    assert score(chain(wider)) > score(chain(w))


def test_a_bottleneck_costs_more_than_the_same_width_saved_everywhere() -> None:
    # The geometric means of the widths are the same.
    assert score(chain([64, 64, 64])) > score(chain([256, 4, 256]))


def test_depth_pays_where_it_is_wide_and_costs_where_it_is_narrow() -> None:
    # Raw entropy rewards each further layer; the calibrated score does not.
    assert entropy(chain([8] * 6)) > entropy(chain([8]))
    assert score(chain([8] * 6)) < score(chain([8]))
    assert score(chain([128, 512])) > score(chain([128]))
    assert not is_effective(chain([2] * 6))
    assert is_effective(chain([64] * 3))


def test_what_dropout_and_normalisation_do() -> None:
    assert depth_width_ratio(chain([32], dropout=0.5), noise=6.0) == pytest.approx(7 / 32)
    assert score(chain([32], dropout=0.3)) < score(chain([32], dropout=0.1)) < score(chain([32]))
    assert score(chain([32], normalized=True)) == pytest.approx(score(chain([32])) + CALIBRATION.normalized)


@given(WIDTHS, st.sampled_from([64, 784]))
def test_the_best_learning_rate_is_the_best(w: list[int], inputs: int) -> None:
    best = best_learning_rate(chain(w, inputs))
    scores = [score(chain(w, inputs, rate=best * step)) for step in (0.1, 0.5, 1.0, 2.0, 10.0)]
    assert max(scores) == scores[2]
    assert scores[1] == pytest.approx(scores[3])
    assert scores[0] == pytest.approx(scores[2] - CALIBRATION.miss)
    deeper = chain([*w, w[-1]], inputs)
    assert best_learning_rate(chain([4 * n for n in w], inputs)) < best
    assert w[-1] < 4 or best_learning_rate(deeper) != best


def test_paths_side_by_side_count_in_part() -> None:
    path = Layer(64, 16, share=0.5, width=16)
    half = Network((path, path, Layer(16, 10)))
    assert depth(half) == 1.0
    assert entropy(half) == pytest.approx(entropy(chain([16])))
    assert depth_width_ratio(half) == pytest.approx(1 / 16)
    assert score(half) == pytest.approx(score(chain([16])))


@pytest.mark.parametrize("network", [Network((Layer(64, 10),)), chain([1, 1]), Network(())])
def test_networks_with_hardly_anything_in_them(network: Network) -> None:
    assert math.isfinite(score(network))
    assert score(network) < score(chain([8]))


def test_the_prior_is_standard_over_what_the_space_draws() -> None:
    space = create_space("fc", input_shape=(64,), classes=10)
    prior = score_prior(space)
    assert prior is not None
    rng = np.random.default_rng(1)
    drawn = [prior(space.sample(rng)) for _ in range(400)]
    # Means of 256 and 400 draws differ by 0.08 in the standard deviation.
    assert abs(np.mean(drawn)) < 0.35
    assert 0.75 < np.std(drawn) < 1.3
