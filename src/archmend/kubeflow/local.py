"""The compiled pipeline under kfp's local runner: each task in a process of its own, no container."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from archmend.errors import ArchmendError, BadInput, MissingExtra
from archmend.kubeflow.compiled import compiled_pipeline


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
    from archmend.kubeflow.runs import checked_parameters, load_package

    arguments = checked_parameters(parameters, load_package().inputs)
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
            components.load_component_from_file(str(compiled_pipeline()))(**arguments)
        except RuntimeError as error:
            raise PipelineFailed(" ".join(str(error).split())) from error
    return out
