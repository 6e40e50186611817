"""`archmend pipeline`: compile, run, upload, submit."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from archmend.cli import options as o
from archmend.cli.group import NearestNames
from archmend.cli.server_flags import (
    Host,
    Namespace,
    Param,
    PipelineFile,
    TokenFile,
    Ui,
    say_how_to_look,
    server_of,
)

pipeline = typer.Typer(cls=NearestNames, no_args_is_help=True, rich_markup_mode=None)


@pipeline.callback()
def kubeflow_form() -> None:
    """The same steps as a Kubeflow pipeline: on a cluster, or here without one.

    Example:  archmend pipeline run --param data=digits --param max_trials=5
    """


@pipeline.command("compile")
def compile_(
    out: Annotated[Path, typer.Option(help="The YAML file to write.")] = Path("archmend.yaml"),
) -> None:
    """Write the pipeline's YAML, for the Kubeflow UI or the kfp client.

    Example:  archmend pipeline compile --out archmend.yaml
    """
    from archmend.kubeflow import compile_pipeline

    typer.echo(compile_pipeline(out))


@pipeline.command("run")
def run_(
    param: Param = None,
    out: Annotated[Path, o.folder_option("Folder for the artifacts.")] = Path("pipeline-run"),
) -> None:
    """Run the pipeline here, each step in a process of its own, as kfp's local runner does it.

    Example:  archmend pipeline run --param data=digits --param max_trials=5 --param epochs=5
    """
    from archmend.kubeflow import parse_parameters, run_locally

    typer.echo(run_locally(parse_parameters(param or []), out))


@pipeline.command("upload")
def upload_(
    pipeline_file: PipelineFile = None,
    host: Host = "",
    namespace: Namespace = "",
    token_file: TokenFile = None,
    ui: Ui = "",
    quiet: o.Quiet = False,
) -> None:
    """Upload the pipeline to Kubeflow Pipelines, unless what it holds is there already.

    Example:  archmend pipeline upload
    """
    from archmend.kubeflow.runs import load_package, upload

    package = load_package(pipeline_file)
    with server_of(host, namespace, token_file, ui) as server:
        made = upload(server, package)
        typer.echo(f"{package.name} {made.name}: {'uploaded' if made.new else 'unchanged'}  {made.link}")
        if not quiet:
            say_how_to_look(server)


@pipeline.command("submit")
def submit_(
    param: Param = None,
    pipeline_file: PipelineFile = None,
    run_name: Annotated[str, typer.Option(help="The pipeline's name and the time unless given.")] = "",
    experiment: Annotated[str, typer.Option(help="Groups runs in the user interface.")] = "archmend",
    no_caching: Annotated[bool, typer.Option("--no-caching", help="Do every step anew.")] = False,
    service_account: Annotated[str, typer.Option(help="Of the run's pods.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it ends, and end as it does.")] = False,
    max_wait: Annotated[
        float | None, typer.Option(help="With --wait: seconds after which to leave it running.")
    ] = None,
    host: Host = "",
    namespace: Namespace = "",
    token_file: TokenFile = None,
    ui: Ui = "",
    quiet: o.Quiet = False,
) -> None:
    """Start a run on Kubeflow Pipelines and print the link to its page.

    With --wait the exit code is the run's: 0 where it succeeded, 1 where it did not.

    Example:  archmend pipeline submit --param data=digits --param max_trials=5 --wait
    """
    from archmend.errors import BadInput, Interrupted
    from archmend.kubeflow import parse_parameters
    from archmend.kubeflow.runs import Step, checked_parameters, follow, load_package, submit

    if max_wait is not None and not wait:
        raise BadInput("--max-wait is for --wait; add that, or leave it out")
    if max_wait is not None and not max_wait >= 0:
        raise BadInput(f"--max-wait must be at least 0 seconds, got {max_wait:g}")
    package = load_package(pipeline_file)
    # Before the server is asked for, which may be away.
    given = checked_parameters(parse_parameters(param or []), package.inputs)

    def show(step: Step) -> None:
        if not quiet:
            took = "" if step.seconds is None else f" ({step.seconds:.0f} s)"
            print(f"{step.name} {step.state}{took}", file=sys.stderr)

    with server_of(host, namespace, token_file, ui) as server:
        run = submit(
            server,
            package,
            given,
            experiment=experiment,
            name=run_name,
            caching=not no_caching,
            service_account=service_account,
        )
        typer.echo(run.link)
        # Whoever reads this through a pipe has the link before the run's end.
        sys.stdout.flush()
        if not quiet:
            say_how_to_look(server)
        if not wait:
            return
        try:
            follow(server, run.run_id, package.steps, on_step=show, seconds=max_wait)
        except KeyboardInterrupt as error:
            raise Interrupted(
                f"no longer waiting; the run goes on: {run.link}", signal_number=signal.SIGINT
            ) from error
