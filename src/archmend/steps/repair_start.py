"""What a repair is asked for, and the model and rows that it begins with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from archmend.datasets import Part, Prepared, encode
from archmend.errors import BadInput, unknown_name
from archmend.networks import space_for
from archmend.repair.names import WATCHES
from archmend.spaces import Architecture, Space, SpaceSource, space_source
from archmend.steps.flags import at_least, positive
from archmend.steps.own_code import check_own_code
from archmend.steps.source import DataFields
from archmend.storage import fetched


class RepairRequest(DataFields):
    """What `archmend repair` is asked for.

    Attributes:
        data: a raw source or a prepared folder. target, text, split_seed, validation, test, impute: as of
            `open_data`; None leaves them to the data.
        arch: code of an architecture of `space`, or `random`. model: path of a .keras file. One of the two.
        space: the repair space: built in, a .yaml or .py file, or YAML text; needed with `arch`.
        strategy: of repairs. watch: how closely; `light` costs next to nothing and sees later.
        epochs, batch_size, seed: of the training. optimizer, learning_rate: of a model built from `arch`.
        max_seconds: wall time of the training. max_repairs: remedies tried at most. out: output folder.
        checkpoint: file of the state to go on from, in any storage, or a folder for it (it ends in /, or is
            one); removed once the model is written, unless keep_checkpoint. checkpoint_pause: seconds between
            two saves, at least.
        require_gpu: refuse to train where TensorFlow sees none.
    """

    data: str
    out: Path
    arch: str | None = None
    model: str | Path | None = None
    space: str | None = None
    strategy: str = "auto"
    epochs: int = 30
    batch_size: int = 32
    max_seconds: float | None = None
    max_repairs: int | None = None
    watch: str = "full"
    optimizer: str = "adam"
    learning_rate: float | None = None
    seed: int = 0
    checkpoint: str | Path | None = None
    checkpoint_pause: float = 5.0
    keep_checkpoint: bool = False
    require_gpu: bool = False

    @cached_property
    def space_source(self) -> SpaceSource | None:
        """What `space` names, read once; None for none."""
        return None if self.space is None else space_source(self.space)


@dataclass(frozen=True)
class Start:
    """What a repair begins with.

    Attributes:
        model: compiled. train, validation: rows and labels in the form in which it takes them.
        space: the repair space, None for none. name: of the start in records: a code or a file's name.
        architecture: of the model in the space; None for a file, whose layers must show it.
        encoded: whether the rows are encoded, so that the saved model still needs its encoder.
    """

    model: Any
    train: Part
    validation: Part
    space: Space | None
    name: str
    encoded: bool
    architecture: Architecture | None = None


def start_of(request: RepairRequest, prepared: Prepared) -> Start:
    """Build or load what the request names.

    Raises:
        BadInput: not exactly one of the two, an unknown space, an unreadable code, a file that is no
            Keras model, a model that cannot be repaired or cannot tell the data's classes apart.
    """
    if request.arch is not None:
        return _from_space(request, prepared)
    return _from_file(request, prepared)


def check_request(request: RepairRequest) -> None:
    """Refuse a request that names no start, or two, or a number that cannot be.

    Raises:
        BadInput: naming the flag and its value.
    """
    for name in ("epochs", "batch_size"):
        at_least(name, getattr(request, name), 1)
    for name in ("seed", "max_repairs"):
        at_least(name, getattr(request, name), 0)
    for name in ("max_seconds", "learning_rate"):
        positive(name, getattr(request, name))
    if not 0 <= request.checkpoint_pause < math.inf:
        raise BadInput(f"checkpoint_pause must be 0 seconds or more, got {request.checkpoint_pause}")
    if (request.arch is None) == (request.model is None):
        raise BadInput(
            "give either an architecture (--arch CODE or random, with --space) or a model (--model FILE)"
        )
    if request.watch not in WATCHES:
        raise unknown_name("--watch", request.watch, WATCHES)
    _ = request.space_source
    if request.arch is not None and request.space is None:
        raise BadInput(f"architecture {request.arch!r} needs the space that it is of; add --space NAME")


def _from_space(request: RepairRequest, prepared: Prepared) -> Start:
    from archmend.networks import build

    space = _space(request, prepared)
    assert space is not None
    assert request.arch is not None
    check_own_code(space, request.optimizer, request.learning_rate)
    drawn = request.arch == "random"
    architecture = space.sample(np.random.default_rng(request.seed)) if drawn else space.parse(request.arch)
    model = build(
        space,
        architecture,
        seed=request.seed,
        optimizer=request.optimizer,
        learning_rate=request.learning_rate,
    )
    train, validation = (
        Part(encode(prepared.info.encoding, part.x), part.y) for part in (prepared.train, prepared.validation)
    )
    return Start(model, train, validation, space, str(architecture), encoded=True, architecture=architecture)


def _from_file(request: RepairRequest, prepared: Prepared) -> Start:
    from archmend.networks import load_model
    from archmend.repair.check import check_model, labels_for

    assert request.model is not None
    with fetched(request.model) as path:
        model, _ = load_model(path)
    check_model(model)
    train, validation = (
        Part(_rows(part.x, model), labels_for(model, part.y, len(prepared.info.classes)))
        for part in (prepared.train, prepared.validation)
    )
    return Start(model, train, validation, _space(request, prepared), Path(request.model).name, encoded=False)


def _space(request: RepairRequest, prepared: Prepared) -> Space | None:
    return None if request.space_source is None else space_for(request.space_source, prepared.info)


def _rows(x: Any, model: Any) -> Any:
    """Return raw rows as the model takes them: a table's columns as (rows, 1) where it does."""
    if not isinstance(x, Mapping):
        return x
    ranks = {tensor.name: len(tensor.shape) for tensor in model.inputs}
    columns = {name: column.astype(str) if column.dtype == object else column for name, column in x.items()}
    return {name: c[:, None] if ranks.get(name) == 2 and c.ndim == 1 else c for name, c in columns.items()}
