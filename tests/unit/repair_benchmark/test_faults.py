"""Generated networks: the seed decides, and what is said to be wrong with one is."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from benchmarks.repair.case import layer_names
from benchmarks.repair.data import parts
from benchmarks.repair.edits import WEIGHTED
from benchmarks.repair.faults import HEALTHY_SHARE, INJECTIONS, generate
from benchmarks.repair.network import build


def test_equal_seeds_give_equal_networks() -> None:
    assert [generate(seed) for seed in range(20)] == [generate(seed) for seed in range(20)]


def test_a_share_of_the_seeds_is_healthy_and_some_have_two_faults() -> None:
    drawn = [generate(seed) for seed in range(400)]
    healthy = sum(not case.faults for case in drawn) / 400
    assert abs(healthy - HEALTHY_SHARE) < 0.07
    assert all((case.label == "buggy") == bool(case.faults) for case in drawn)
    double = [case for case in drawn if len(case.faults) == 2]
    assert double
    assert all(len({INJECTIONS[fault.name].part for fault in case.faults}) == 2 for case in double)


@pytest.mark.parametrize("name", INJECTIONS)
def test_the_layers_at_fault_are_in_the_network(name: str) -> None:
    for seed in range(5):
        case = generate(seed, fault=name)
        (fault,) = case.faults
        assert set(fault.layers) <= set(layer_names(case.layers))
        assert case.healthy is not None
        assert case != case.healthy


def test_layers_keep_their_names_where_a_second_fault_adds_some() -> None:
    for case in islice((c for c in map(generate, range(400)) if len(c.faults) == 2), 30):
        named = {
            name
            for name, layer in zip(layer_names(case.layers), case.layers, strict=True)
            if layer["type"] in (*WEIGHTED, "Dropout")
        }
        assert all(set(fault.layers) <= named for fault in case.faults)


def test_a_zero_layer_is_zero_and_has_the_name_that_is_told() -> None:
    case = generate(4, fault="zero_layer")
    model = build(case, seed=0)
    assert not np.any(model.get_layer(case.faults[0].layers[0]).get_weights()[0])
    assert all(np.any(layer.get_weights()[0]) for layer in (model.layers[-1],))


def test_a_built_network_takes_its_rows_and_comes_from_the_seed() -> None:
    case = generate(0, fault="unscaled_input")
    rows = parts(case)
    first, again, other = (build(case, seed) for seed in (1, 1, 2))
    for ours, theirs in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert any(
        not np.array_equal(a, b) for a, b in zip(first.get_weights(), other.get_weights(), strict=True)
    )
    assert np.asarray(first(rows.train[0][:4])).shape[0] == 4
    assert abs(rows.train[0]).max() > 50


def test_an_unknown_fault_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match=r"no fault 'rust'; known are healthy, vanishing_depth"):
        generate(0, fault="rust")
