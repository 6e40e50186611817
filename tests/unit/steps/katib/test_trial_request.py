"""What a trial refuses before it fetches anything."""

from __future__ import annotations

import re
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archmend.errors import BadInput
from archmend.search import TrialResult
from archmend.spaces import create_space
from archmend.steps.records import TrialRecord
from archmend.steps.trial import metric_lines
from archmend.steps.trial_request import TrialRequest, parse_choices, trial_number

ARCHITECTURE = create_space("seed-fc", input_shape=(4,), classes=3).parse("3-3")
KATIB_READS = re.compile(r"([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)")
"""The pattern that Katib's collector uses unless told otherwise."""


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({"architecture": None}, "either --architecture CODE or --set CHOICE=VALUE"),
        ({"choices": {"depth": "3"}}, "either --architecture CODE or --set CHOICE=VALUE"),
        ({"space": "seed"}, "unknown space 'seed': did you mean 'seed-fc'"),
        ({"epochs": 0}, "--epochs must be a whole number of at least 1, got 0"),
        ({"max_weights_bytes": -1}, "--max-weights-bytes must be a whole number of at least 0, got -1"),
        ({"deadline": 0.0}, "--deadline must be a number above 0"),
        ({"objective": "speed"}, "speed"),
        ({"inherit": "parents"}, "unknown inheritance 'parents': did you mean 'parent'"),
        ({"inherit": "parent"}, "--inherit parent needs the experiment's weights; give --weights URI"),
    ],
)
def test_each_value_is_checked(flags: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=re.escape(sentence)):
        TrialRequest(**{"data": "digits", "space": "seed-fc", "architecture": "3-3", **flags})


def test_choices_are_read_once_each() -> None:
    assert parse_choices(["a=1", "b=x=y"]) == {"a": "1", "b": "x=y"}
    for texts, sentence in (
        (["a"], "--set 'a' sets nothing"),
        (["=1"], "--set '=1' sets nothing"),
        (["a=1", "a=2"], "--set a is given twice"),
    ):
        with pytest.raises(BadInput, match=sentence):
            parse_choices(texts)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=20), st.integers(0, 10**6))
def test_a_number_is_in_our_names_and_decided_by_others(name: str, number: int) -> None:
    assert trial_number("e-1", f"e-1-{number}") == number
    assert trial_number("e-1", name) == zlib.crc32(name.encode()) or re.fullmatch(r"e-1-[0-9]+", name)


@settings(max_examples=50, deadline=None)
@given(
    st.floats(0, 1),
    st.floats(0, 1e6, allow_nan=False),
    st.integers(0, 10**12),
    st.one_of(st.none(), st.floats(1e-6, 1e4)),
)
def test_katib_reads_what_is_printed(
    accuracy: float, loss: float, params: int, latency: float | None
) -> None:
    metrics = {"accuracy": accuracy, "loss": loss}
    made = TrialResult(
        0, ARCHITECTURE, accuracy, metrics=metrics, params=params, flops=2, latency_ms=latency, seconds=1.0
    )
    read = {}
    for line in metric_lines(TrialRecord.of(made, "accuracy")):
        found = KATIB_READS.fullmatch(line)
        assert found is not None, line
        read[found[1]] = float(found[2])
    expected = {**metrics, "params": params, "flops": 2, "latency_ms": latency, "seconds": 1.0}
    assert read == {name: value for name, value in expected.items() if value is not None}


def test_a_trial_without_a_value_prints_nothing() -> None:
    for status in ("failed", "rejected", "stopped"):
        made = TrialResult(0, ARCHITECTURE, None, status, params=3)  # type: ignore[arg-type]
        assert list(metric_lines(TrialRecord.of(made, "accuracy"))) == []
