"""The register step: a model and its evaluation in, a version of a registry out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib import metadata as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

import archmend
from archmend.datasets import Features, Prepared, row_count, take
from archmend.errors import BadInput
from archmend.registry import Lineage, Measured, Record, Registry, Version, check_name, measured_of
from archmend.steps.source import DataFields, open_requested
from archmend.storage import fetched, write_atomic

if TYPE_CHECKING:
    from archmend.kubeflow.model_registry import ModelRegistry
    from archmend.networks import ModelMetadata

REGISTERED_FILE = "registered.json"
# What of a run is kept with the version, where the run has it.
_OF_THE_RUN = ("best.json", "decisions.jsonl", "history.csv")
_PACKAGES = ("archmend", "keras", "numpy", "tensorflow", "tensorflow-cpu")


class RegisterRequest(DataFields):
    """What to register, where, and under which name.

    Attributes:
        model: path or URI of the `.keras` file. evaluation: of its evaluation.json.
        registry: folder of the registry, or s3://bucket/prefix. name: of the model in it.
        promote_margin: how much higher (0..1) its accuracy must be than the champion's.
        data: the data it was evaluated on, of which a few rows are kept for `verify`; None takes the
            run's own prepared data, or keeps no rows if there is none.
        target, text, split_seed, validation, test, impute: as of `open_data`.
        run_dir: the run that made the model; its best.json, decisions.jsonl and history.csv are kept.
        links: addresses of the run elsewhere, by name.
        rows: how many raw rows of the test part are kept; 0 keeps none.
        out: folder for registered.json.
        model_registry: address of a Kubeflow Model Registry that is told of the version; empty is none.
        model_registry_token_file: holds the token that it asks for. author: who made the model.
    """

    model: str | Path
    evaluation: str | Path
    registry: str | Path
    name: str
    promote_margin: float = 0.0
    data: str | Path | None = None
    run_dir: Path | None = None
    links: dict[str, str] = Field(default_factory=dict)
    rows: int = 8
    out: Path
    model_registry: str = ""
    model_registry_token_file: Path | None = None
    author: str = ""


def register(request: RegisterRequest) -> Version:
    """Add a version to the registry, with its SavedModel and rows to verify it by, and write registered.json.

    In a pipeline's pod, and where a Model Registry is told of it, doing the same again takes the version that
    is there already: the pod may be the successor of one that was killed, or the Model Registry was away.

    Raises:
        BadInput: a file that is not there or no Keras model, an evaluation of another model file or of
            other data, a name or a registry that cannot be.
        MissingExtra: TensorFlow, or the Model Registry's client, is not installed.
        Unavailable: the disk or a remote place fails. The version is registered all the same where it is the
            Model Registry that fails.
    """
    from archmend.networks import load_model

    check_name(request.name)
    if request.rows < 0:
        raise BadInput(f"rows must be 0 or more, got {request.rows}")
    told = _model_registry(request)
    registry = Registry(request.registry)
    with fetched(request.evaluation) as path:
        evaluation = path.read_bytes()
    with fetched(request.model) as path:
        measured = measured_of(evaluation, path.read_bytes())
        model, metadata = load_model(path)
        data = _data(request, measured)
        lineage = _lineage(request, metadata, measured, data)
        version = _repeated(request, registry, lineage, path.read_bytes(), evaluation)
        version = version or registry.register(
            path,
            evaluation,
            name=request.name,
            lineage=lineage,
            promote_margin=request.promote_margin,
            files={**_exported(model, data, request.rows), **_of_the_run(request.run_dir)},
        )
    write_atomic(request.out / REGISTERED_FILE, version.model_dump_json(indent=2) + "\n")
    if told:
        champion = registry.history(request.name)[-1].champion
        told.publish(version, champion=champion, author=request.author)
    return version


def _model_registry(request: RegisterRequest) -> ModelRegistry | None:
    """Return the Model Registry to tell; what is wrong with its address or token is said before all else."""
    if not request.model_registry:
        return None
    from archmend.kubeflow.model_registry import ModelRegistry

    return ModelRegistry(request.model_registry, token_file=request.model_registry_token_file)


def _repeated(
    request: RegisterRequest, registry: Registry, lineage: Lineage, model: bytes, evaluation: bytes
) -> Version | None:
    """Return the version that this very request made before; None where it did not, or did not end."""
    if not (request.model_registry or lineage.links.get("run")):
        return None
    digests = [hashlib.sha256(content).hexdigest() for content in (model, evaluation)]

    def same(record: Record) -> bool:
        return (
            [record.files[name].sha256 for name in ("model.keras", "evaluation.json")] == digests
            and record.lineage == lineage
            and record.promote_margin == request.promote_margin
        )

    found = registry.find(request.name, same)
    return found if found and found.promoted is not None and not found.collected else None


def _data(request: RegisterRequest, measured: Measured) -> Prepared | None:
    """Return the data that rows are taken from, after checking that it is what was measured on."""
    source = request.data
    if source is None and request.run_dir and (request.run_dir / "data" / "data.json").is_file():
        source = request.run_dir / "data"
    if source is None:
        return None
    data = open_requested(source, request)
    if measured.test_digest != data.info.test_digest:
        evaluated = (measured.test_digest or "unknown")[:12]
        raise BadInput(
            f"the evaluation was made on the test rows {evaluated} and the data {str(source)!r} has "
            f"{data.info.test_digest[:12]}; give the data that the model was evaluated on"
        )
    return data


def _exported(model: Any, data: Prepared | None, count: int) -> dict[str, bytes]:
    from archmend.evaluation import check_rows
    from archmend.registry.replay import exported

    if data is None or count == 0:
        return exported(model, None)
    check_rows(model, data.test.x)
    return exported(model, _spread(data.test.x, count))


def _spread(x: Features, count: int) -> Features:
    """Return `count` rows, evenly from the first to the last."""
    return take(x, np.unique(np.linspace(0, row_count(x) - 1, count).astype(np.int64)))


def _of_the_run(run_dir: Path | None) -> dict[str, bytes]:
    if run_dir is None:
        return {}
    return {name: (run_dir / name).read_bytes() for name in _OF_THE_RUN if (run_dir / name).is_file()}


def _lineage(
    request: RegisterRequest, made: ModelMetadata | None, measured: Measured, data: Prepared | None
) -> Lineage:
    best = _best(request.run_dir)
    return Lineage(
        run=made.run if made else None,
        trial=best.get("trial"),
        architecture=made.architecture if made else None,
        space=made.space if made else None,
        data_digest=measured.data_digest,
        split_digest=measured.split_digest,
        test_digest=measured.test_digest,
        source=data.info.source if data else None,
        code_version=made.archmend_version if made else archmend.__version__,
        packages=dict(made.packages) if made else _packages(),
        decisions=made.decisions if made else None,
        links=request.links,
    )


def _best(run_dir: Path | None) -> Mapping[str, Any]:
    path = run_dir / "best.json" if run_dir else None
    if path is None or not path.is_file():
        return {}
    try:
        best = json.loads(path.read_bytes())
    except ValueError:
        best = None
    if not isinstance(best, dict):
        raise BadInput(f"{path} is no JSON object; name the folder of a run that ended")
    return best


def _packages() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = installed.version(name)
        except installed.PackageNotFoundError:
            continue
    return found
