"""The flags by which commands find Kubeflow Pipelines."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from archmend.kubeflow.runs import Server

Host = Annotated[
    str,
    typer.Option(
        help="http(s)://... of Kubeflow Pipelines; the kube context's by a port-forward unless given."
    ),
]
Namespace = Annotated[str, typer.Option(help="The profile, in multi-user mode.")]
TokenFile = Annotated[Path | None, typer.Option(help="Holds a token with audience pipelines.kubeflow.org.")]
Ui = Annotated[str, typer.Option(help="Address of the user interface for links; the host unless given.")]
Param = Annotated[
    list[str] | None, typer.Option("--param", help="name=value of a pipeline parameter; may be repeated.")
]
PipelineFile = Annotated[
    Path | None, typer.Option("--pipeline", help="A compiled YAML; archmend's own unless given.")
]


def server_of(host: str, namespace: str, token_file: Path | None, ui: str) -> AbstractContextManager[Server]:
    """Return the context that connects as the flags say."""
    from archmend.kubeflow.runs import connected

    return connected(host, namespace=namespace, token_file=token_file, ui=ui)


def say_how_to_look(server: Server) -> None:
    """Say on stderr how a link is reached, where it takes a port-forward."""
    if server.links.hint:
        print(f"for the link: {server.links.hint}", file=sys.stderr)
