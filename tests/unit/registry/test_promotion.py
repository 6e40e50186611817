from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archmend.errors import BadInput
from archmend.registry.promotion import check_margin, decide
from archmend.registry.types import Measured, Record


def record(
    accuracy: float, *, part: str | None = "test", rows: str | None = "t", margin: float = 0.0
) -> Record:
    measured = Measured(accuracy=accuracy, part=part, test_digest=rows)
    return Record(
        name="m", version=1, created="", files={}, measured=measured, promote_margin=margin, lineage={}
    )


@pytest.mark.parametrize(
    ("new", "champion", "promoted", "reason"),
    [
        (record(0.1), None, True, "there was no champion"),
        (record(0.1, rows=None), None, True, "there was no champion"),
        (record(1.0, part="all"), None, False, "measured on the part 'all'"),
        (record(1.0, part=None), None, False, "measured on the part None"),
        (record(0.97), record(0.96), True, "0.9700 against 0.9600 of version 1 is better"),
        (record(0.96), record(0.96), False, "is not better"),
        (record(0.95), record(0.96), False, "is not better"),
        (record(0.97, margin=0.02), record(0.96), False, "less than the margin of 0.02"),
        (record(0.97, margin=0.01), record(0.96), True, "at least the margin of 0.01"),
        (record(0.29, margin=0.01), record(0.28), True, "at least the margin"),
        (record(0.96, margin=0.0), record(0.96 - 1e-16), False, "is not better"),
        (record(1.0, rows="u"), record(0.1), False, "measured on other test rows"),
        (record(1.0, rows=None), record(0.1, rows=None), False, "measured on other test rows"),
    ],
)
def test_rule(new: Record, champion: Record | None, promoted: bool, reason: str) -> None:
    decided, why = decide(new, champion)
    assert decided is promoted
    assert reason in why


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 1000))
def test_exact_in_thousandths(new: int, old: int, margin: int) -> None:
    decided, _ = decide(record(new / 1000, margin=margin / 1000), record(old / 1000))
    assert decided == (new > old and new - old >= margin)


@pytest.mark.parametrize("margin", [-0.1, 1.5, float("nan"), float("inf")])
def test_margin_refused(margin: float) -> None:
    with pytest.raises(BadInput, match=r"promote_margin must be a fraction from 0 to 1, got"):
        check_margin(margin)
