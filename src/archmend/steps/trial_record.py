"""The record that a trial leaves as an object, and that the search reads when the trial has ended."""

from __future__ import annotations

from archmend.search import TrialResult
from archmend.steps.records import TrialRecord
from archmend.steps.trial_request import TrialRequest
from archmend.storage import delete, exists, read_bytes, write_bytes


def record_uri(folder: str, name: str) -> str:
    """Return where the record of the trial of this name lies."""
    return f"{folder.rstrip('/')}/{name}.json"


def keep_record(request: TrialRequest, result: TrialResult) -> TrialRecord:
    """Write a trial's record, if records are kept, and return it.

    Raises:
        BadInput, Unavailable: the store.
    """
    record = TrialRecord.of(result, request.objective)
    if request.records is not None:
        write_bytes(record_uri(request.records, request.name), record.model_dump_json().encode() + b"\n")
    return record


def forget_failure(request: TrialRequest) -> None:
    """Remove what an earlier pod of this trial said of its failure: this one may be killed before it speaks.

    Raises:
        BadInput, Unavailable: the store.
    """
    if request.records is None:
        return
    uri = record_uri(request.records, request.name)
    if exists(uri) and TrialRecord.model_validate_json(read_bytes(uri)).status == "failed":
        delete(uri)
