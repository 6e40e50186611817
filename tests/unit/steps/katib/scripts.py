"""What trials do in the tests of this folder: they leave the record that `archmend trial` leaves."""

from __future__ import annotations

from typing import Any

from archmend.search import TrialResult
from archmend.spaces import Architecture, create_space, from_texts
from archmend.steps.records import TrialRecord
from archmend.steps.trial_record import record_uri
from archmend.steps.trial_request import parse_choices, trial_number
from archmend.storage import write_bytes
from archmend.testing.katib import Outcome, Run
from archmend.training import trial_seed


def architecture(run: Run) -> Architecture:
    """Return what a trial's command says is to be trained."""
    space = create_space(run.flag("space") or "", input_shape=(4,), classes=3)
    code = run.flag("architecture")
    if code is not None:
        return space.parse(code)
    given = [word.removeprefix("--set=") for word in run.command if word.startswith("--set=")]
    return from_texts(space, parse_choices(given))


def hand_in(run: Run, value: float | None, **other: Any) -> None:
    """Leave a record, as the last thing before a trial's metrics."""
    number = trial_number(run.flag("experiment") or "", run.name)
    known: dict[str, Any] = {
        "metrics": {} if value is None else {"accuracy": value},
        "params": 123,
        "flops": 456,
        "seconds": 1.5,
        "epochs": 3.0,
        "seed": trial_seed(int(run.flag("seed") or 0), number),
    }
    made = TrialResult(number, architecture(run), value, **{**known, **other})
    record = TrialRecord.of(made, run.flag("objective") or "")
    write_bytes(record_uri(run.flag("records") or "", run.name), record.model_dump_json().encode() + b"\n")


def succeeds(run: Run, value: float | None = None, **other: Any) -> Outcome:
    """Return a trial that ends well: later ones are better."""
    reached = 0.5 + run.number / 100 if value is None else value
    return Outcome(metrics={"accuracy": reached, "loss": 1.0}, work=lambda: hand_in(run, reached), **other)
