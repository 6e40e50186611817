"""`archmend register`."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from archmend.cli import options as o


def register(
    model: Annotated[str, typer.Option(help="A .keras file.")],
    evaluation: Annotated[str, typer.Option(help="Its evaluation.json.")],
    name: Annotated[str, typer.Option(help="Of the model in the registry.")],
    registry: Annotated[
        str, typer.Option(help="Folder of the registry, or s3://bucket/prefix.")
    ] = "registry",
    promote_margin: Annotated[
        float, typer.Option(help="How much better than the champion, 0 to 1, to take its place.")
    ] = 0.0,
    data: Annotated[str | None, typer.Option(help="As it was evaluated on, for rows to verify by.")] = None,
    target: o.Target = None,
    text: o.Text = None,
    split_seed: o.SplitSeed = None,
    validation: o.Validation = None,
    test: o.Test = None,
    impute: o.Impute = None,
    run_dir: Annotated[
        Path | None,
        typer.Option("--run", help="Folder of the run, for the lineage; the model's unless given."),
    ] = None,
    model_registry: Annotated[
        str, typer.Option(help="http(s)://host:port of a Kubeflow Model Registry to tell of it as well.")
    ] = "",
    model_registry_token_file: Annotated[
        Path | None, typer.Option(help="Holds the token that it asks for.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for registered.json; the evaluation's unless given.")
    ] = None,
    quiet: o.Quiet = False,
) -> None:
    """Add a model to a registry, and make it the champion if it is better than the one there is.

    Example:  archmend register --model run/model.keras --evaluation run/evaluation.json --name digits
    """
    from archmend.steps.register import RegisterRequest
    from archmend.steps.register import register as step
    from archmend.storage import is_remote, local_path

    def beside(uri: str) -> Path:
        return Path() if is_remote(uri) else local_path(uri).parent

    if run_dir is None and (beside(model) / "run.json").is_file():
        run_dir = beside(model)
    version = step(
        RegisterRequest(
            model=model,
            evaluation=evaluation,
            registry=registry,
            name=name,
            promote_margin=promote_margin,
            data=data,
            target=target,
            text=text,
            split_seed=split_seed,
            validation=validation,
            test=test,
            impute=impute,
            run_dir=run_dir,
            out=out or beside(evaluation),
            model_registry=model_registry,
            model_registry_token_file=model_registry_token_file,
            author=_user() if model_registry else "",
        )
    )
    if not quiet and version.reason:
        typer.echo(version.reason)
    typer.echo(
        f"{version.registry}: {version.name} version {version.version} {' '.join(version.aliases)}".rstrip()
    )
    if model_registry:
        typer.echo(f"{model_registry}: {version.name} version {version.version}")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a number without a name, as in a container
        return ""
