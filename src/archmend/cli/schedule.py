"""`archmend schedule`: apply, list, delete, run-now."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from archmend.cli.group import NearestNames
from archmend.cli.options import Quiet
from archmend.cli.server_flags import Host, Namespace, TokenFile, Ui, say_how_to_look, server_of

schedule = typer.Typer(cls=NearestNames, no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="Of the schedule.")]


@schedule.callback()
def by_the_clock() -> None:
    """Runs of the pipeline by the clock, as files declare them.

    Example:  archmend schedule apply schedules/example.yaml
    """


@schedule.command("apply")
def apply_(
    files: Annotated[list[Path], typer.Argument(help="YAML, one schedule a document.")],
    controller_time_zone: Annotated[
        str, typer.Option(help="Of Kubeflow's clock, where it cannot be seen in the cluster.")
    ] = "",
    host: Host = "",
    namespace: Namespace = "",
    token_file: TokenFile = None,
    ui: Ui = "",
    quiet: Quiet = False,
) -> None:
    """Make the schedules what the files say; again, it changes nothing.

    Example:  archmend schedule apply schedules/*.yaml
    """
    from archmend.errors import BadInput
    from archmend.kubeflow.runs import apply_plan, load_schedules, plan_schedule

    # All files are read and checked before anything is changed.
    declared = [(path, *each) for path in files for each in load_schedules(path)]
    places: dict[str, Path] = {}
    for path, each, _ in declared:
        if each.name in places:
            raise BadInput(f"schedule {each.name} stands in {places[each.name]} and {path}; rename one")
        places[each.name] = path
    with server_of(host, namespace, token_file, ui) as server:
        plans = [
            plan_schedule(server, each, pipeline, controller_zone=controller_time_zone)
            for _, each, pipeline in declared
        ]
        for plan in plans:
            applied = apply_plan(server, plan)
            typer.echo(f"{applied.name}: {applied.done}  {applied.link}")
            for note in applied.notes:
                print(f"{applied.name}: {note}", file=sys.stderr)
        if not quiet:
            say_how_to_look(server)


@schedule.command("list")
def list_(host: Host = "", namespace: Namespace = "", token_file: TokenFile = None, ui: Ui = "") -> None:
    """List the schedules, those that others made as well.

    Example:  archmend schedule list
    """
    from archmend.cli.tables import print_table
    from archmend.kubeflow.runs import list_schedules

    with server_of(host, namespace, token_file, ui) as server:
        rows = [
            (
                each.name,
                each.when,
                "enabled" if each.enabled else "disabled",
                each.last.isoformat() if each.last else "",
                each.state,
                "archmend" if each.ours else "other",
                each.link,
            )
            for each in list_schedules(server)
        ]
    print_table(("name", "when", "is", "last run", "ended", "made by", "link"), rows)


@schedule.command("delete")
def delete_(
    names: Annotated[list[str], typer.Argument(help="Of schedules.")],
    host: Host = "",
    namespace: Namespace = "",
    token_file: TokenFile = None,
    ui: Ui = "",
) -> None:
    """Delete schedules; the runs they have started go on.

    Example:  archmend schedule delete digits-nightly
    """
    from archmend.kubeflow.runs import delete_schedule

    with server_of(host, namespace, token_file, ui) as server:
        for name in names:
            delete_schedule(server, name)
            typer.echo(f"{name}: deleted")


@schedule.command("run-now")
def run_now_(
    name: Name,
    host: Host = "",
    namespace: Namespace = "",
    token_file: TokenFile = None,
    ui: Ui = "",
    quiet: Quiet = False,
) -> None:
    """Start what a schedule starts, now and once.

    Example:  archmend schedule run-now digits-nightly
    """
    from archmend.kubeflow.runs import run_now

    with server_of(host, namespace, token_file, ui) as server:
        typer.echo(run_now(server, name).link)
        if not quiet:
            say_how_to_look(server)
