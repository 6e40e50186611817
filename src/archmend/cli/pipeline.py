"""`archmend pipeline`: compile, run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archmend.cli.group import NearestNames

pipeline = typer.Typer(cls=NearestNames, no_args_is_help=True, rich_markup_mode=None)


@pipeline.callback()
def kubeflow_form() -> None:
    """The same steps as a Kubeflow pipeline: compile it, or run it here without a cluster.

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
    param: Annotated[
        list[str] | None, typer.Option("--param", help="name=value of a pipeline parameter; may be repeated.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the artifacts.")] = Path("pipeline-run"),
) -> None:
    """Run the pipeline here, each step in a process of its own, as kfp's local runner does it.

    Example:  archmend pipeline run --param data=digits --param max_trials=5 --param epochs=5
    """
    from archmend.kubeflow import parse_parameters, run_locally

    typer.echo(run_locally(parse_parameters(param or []), out))
