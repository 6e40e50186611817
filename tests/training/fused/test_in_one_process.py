"""How many trials a pod trains together, and in how much memory."""

from __future__ import annotations

from archmend.spaces import create_space
from archmend.training.fused import in_one_process, why_alone

FC = create_space("fc", input_shape=(6,), classes=3)


def test_a_process_that_knows_its_trials_trains_them_within_its_memory() -> None:
    made = in_one_process(FC, "adam", 9, data_bytes=1 << 20, max_memory=2 << 30)
    assert (made.population, made.reason) == (9, None)
    assert made.memory is not None
    assert 1 << 30 < made.memory < 2 << 30
    assert in_one_process(FC, "adam", 9, data_bytes=1 << 20).memory == made.memory, (
        "2 GiB unless said otherwise"
    )
    small = in_one_process(FC, "adam", 9, data_bytes=1 << 20, max_memory=1 << 20).memory
    assert small is not None
    assert 0 < small < made.memory
    alone = in_one_process(FC, "rmsprop", 9, data_bytes=0)
    assert (alone.population, alone.reason) == (None, why_alone(FC, "rmsprop"))
    assert why_alone(FC, "adam") is None
