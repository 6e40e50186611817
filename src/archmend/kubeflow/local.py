"""The compiled pipeline under kfp's local runner: each task in a process of its own, no container."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from archmend.errors import ArchmendError, BadInput, MissingExtra, unknown_name
from archmend.kubeflow.compiled import compiled_pipeline

_NUMBERS = {"NUMBER_INTEGER": int, "NUMBER_DOUBLE": float}


class PipelineFailed(ArchmendError):
    """A task of the pipeline ended with an error; its own words stand above in the log."""


def parse_parameters(texts: Sequence[str]) -> dict[str, str]:
    """Return names and texts from `name=value` arguments.

    Raises:
        BadInput: one without a name or an equals sign, or one twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise BadInput(f"--param {text!r} is no parameter; write name=value")
        if name in found:
            raise BadInput(f"--param {name} is given twice; leave one out")
        found[name] = value
    return found


def run_locally(parameters: Mapping[str, str], out: Path) -> Path:
    """Run the DAG here and return the folder with its artifacts.

    Args:
        parameters: pipeline parameters as texts; the others keep their defaults.
        out: for the artifacts; made if it is not there. The registry lies in it unless a parameter says
            otherwise.

    Raises:
        BadInput: an unknown parameter, a value of another type, an output folder that cannot be used.
        MissingExtra: kfp is not installed. PipelineFailed: a task did.
    """
    try:
        from kfp import components, local
    except ModuleNotFoundError as error:
        raise MissingExtra("kfp", "kubeflow") from error
    task = components.load_component_from_file(str(compiled_pipeline()))
    arguments = _typed(parameters, task.pipeline_spec.root.input_definitions.parameters)
    out = out.resolve()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput(f"--out {out} is not an empty folder; choose another")
    arguments.setdefault("registry", str(out / "registry"))
    if (given := arguments.get("data")) and Path(given).exists():
        arguments["data"] = str(Path(given).resolve())
    # The tasks are started as `python3`, which must be this Python with this archmend.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    with warnings.catch_warnings():
        # Of images whose name has no "python" in it; nothing is pulled here.
        warnings.filterwarnings("ignore", category=RuntimeWarning)
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=str(out), raise_on_error=True)
        try:
            task(**arguments)
        except RuntimeError as error:
            raise PipelineFailed(" ".join(str(error).split())) from error
    return out


def _typed(parameters: Mapping[str, str], declared: Mapping[str, Any]) -> dict[str, Any]:
    from kfp.pipeline_spec import pipeline_spec_pb2

    kinds = pipeline_spec_pb2.ParameterType.ParameterTypeEnum
    found: dict[str, Any] = {}
    for name, text in parameters.items():
        if name not in declared:
            raise unknown_name("pipeline parameter", name, declared)
        kind = kinds.Name(declared[name].parameter_type)
        try:
            if kind == "BOOLEAN":
                found[name] = bool(json.loads(text.lower()))
            else:
                found[name] = _NUMBERS[kind](text) if kind in _NUMBERS else text
        except ValueError as error:
            wanted = {"NUMBER_INTEGER": "a whole number", "NUMBER_DOUBLE": "a number"}.get(
                kind, "true or false"
            )
            raise BadInput(f"--param {name}={text} is of the wrong type; give {wanted}") from error
    return found
