"""What a search takes over from earlier runs: their trials, which its strategy looks at by their order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from archmend.errors import BadInput
from archmend.search import TrialResult, objective_value, parse_objectives
from archmend.search.comparable import comparable
from archmend.spaces import Space
from archmend.spaces.builtin import BUILT_IN
from archmend.steps.journal import parsed_records
from archmend.steps.records import TrialRecord
from archmend.storage import exists, is_remote, local_path, read_bytes, write_atomic

COPY = "warm_start.jsonl"
"""In a run's folder: what was taken, so that the run goes on alike when the earlier ones are gone."""
_TRIALS, _SEARCH = "trials.jsonl", "search.json"


class EarlierRun(BaseModel):
    """What was taken of one earlier run.

    Attributes:
        run: as it was given. trials: taken. left_out: measured ones of no architecture of this space, or
            without one of its objectives.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    trials: int
    left_out: int = 0


@dataclass(frozen=True)
class WarmStart:
    """What was taken of all earlier runs, one after another.

    Attributes:
        runs: in their order. results: numbered from 0 on in each run, by this search's objectives.
    """

    runs: tuple[EarlierRun, ...] = ()
    results: tuple[TrialResult, ...] = ()

    def write(self, folder: Path, objective: str) -> None:
        """Write the copy that a resumed run reads."""
        if self.runs:
            lines = (TrialRecord.of(result, objective).model_dump_json() + "\n" for result in self.results)
            write_atomic(folder / COPY, "".join(lines))


def read_warm_start(runs: Sequence[str], space: Space, objective: str) -> WarmStart:
    """Return what a search of this space can take over from earlier runs.

    Of each run the succeeded trials count, and of a strategy that chose the epochs those with the most. Their
    values are those of this search's objectives, worked out anew from what was measured.

    Args:
        runs: folders of runs or journals of trials, also s3:// and minio://.
        space: of this search.
        objective: its objectives, with commas.

    Raises:
        BadInput: a run that is given twice, is not there or is damaged, that searched another family of
            networks, or has no trial that says anything here.
        Unavailable: a store does not answer.
    """
    twice = [run for run in runs if list(runs).count(run) > 1]
    if twice:
        raise BadInput(f"--warm-start {twice[0]!r} is given twice; leave one out")
    taken = [_taken(run, space, objective) for run in runs]
    return WarmStart(
        tuple(run for run, _ in taken), tuple(result for _, results in taken for result in results)
    )


def kept_warm_start(folder: Path, runs: tuple[EarlierRun, ...], space: Space) -> WarmStart:
    """Return what a run that goes on began with.

    Raises:
        BadInput: its copy is gone or damaged.
    """
    path = folder / COPY
    if not runs:
        return WarmStart()
    if not path.is_file():
        raise BadInput(f"{path} is gone, which the run in {folder} began with; start in another folder")
    try:
        records = [TrialRecord.model_validate_json(line) for line in path.read_bytes().splitlines()]
    except ValidationError as error:
        raise BadInput(f"{path} is damaged; start in another folder") from error
    return WarmStart(runs, tuple(record.result(space) for record in records))


def _taken(run: str, space: Space, objective: str) -> tuple[EarlierRun, list[TrialResult]]:
    place = _journal_of(run)
    _refuse_other_family(run, place, space)
    content = read_bytes(place)
    # What a kill cut short at the end was never answered for.
    whole = content[: content.rfind(b"\n") + 1]
    records = parsed_records(place, whole, "mend the file, or leave the run out of --warm-start")
    succeeded = (r for r in sorted(records, key=lambda r: r.trial) if r.status == "succeeded")
    measured = comparable(succeeded)
    if not measured:
        raise BadInput(f"--warm-start {run!r} has no trial that succeeded; name a run that has")
    results = list(_usable(measured, space, objective))
    if not results:
        raise BadInput(_why_none(run, measured, space, objective))
    numbered = [replace(result, id=number) for number, result in enumerate(results)]
    return EarlierRun(run=run, trials=len(results), left_out=len(measured) - len(results)), numbered


def _usable(records: Iterable[TrialRecord], space: Space, objective: str) -> Iterable[TrialResult]:
    for record in records:
        with suppress(BadInput):  # an architecture of no such code, or an objective that was not measured
            result = record.result(space)
            # Fewer or more features or classes make another network of the same architecture.
            costs = space.cost(result.architecture) if space.has_cost else {}
            measured = {**record.metrics, **_costs(record), **costs}
            value = objective_value(parse_objectives(objective), measured)
            yield replace(result, value=value, fidelity=None, parent=None)


def _costs(record: TrialRecord) -> dict[str, float | None]:
    return {"params": record.params, "flops": record.flops, "latency_ms": record.latency_ms}


def _why_none(run: str, measured: Sequence[TrialRecord], space: Space, objective: str) -> str:
    for record in measured:
        with suppress(BadInput):
            record.result(space)
            return (
                f"--warm-start {run!r} has {len(measured)} trials and none of them says what --objective "
                f"{objective} is; name a run that measured it"
            )
    return (
        f"--warm-start {run!r} has {len(measured)} trials and none of space {space.name!r} (the first is "
        f"{measured[0].architecture}); name a run that searched the same space"
    )


def _journal_of(run: str) -> str:
    if is_remote(run):
        return run if run.endswith(".jsonl") else f"{run.rstrip('/')}/{_TRIALS}"
    path = local_path(run)
    if not path.exists():
        raise BadInput(f"--warm-start {run!r} does not exist; name the folder of a run, or its {_TRIALS}")
    if path.is_dir():
        path /= _TRIALS
    if not path.is_file():
        raise BadInput(f"--warm-start {run!r} holds no {_TRIALS}; name the folder of a run that searched")
    return str(path)


def _refuse_other_family(run: str, journal: str, space: Space) -> None:
    """Refuse a run whose architectures are of other networks, though their codes may be alike."""
    beside = f"{journal.rpartition('/')[0] or '.'}/{_SEARCH}"
    if not exists(beside):
        return
    try:
        state = json.loads(read_bytes(beside))
        searched, family = state["request"]["space"], state.get("family")
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"--warm-start {run!r} has a damaged {_SEARCH}; name its {_TRIALS} elsewhere"
        ) from error
    built_in = BUILT_IN.get(searched) if isinstance(searched, str) else None
    if built_in is not None:
        family = built_in.family.name
    if family is not None and space.family is not None and family != space.family:
        raise BadInput(
            f"--warm-start {run!r} searched space {searched!r}, whose networks are of the family "
            f"{family!r}, and space {space.name!r} is of {space.family!r}; name a run of that family"
        )
