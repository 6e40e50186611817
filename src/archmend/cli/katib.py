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
    print_: Annotated[
        bool, typer.Option("--print", help="Only print the entries for Katib's configuration.")
    ] = False,
) -> None:
    """Make archmend's strategies known to Katib as archmend-NAME, once or again.

    Example:  archmend katib install-suggestions --memory 1Gi
    """
    from archmend.errors import BadInput
    from archmend.kubeflow.image import SUGGESTION_IMAGE
    from archmend.kubeflow.katib_install import install_suggestions as install

    if print_:
        from archmend.kubeflow.katib_config import entries_text, entry
        from archmend.kubeflow.suggestion import algorithm_names

        if remove or restricted:
            flag = "--remove" if remove else "--restricted"
            raise BadInput(f"--print shows entries and changes nothing in a cluster; leave out {flag}")
        served = image or SUGGESTION_IMAGE
        entries = [entry(name, served, cpu=cpu, memory=memory) for name in algorithm_names()]
        typer.echo(entries_text(entries), nl=False)
        return
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


@katib.command()
def gc(
    older_than: Annotated[str, typer.Option(help="Since an experiment ended: 90m, 12h, 7d.")] = "7d",
    namespace: Annotated[str, typer.Option(help="Of the experiments; the context's unless given.")] = "",
) -> None:
    """Remove archmend's experiments that ended long ago, and stop those whose pipeline run is over.

    Their records and weights in the object store stay; its lifecycle rules are for those.

    Example:  archmend katib gc --older-than 2d --namespace kubeflow
    """
    from archmend.kubeflow.katib.client import KatibClient
    from archmend.steps.katib_tidy import collect, parse_age

    age = parse_age(older_than)  # before the cluster is asked for, which may be away
    done = collect(KatibClient(namespace), age)
    for name in done.stopped:
        typer.echo(f"stopped {name}")
    for name in done.removed:
        typer.echo(f"removed {name}")
    if not (done.stopped or done.removed):
        typer.echo("nothing to remove")


@katib.command()
def stop(
    name: Annotated[str, typer.Argument(help="Of the experiment, as the search says it.")],
    namespace: Annotated[str, typer.Option(help="Of the experiment; the context's unless given.")] = "",
) -> None:
    """End an experiment where it is; what its trials found stays.

    Example:  archmend katib stop archmend-0a1b2c3d4e5f --namespace kubeflow
    """
    from archmend.errors import BadInput
    from archmend.kubeflow.katib.client import KatibClient

    client = KatibClient(namespace)
    if client.experiment(name) is None:
        raise BadInput(
            f"there is no experiment {name!r} in namespace {client.namespace}; see kubectl get experiments -A"
        )
    client.stop(name, "somebody asked for it")
    typer.echo(f"stopped {name}")
