"""The folder of a search: whose it is, what it holds, and what is written into it."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

import archmend
from archmend.datasets import DATA_FILE, DataInfo, Prepared, read_info
from archmend.errors import BadInput
from archmend.networks import space_for
from archmend.search import SearchResult, TrialResult
from archmend.spaces import Choice, Space
from archmend.steps.own_code import check_own_code
from archmend.steps.records import BestRecord, ClassCounts, HypervolumeRecord, ParetoRecord, TrialRecord
from archmend.steps.search_latency import PredictedLatency
from archmend.steps.search_request import SearchRequest
from archmend.steps.source import open_requested
from archmend.steps.warm_start import EarlierRun
from archmend.storage import write_atomic
from archmend.training import weights_file

TRIALS, BEST, PARETO, SEARCH, DATA, WEIGHTS = (
    "trials.jsonl",
    "best.json",
    "pareto.json",
    "search.json",
    "data",
    "weights",
)

_COPIES = {"yaml": "space.yaml", "python": "space.py"}
"""Where a run's folder keeps the space of a user."""


class SearchState(BaseModel):
    """search.json: what was asked, and how far it is.

    Attributes:
        request: the flags. seconds: of the wall clock, over all parts of a resumed run.
        stopped_by: what ended the search; null while it has not come to an end.
        data_digest, split_digest: of the data. archmend_version: that began it.
        latency: what the limit of latency stands on before networks are built; null where there is none, or
            nothing is known of the space or the machine.
        warm_start: what was taken over from earlier runs.
        population: trials that a worker trains together; null where each is trained by itself.
        family: of the networks; null where only the space's own code knows.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: int = 1
    request: dict[str, Any]
    seconds: float = 0.0
    stopped_by: str | None = None
    data_digest: str
    split_digest: str
    archmend_version: str = archmend.__version__
    latency: PredictedLatency | None = None
    warm_start: tuple[EarlierRun, ...] = ()
    population: int | None = None
    family: str | None = None


def claim(request: SearchRequest) -> SearchState | None:
    """Return the state of the run that `--resume` goes on with, None where there is nothing yet.

    Raises:
        BadInput: the folder is none, or holds a run that was not asked for, or another one.
    """
    out = request.out
    if out.exists() and not out.is_dir():
        raise BadInput(f"--out {out} is a file; name a folder")
    if not (out / SEARCH).exists():
        # A run that was killed before its search.json has made an empty journal at most.
        held = [name for name in (TRIALS, BEST) if (out / name).exists() and (out / name).stat().st_size]
        if held:
            raise BadInput(f"--out {out} holds {held[0]} of another run; choose another folder")
        return None
    if not request.resume:
        raise BadInput(f"--out {out} holds a run; add --resume to go on with it, or choose another folder")
    try:
        state = SearchState.model_validate_json((out / SEARCH).read_bytes())
    except ValidationError as error:
        raise BadInput(f"{out / SEARCH} is damaged; start in another folder") from error
    differs = request.difference(state.request)
    if differs is not None:
        raise BadInput(f"--resume goes on with the run in {out}, but {differs}; give the same flags as then")
    return state


def data_of(request: SearchRequest, state: SearchState | None) -> DataInfo | Prepared:
    """Return the data: what a run that goes on has in its folder, else the source, read and split.

    Only a run's own state says that the folder's data is of this request; without one it may be what an
    earlier try with another source left.

    Raises:
        BadInput: the data is wrong. Unavailable: it cannot be reached.
    """
    folder = request.out / DATA
    if state is not None and (folder / DATA_FILE).is_file():
        return read_info(folder)
    return open_requested(request.data, request)


def space_of(request: SearchRequest, info: DataInfo) -> Space:
    """Return the space for the data.

    Raises:
        BadInput: the data is not for this space, or the space chooses what a flag sets.
    """
    space = space_for(request.space_source, info)
    check_own_code(space, request.optimizer, request.learning_rate)
    chosen = {choice.name for choice in space.choices if isinstance(choice, Choice)}
    if request.learning_rate is not None and "learning_rate" in chosen:
        raise BadInput(
            f"--learning-rate {request.learning_rate:g} contradicts space {space.name!r}, which chooses it; "
            "leave it out"
        )
    return space


def write_state(
    request: SearchRequest,
    info: DataInfo,
    seconds: float,
    stopped_by: str | None = None,
    *,
    latency: PredictedLatency | None = None,
    warm_start: tuple[EarlierRun, ...] = (),
    population: int | None = None,
) -> None:
    """Write search.json; what it says of latency, earlier runs and populations stays unless given anew."""
    known = _known_state(request.out / SEARCH)
    state = SearchState(
        request=request.as_json(),
        seconds=round(seconds, 3),
        stopped_by=stopped_by,
        data_digest=info.digest,
        split_digest=info.split_digest,
        latency=latency or (known.latency if known else None),
        warm_start=warm_start or (known.warm_start if known else ()),
        population=population or (known.population if known else None),
        family=request.space_source.family,
    )
    source = request.space_source
    copy = _COPIES.get(source.kind)
    if copy is not None and not (request.out / copy).exists():
        # What was searched stays readable when the file is gone or changed.
        write_atomic(request.out / copy, source.content)
    write_atomic(request.out / SEARCH, state.model_dump_json(indent=2) + "\n")


def _known_state(path: Path) -> SearchState | None:
    return SearchState.model_validate_json(path.read_bytes()) if path.is_file() else None


def write_results(
    request: SearchRequest, info: DataInfo, result: SearchResult, confirmed: float | None = None
) -> BestRecord:
    """Write pareto.json where there are several objectives, and then best.json.

    Args:
        request: of the search.
        info: of its data.
        result: of it.
        confirmed: mean of the best's fresh trainings; None where there were none.
    """
    assert result.best is not None
    best = BestRecord(
        **TrialRecord.of(result.best, request.objective).model_dump(),
        space=request.space_source.space_name,
        strategy=request.strategy,
        stopped_by=result.stopped_by,
        data_digest=info.digest,
        split_digest=info.split_digest,
        confusion=_confusion(request.out / WEIGHTS, result.best, info),
        confirmed=confirmed,
    )
    if len(request.objectives) > 1:
        covered = result.hypervolume
        front = ParetoRecord(
            objectives=request.objectives,
            trials=tuple(TrialRecord.of(r, request.objective) for r in result.pareto),
            hypervolume=None if covered is None else HypervolumeRecord(**asdict(covered)),
        )
        write_atomic(request.out / PARETO, front.model_dump_json(indent=2) + "\n")
    write_atomic(request.out / BEST, best.model_dump_json(indent=2) + "\n")
    return best


def read_best(folder: Path) -> BestRecord:
    """Return best.json.

    Raises:
        BadInput: it is not there, or damaged.
    """
    path = folder / BEST
    if not path.is_file():
        raise BadInput(f"{str(folder)!r} holds no {BEST}; name the folder of a search that ended")
    try:
        return BestRecord.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise BadInput(f"{str(path)!r} is damaged; run the search again") from error


def drop_weights(folder: Path, trials: Iterable[int]) -> None:
    """Remove the weights of these trials."""
    for trial in trials:
        weights_file(folder, trial).unlink(missing_ok=True)


def tidy_weights(folder: Path, known: Container[int]) -> None:
    """Remove what a kill left: files cut while they were written, weights of trials without a line."""
    for path in folder.glob(".*.tmp"):
        path.unlink(missing_ok=True)
    for path in folder.glob("*.npz"):
        if not (path.stem.isdigit() and int(path.stem) in known):
            path.unlink(missing_ok=True)


def _confusion(folder: Path, best: TrialResult, info: DataInfo) -> dict[str, ClassCounts]:
    from archmend.datasets.mapped import read_arrays

    path = weights_file(folder, best.id)
    if not path.is_file():
        return {}
    counts = read_arrays(path)["confusion"]
    return {
        name: ClassCounts(tp=int(row[0]), tn=int(row[1]), fp=int(row[2]), fn=int(row[3]))
        for name, row in zip(info.classes, counts, strict=True)
    }
