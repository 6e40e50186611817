"""`archmend registry`: list, show, verify, rollback, gc."""

from __future__ import annotations

from typing import Annotated

import typer

from archmend.cli.group import NearestNames
from archmend.cli.tables import print_table

registry = typer.Typer(cls=NearestNames, no_args_is_help=True, rich_markup_mode=None)

Where = Annotated[str, typer.Option("--registry", help="Folder of the registry, or s3://bucket/prefix.")]
Name = Annotated[str, typer.Argument(help="Of the model.")]
Number = Annotated[str, typer.Argument(help="A number, champion or previous.")]


@registry.callback()
def looks_after() -> None:
    """Look after the registry.

    Example:  archmend registry list
    """


@registry.command("list")
def list_versions(
    name: Annotated[str | None, typer.Argument(help="Of one model; all unless given.")] = None,
    where: Where = "registry",
) -> None:
    """List the versions, the oldest first.

    Example:  archmend registry list digits
    """
    from archmend.registry import Registry

    rows = [
        (
            version.name,
            str(version.version),
            " ".join(version.aliases),
            f"{version.measured.accuracy:.4f}",
            "" if version.measured.params is None else f"{version.measured.params:,}",
            version.created,
            version.lineage.architecture or "",
        )
        for version in Registry(where).list(name)
    ]
    print_table(("name", "version", "alias", "accuracy", "params", "created", "architecture"), rows)


@registry.command()
def show(name: Name, version: Number = "champion", where: Where = "registry") -> None:
    """Show a version's record: files, figures and lineage, as JSON.

    Example:  archmend registry show digits champion
    """
    from archmend.registry import Registry

    typer.echo(Registry(where).show(name, _number(version)).model_dump_json(indent=2))


@registry.command()
def verify(name: Name, version: Number = "champion", where: Where = "registry") -> int:
    """Check a version's files, load its model, predict the stored rows again and compare.

    Example:  archmend registry verify digits
    """
    from archmend.registry import Registry

    found = Registry(where).verify(name, _number(version))
    for problem in found.problems:
        typer.echo(f"archmend: {problem}", err=True)
    if not found.ok:
        return 2
    checked = f"{found.files} files, {found.rows} rows predicted alike"
    typer.echo(f"{found.name} version {found.version} is whole: {checked}")
    return 0


@registry.command()
def rollback(
    name: Name,
    to: Annotated[str, typer.Option(help="Version to go back to.")] = "previous",
    where: Where = "registry",
) -> None:
    """Make an earlier version the champion again.

    Example:  archmend registry rollback digits --to 3
    """
    from archmend.registry import Registry

    version = Registry(where).rollback(name, _number(to))
    typer.echo(f"{version.name} version {version.version} is the champion")


@registry.command()
def gc(
    keep: Annotated[
        int, typer.Option(help="Newest versions of each model to keep, besides the aliases.")
    ] = 5,
    where: Where = "registry",
) -> None:
    """Remove the files of old versions; their records stay.

    Example:  archmend registry gc --keep 3
    """
    from archmend.registry import Registry

    gone = Registry(where).gc(keep=keep)
    typer.echo(f"removed {len(gone.versions)} versions, {gone.blobs} files, {gone.bytes:,} bytes")


def _number(version: str) -> int | str:
    return int(version) if version.isdigit() else version
