"""Uploads a compiled pipeline: a version of it is made only where its content is new."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import archmend
from archmend.errors import Unavailable
from archmend.kubeflow.runs.failures import AbsentError, TakenError
from archmend.kubeflow.runs.package import Package
from archmend.kubeflow.runs.server import Server


@dataclass(frozen=True)
class Uploaded:
    """A version of a pipeline at the server.

    Attributes:
        pipeline_id: of the pipeline. version_id: of the version. name: of the version.
        new: whether this call made it. link: to its graph in the user interface.
    """

    pipeline_id: str
    version_id: str
    name: str
    new: bool
    link: str


def upload(server: Server, package: Package) -> Uploaded:
    """Upload a pipeline unless a version with this content is there.

    The version's name is its digest, and the server refuses a second one of a name: of two that upload at the
    same moment, one finds the other's.

    Args:
        server: to upload to.
        package: the compiled pipeline.

    Raises:
        ArchmendError: see `Server.ask`.
    """
    pipeline = find_pipeline(server, package.name) or _make(server, package)
    version = _version(server, pipeline, package)
    new = version is None
    if version is None:
        with contextlib.suppress(TakenError):
            server.ask(
                f"upload the pipeline {package.path}",
                server.uploads.upload_pipeline_version,
                str(package.path),
                name=package.version_name,
                display_name=package.version_name,
                pipelineid=pipeline,
                description=f"archmend {archmend.__version__}, sha256:{package.digest}",
            )
        version = _version(server, pipeline, package)
    if version is None:
        raise Unavailable(f"{server.where} took the pipeline {package.name} and does not list it; try again")
    link = server.links.version(pipeline, version)
    return Uploaded(pipeline, version, package.version_name, new, link)


def find_pipeline(server: Server, name: str) -> str | None:
    """Return the id of a pipeline, None where there is none.

    Raises:
        ArchmendError: see `Server.ask`.
    """
    try:
        found = server.ask(
            f"look for the pipeline {name}",
            server.pipelines.pipeline_service_get_pipeline_by_name,
            name,
            namespace=server.namespace,
        )
    except AbsentError:
        return None
    return str(found.pipeline_id)


def _make(server: Server, package: Package) -> str:
    import kfp_server_api as api

    with contextlib.suppress(TakenError):
        server.ask(
            f"make the pipeline {package.name}",
            server.pipelines.pipeline_service_create_pipeline,
            api.V2beta1Pipeline(
                name=package.name,
                display_name=package.name,
                description=package.description,
                namespace=server.namespace or None,
            ),
        )
    made = find_pipeline(server, package.name)
    if made is None:
        raise Unavailable(f"{server.where} made the pipeline {package.name} and does not list it; try again")
    return made


def _version(server: Server, pipeline: str, package: Package) -> str | None:
    listed = server.every(
        f"list the versions of pipeline {package.name}",
        server.pipelines.pipeline_service_list_pipeline_versions,
        "pipeline_versions",
        pipeline,
        sort_by="created_at desc",
    )
    named = (each for each in listed if package.version_name in (each.name, each.display_name))
    return next((str(each.pipeline_version_id) for each in named), None)
