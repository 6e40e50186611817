from __future__ import annotations

import numpy as np
import pytest

from archmend.networks import build, inherit, weights_of
from archmend.spaces import create_space

SPACE = create_space("fc", input_shape=(6,), classes=3)


def _net(code: str, seed: int):  # type: ignore[no-untyped-def]
    return build(SPACE, SPACE.parse(code), seed=seed)


def test_the_same_architecture_takes_everything() -> None:
    parent, child = (_net("2-16-8-relu-batch-0-0.001", seed) for seed in (0, 1))
    assert inherit(child, parent) == 1.0
    for a, b in zip(parent.get_weights(), child.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("saved", [False, True])
def test_overlaps_are_copied_and_the_rest_stays(saved: bool) -> None:
    parent, child = _net("2-16-8-relu-none-0-0.001", 0), _net("3-8-32-16-relu-none-0-0.001", 1)
    before = weights_of(child)
    given = weights_of(parent)
    share = inherit(child, given if saved else parent)
    after = weights_of(child)
    assert 0 < share < 1
    np.testing.assert_array_equal(after["Dense-1-0"], given["Dense-1-0"][:, :8])
    np.testing.assert_array_equal(after["Dense-2-0"][:8, :8], given["Dense-2-0"][:8, :8])
    np.testing.assert_array_equal(after["Dense-2-0"][:, 8:], before["Dense-2-0"][:, 8:])
    np.testing.assert_array_equal(after["Dense-3-0"], before["Dense-3-0"])
    np.testing.assert_array_equal(after["output-1-0"][:8], given["output-1-0"])
    np.testing.assert_array_equal(after["output-1-0"][8:], before["output-1-0"][8:])
