"""Going back is exact, and watching leaves no trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from archmend.repair.data import Rows
from archmend.repair.engine import Engine
from archmend.repair.labels import Labels
from archmend.repair.run import Run


@pytest.fixture
def make_run(chain: Callable[..., Any], ring: Any) -> Callable[[], Run]:
    def make() -> Run:
        # Dropout and batch normalisation: state beside the weights.
        layers = [keras.layers.Dense(8), keras.layers.BatchNormalization(), keras.layers.Activation("relu")]
        model = chain(*layers, keras.layers.Dropout(0.2, seed=3))
        (x, y), (vx, vy) = ring
        train, labels = Rows(x, y, 64, seed=5), Labels("index")
        return Run(Engine(model, labels, train), train, Rows(vx, vy, 64, 0), labels, epochs=3)

    return make


def forward(run: Run, steps: int) -> list[float]:
    losses = []
    for _ in range(steps):
        losses.append(run.step())
        if run.at_epoch_end:
            run.finish_epoch()
    return losses


def bits(run: Run) -> list[bytes]:
    return [np.asarray(value).tobytes() for value in run.engine.snapshot()]


def test_a_checkpoint_brings_back_every_bit_and_the_same_future(make_run: Callable[[], Run]) -> None:
    run = make_run()
    forward(run, 4)
    held, before = run.checkpoint(), bits(run)
    first = forward(run, 7)
    end = bits(run)
    run.restore(held)
    assert bits(run) == before
    assert run.place == held.place
    assert forward(run, 7) == first
    assert bits(run) == end


def test_a_checkpoint_outlives_a_change_of_the_model(
    make_run: Callable[[], Run], chain: Callable[..., Any]
) -> None:
    run = make_run()
    forward(run, 2)
    held, before = run.checkpoint(), bits(run)
    run.adopt(chain(keras.layers.Dense(5, activation="elu")))
    forward(run, 3)
    run.restore(held)
    assert bits(run) == before


def test_looking_and_validating_change_nothing(make_run: Callable[[], Run]) -> None:
    run = make_run()
    forward(run, 1)
    before = bits(run)
    run.look()
    run.validate()
    assert bits(run) == before


def test_a_run_goes_on_elsewhere_from_its_state(make_run: Callable[[], Run]) -> None:
    first, second = make_run(), make_run()
    forward(first, 8)
    state = first.state_dict()
    rest = forward(first, 5)
    second.load_state_dict(state)
    assert second.place.history == first.place.history[: len(second.place.history)]
    assert forward(second, 5) == rest
    assert bits(second) == bits(first)


def test_an_epoch_shows_each_row_once_in_an_order_of_its_own(ring: Any) -> None:
    (x, y), _ = ring
    rows = Rows(x, y, 64, seed=1)
    orders = [np.concatenate([bx for bx, _ in rows.epoch(number)]) for number in (0, 0, 1)]
    assert np.array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[0], orders[2])
    assert np.array_equal(np.sort(orders[2], axis=0), np.sort(x, axis=0))
    rest = np.concatenate([bx for bx, _ in rows.epoch(0, start=2)])
    assert np.array_equal(rest, orders[0][128:])


def test_batches_of_another_size_go_on_where_the_epoch_is_and_can_be_undone(
    make_run: Callable[[], Run],
) -> None:
    run = make_run()
    forward(run, 3)
    held, first = run.checkpoint(), forward(run, 5)
    run.restore(held)
    run.adopt(run.model, batch_size=16)
    assert (run.batch_size, run.batches_per_epoch, run.place.batch) == (16, 22, 12)
    assert run.steps_left == 3 * 22 - 12
    forward(run, 11)
    assert (run.place.epoch, run.place.batch) == (1, 1)
    state = run.state_dict()
    ahead = forward(run, 2)
    other = make_run()
    other.load_state_dict(state)
    assert other.batch_size == 16
    assert forward(other, 2) == ahead
    run.restore(held)
    assert run.batch_size == 64
    assert forward(run, 5) == first
