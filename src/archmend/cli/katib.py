"""`archmend katib`: what belongs to Katib in the cluster."""

from __future__ import annotations

from typing import Annotated

import typer

from archmend.cli.group import NearestNames

katib = typer.Typer(cls=NearestNames, no_args_is_help=True, rich_markup_mode=None)


@katib.callback()
def looks_after() -> None:
    """Look after what archmend has in Katib.

    Example:  archmend katib install-suggestions
    """


@katib.command("install-suggestions")
def install_suggestions(
    image: Annotated[
        str | None,
        typer.Option(envvar="ARCHMEND_SUGGESTION_IMAGE", help="Of the service; that of this version."),
    ] = None,
    namespace: Annotated[str, typer.Option(help="Of Katib.")] = "kubeflow",
    cpu: Annotated[str, typer.Option(help="Limit of a suggestion's container.")] = "1",
    memory: Annotated[str, typer.Option(help="Limit of a suggestion's container.")] = "512Mi",
    restricted: Annotated[
        bool,
        typer.Option(
            "--restricted", help="Also for namespaces under the restricted standard; restarts Katib once."
        ),
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take them out.")] = False,
) -> None:
    """Make archmend's strategies known to Katib as archmend-NAME, once or again.

    Example:  archmend katib install-suggestions --memory 1Gi
    """
    from archmend.kubeflow.image import SUGGESTION_IMAGE
    from archmend.kubeflow.katib_install import install_suggestions as install

    done = install(
        image or SUGGESTION_IMAGE,
        namespace=namespace,
        cpu=cpu,
        memory=memory,
        inject=restricted,
        remove=remove,
    )
    names = ", ".join(done.algorithms) or "none of ours"
    typer.echo(f"Katib in {namespace} knows {names}{'' if done.changed else ' already'}")
    if done.restarted:
        typer.echo("its controller restarts")
