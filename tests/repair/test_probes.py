"""What was seen of the layers is told with the result, and comes through a kill as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from archmend.repair import fit
from archmend.repair.candidates import Candidates
from archmend.repair.measures import LayerStatistics
from archmend.repair.probes import MOST, ProbeLog

L = keras.layers


def test_every_look_at_the_path_is_told(chain: Callable[..., Any], ring: Any) -> None:
    sick = chain(*[L.Dense(8, activation="sigmoid", name=f"hidden_{i}") for i in range(6)])
    result = fit(sick, *ring, epochs=4)
    assert {probe.layer for probe in result.probes} >= {f"hidden_{i}" for i in range(6)}
    assert result.probes[0].candidate == "untouched"
    assert result.probes[0].epoch == 0
    mended = [p for p in result.probes if p.candidate != "untouched" and p.layer == "hidden_0"]
    first = next(p for p in result.probes if p.layer == "hidden_0")
    assert mended
    assert first.gradient_norm is not None
    assert mended[0].gradient_norm is not None
    assert mended[0].gradient_norm > 100 * first.gradient_norm


class _Run:
    batches_per_epoch = 10

    class place:
        epoch, batch = 1, 5


def test_a_long_run_is_told_evenly_and_a_state_brings_it_back() -> None:
    log = ProbeLog(Candidates())
    layer = LayerStatistics("a", "relu", False, float("inf"), 1.0, 0.5, 0.0, 0.0)
    for _ in range(3 * MOST):
        log.take(_Run(), (layer,))  # type: ignore[arg-type]
    records = log.records()
    assert MOST / 2 <= len(records) <= MOST
    assert (records[0].epoch, records[0].gradient_norm, records[0].entropy) == (1.5, None, 0.5)
    other = ProbeLog(Candidates())
    other.load_state_dict(log.state_dict())
    assert other.records() == records
