"""The weights that the trials of one experiment leave for each other, found by one listing.

The index is the names themselves, `<number>/<value>/<architecture>.npz`: a single write puts the weights
and their entry there, so two trials that end at once cannot spoil it, and a reader sees whole files only.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pydantic import ValidationError

from archmend.errors import BadInput, Unavailable
from archmend.kubeflow.suggestion.names import trial_name
from archmend.search import Suggestion, TrialResult
from archmend.spaces import Architecture, Space
from archmend.steps.records import TrialRecord
from archmend.steps.remarks import remark
from archmend.steps.trial_record import record_uri
from archmend.steps.trial_request import TrialRequest, as_number
from archmend.storage import list_objects, put, read_bytes, write_atomic
from archmend.training import earlier_trial, parent_chooser

Offered = list[tuple[TrialResult, str]]
"""Trials, and the URIs of their weights."""
_LONGEST_CODE = 700
"""Characters: a whole object name may have 1,024."""


def weights_uri(folder: str, record: TrialRecord) -> str:
    """Return where the weights of a trial with a value lie."""
    value = record.value[0] if isinstance(record.value, tuple) else record.value
    return f"{folder.rstrip('/')}/{record.trial}/{value!r}/{record.architecture}.npz"


def offer_weights(request: TrialRequest, record: TrialRecord, file: Path) -> None:
    """Put a trial's weights where its successors look, unless it has none or they are too large.

    The trial does not fail with the store: its result stands without its weights.
    """
    if request.weights is None or record.value is None or not file.is_file():
        return
    size = file.stat().st_size
    if size > request.max_weights_bytes:
        remark(f"its weights ({size:,} bytes) are not kept: the limit is {request.max_weights_bytes:,}")
        return
    if len(record.architecture) > _LONGEST_CODE:
        remark(
            f"its weights are not kept: the code of its architecture is longer than {_LONGEST_CODE} letters"
        )
        return
    try:
        put(file, weights_uri(request.weights, record))
    except (BadInput, Unavailable) as error:
        remark(f"its weights are not kept: {error}")


def inherited(
    request: TrialRequest,
    space: Space,
    architecture: Architecture,
    scratch: Path,
    offered: Offered | None = None,
) -> tuple[int | None, Path | None]:
    """Return the number of the trial to start from and a local file of its weights; None starts anew.

    A store that does not answer, or weights that are gone by now, are no failure either.

    Args:
        request: of the trial.
        space: of its architecture.
        architecture: to train.
        scratch: folder for the file.
        offered: by other trials, where that is known already.
    """
    choose = parent_chooser(request.inherit, space)
    if choose is None or request.weights is None:
        return None, None
    try:
        if offered is None:
            offered = offered_by_others(request, space)
        parent = choose(Suggestion(request.number, architecture), [r for r, _ in offered])
        if parent is None:
            return None, None
        uri = next(uri for result, uri in offered if result.id == parent)
        file = scratch / f"parent-{parent}.npz"
        if not file.is_file():
            write_atomic(file, read_bytes(uri))
    except (BadInput, Unavailable) as error:
        remark(f"it starts anew: {error}")
        return None, None
    return parent, file


def continued(
    request: TrialRequest,
    space: Space,
    architecture: Architecture,
    scratch: Path,
    offered: Offered | None = None,
) -> tuple[TrialResult | None, Path | None]:
    """Return the trial of the same architecture to go on from and a local file of its weights, if any.

    What the earlier trials were asked for stands in their records. With a store that does not answer this one
    trains all of its epochs. The arguments are those of `inherited`.
    """
    if not request.go_on or request.weights is None or request.records is None:
        return None, None
    try:
        if offered is None:
            offered = offered_by_others(request, space)
        own = {result.id: uri for result, uri in offered if result.architecture == architecture}
        found = []
        for number in own:
            uri = record_uri(request.records, trial_name(request.experiment, number))
            found.append(TrialRecord.model_validate_json(read_bytes(uri)).result(space))
        earlier = earlier_trial(Suggestion(request.number, architecture, request.epochs), found)
        if earlier is None:
            return None, None
        file = scratch / f"earlier-{earlier.id}.npz"
        write_atomic(file, read_bytes(own[earlier.id]))
    except (BadInput, Unavailable, ValidationError) as error:
        remark(f"it does not go on from an earlier trial: {error}")
        return None, None
    return earlier, file


def offered_by_others(request: TrialRequest, space: Space, numbers: Collection[int] = ()) -> Offered:
    """Return what trials of other pods offer.

    What lies there of this pod's own trials is of one that was lost before its record was written.

    Args:
        request: with the folder.
        space: of the trials.
        numbers: of the pod's trials; none given is the request's.

    Raises:
        BadInput, Unavailable: the store.
    """
    if request.weights is None:
        return []
    own = set(numbers) or {request.number}
    return [o for o in offered_weights(request.weights, space) if o[0].id not in own]


def offered_weights(folder: str, space: Space) -> Offered:
    """Return what lies in an experiment's folder of weights: the trials and the URIs of their weights."""
    found = []
    for entry in list_objects(folder):
        parts = entry.uri.removesuffix(".npz").rsplit("/", 3)[1:]
        if len(parts) != 3 or not parts[0].isdigit():
            continue
        number, value, code = int(parts[0]), as_number(parts[1]), parts[2]
        try:
            architecture = space.parse(code)
        except BadInput:
            continue  # of another space, as after a change of the experiment's settings
        if value == value:
            found.append((TrialResult(number, architecture, value), entry.uri))
    return found
