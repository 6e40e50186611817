"""The diagnosis step: data and an architecture or a model in, findings out; nothing is repaired."""

from __future__ import annotations

from archmend.errors import BadInput
from archmend.repair import Diagnosis
from archmend.steps.repair_start import RepairRequest, check_request, start_of
from archmend.steps.source import open_requested
from archmend.storage import write_atomic

DIAGNOSIS = "diagnosis.json"


def diagnose(request: RepairRequest) -> Diagnosis:
    """Look at what a repair with this request would begin with, and write diagnosis.json.

    Raises:
        BadInput: the request, its data, its model or its output folder.
        Unavailable: the disk is full, or the data cannot be reached.
    """
    check_request(request)
    out = request.out
    if out.exists() and not out.is_dir():
        raise BadInput(f"--out {out} is a file; name a folder")
    if (out / DIAGNOSIS).exists():
        raise BadInput(f"--out {out} holds another {DIAGNOSIS}; choose another folder or remove it")
    prepared = open_requested(request.data, request)
    start = start_of(request, prepared)
    from archmend.repair import diagnose as look

    found = look(
        start.model,
        (start.train.x, start.train.y),
        (start.validation.x, start.validation.y),
        epochs=request.epochs,
        batch_size=request.batch_size,
        seed=request.seed,
    )
    out.mkdir(parents=True, exist_ok=True)
    write_atomic(out / DIAGNOSIS, found.model_dump_json(indent=2) + "\n")
    return found
