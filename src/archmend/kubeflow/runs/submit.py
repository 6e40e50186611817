"""Starts a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archmend.kubeflow.runs.package import Package
from archmend.kubeflow.runs.parameters import checked_parameters
from archmend.kubeflow.runs.server import Server
from archmend.kubeflow.runs.upload import upload

EXPERIMENT = "archmend"


@dataclass(frozen=True)
class Submitted:
    """A run that was started.

    Attributes:
        run_id: of the run. name: of the run. link: to its page in the user interface.
    """

    run_id: str
    name: str
    link: str


def submit(
    server: Server,
    package: Package,
    parameters: Mapping[str, Any],
    *,
    experiment: str = EXPERIMENT,
    name: str = "",
    caching: bool = True,
    service_account: str = "",
) -> Submitted:
    """Start a run of a pipeline, which is uploaded first where its content is new.

    Args:
        server: to run on.
        package: the compiled pipeline.
        parameters: by name; the others keep their defaults.
        experiment: that groups runs; made if it is new.
        name: of the run; the pipeline's and the time unless given.
        caching: as compiled, or off in every step. Off, the run carries its own pipeline: the server knows no
            such switch for an uploaded one.
        service_account: of the run's pods; the server's default unless given.

    Raises:
        ArchmendError: see `checked_parameters` and `Server.ask`.
    """
    import kfp_server_api as api

    typed = checked_parameters(parameters, package.inputs)
    source: dict[str, Any]
    if caching:
        version = upload(server, package)
        reference = api.V2beta1PipelineVersionReference(
            pipeline_id=version.pipeline_id, pipeline_version_id=version.version_id
        )
        source = {"pipeline_version_reference": reference}
    else:
        source = {"pipeline_spec": package.without_caching()}
    group = server.experiment(experiment)
    name = name or f"{package.name} {server.now():%Y-%m-%d %H:%M:%S}"
    return start_run(server, name, group, typed, source, service_account)


def start_run(
    server: Server,
    name: str,
    experiment_id: str,
    parameters: Mapping[str, Any],
    source: Mapping[str, Any],
    service_account: str,
) -> Submitted:
    """Start a run of what `source` names: `pipeline_version_reference` or `pipeline_spec`.

    Raises:
        ArchmendError: see `Server.ask`.
    """
    import kfp_server_api as api

    made = server.ask(
        f"start the run {name}",
        server.runs.run_service_create_run,
        api.V2beta1Run(
            display_name=name,
            experiment_id=experiment_id,
            runtime_config=api.V2beta1RuntimeConfig(parameters=dict(parameters)),
            service_account=service_account or None,
            **source,
        ),
    )
    return Submitted(str(made.run_id), name, server.links.run(made.run_id))
