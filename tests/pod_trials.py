"""What the tests of a pod ask for, with the places that a search gives it."""

from __future__ import annotations

from typing import Any

from archmend.steps.records import TrialRecord
from archmend.steps.trial_record import record_uri
from archmend.steps.trial_request import TrialRequest
from archmend.storage import read_bytes


def asked(data: str, folder: str, codes: str, number: int = 0, **other: Any) -> TrialRequest:
    """Return a request of the experiment `e`, whose records and weights lie in the folder."""
    known: dict[str, Any] = {
        "epochs": 1,
        "name": f"e-{number}",
        "experiment": "e",
        "records": f"{folder}/trials",
        "weights": f"{folder}/weights",
    }
    return TrialRequest(data, "seed-fc", codes, **{**known, **other})


def held(folder: str, number: int) -> TrialRecord:
    """Return the record that a trial left."""
    return TrialRecord.model_validate_json(read_bytes(record_uri(f"{folder}/trials", f"e-{number}")))
