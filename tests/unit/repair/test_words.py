"""A decision as a person is told of it."""

from __future__ import annotations

from typing import Any

from archmend.repair.decision import NO_REMEDY, Decision
from archmend.repair.words import in_words


def decision(**changes: Any) -> Decision:
    usual: dict[str, Any] = {
        "epoch": 0,
        "batch": 12,
        "symptom": "dying",
        "layer": "layer_2",
        "evidence": {"inactive": 0.94},
        "strategy": "rules",
        "remedy": "activation_elu",
        "before": 1.61,
        "after": 0.74,
        "kept": True,
        "reason": "better by more than noise",
        "epochs": 1.0,
        "seconds": 1.0,
    }
    return Decision(**{**usual, **changes})


def test_what_was_seen_tried_done_and_kept() -> None:
    assert in_words(decision()) == (
        "layer 'layer_2': 94 % of the units are zero on every row; tried activation_elu: "
        "validation loss 1.61 -> 0.74 after as many batches, kept: better by more than noise"
    )


def test_what_was_not_measured_is_not_said() -> None:
    said = in_words(decision(before=None, evidence={"inactive": None}, kept=False, reason="a reason"))
    assert said.endswith("tried activation_elu: undone: a reason")
    assert "->" not in said


def test_a_fault_that_nothing_may_mend_is_told_without_a_remedy() -> None:
    said = in_words(decision(remedy=NO_REMEDY, kept=False, reason="layer 'layer_2' is frozen"))
    assert said == "layer 'layer_2': 94 % of the units are zero on every row; layer 'layer_2' is frozen"
