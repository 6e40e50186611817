"""`archmend repair`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archmend.cli import options as o

if TYPE_CHECKING:
    from archmend.steps.repair import RepairRequest


def repair(
    out: Annotated[Path, o.folder_option("Folder for the repaired model and its files.")],
    data: o.Data = "digits",
    target: o.Target = None,
    text: o.Text = None,
    arch: Annotated[str | None, typer.Option(help="Code of an architecture of --space, or random.")] = None,
    space: Annotated[
        str | None, typer.Option(help="The repaired architecture stays in it; a name or a file.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="A .keras file to repair instead.")] = None,
    strategy: Annotated[str, typer.Option(help="auto, learned, max_entropy, rules or random.")] = "auto",
    epochs: Annotated[int, typer.Option(help="Epochs to train.")] = 30,
    batch_size: o.BatchSize = 32,
    optimizer: o.Optimizer = "adam",
    learning_rate: o.LearningRate = None,
    max_seconds: o.MaxSeconds = None,
    max_repairs: Annotated[int | None, typer.Option(help="Remedies to try.")] = None,
    seed: o.Seed = 0,
    split_seed: o.SplitSeed = None,
    validation: o.Validation = None,
    test: o.Test = None,
    impute: o.Impute = None,
    watch: Annotated[str, typer.Option(help="full, or light: it costs less and sees later.")] = "full",
    diagnose: Annotated[
        bool, typer.Option("--diagnose", help="Only look, at the start and the first batches, and tell.")
    ] = False,
    quiet: o.Quiet = False,
) -> None:
    """Train an architecture or a Keras model, and mend it on the way.

    Example:  archmend repair --data digits --space fc --arch 6-8-8-8-8-8-8-relu-none-0-0.01 --out mended
    """
    from archmend.cli.display import Display
    from archmend.repair.words import in_words
    from archmend.steps.repair import RepairRequest
    from archmend.steps.repair import repair as step

    request = RepairRequest(
        data=data,
        out=out,
        arch=arch,
        model=model,
        space=space,
        strategy=strategy,
        epochs=epochs,
        batch_size=batch_size,
        max_seconds=max_seconds,
        max_repairs=max_repairs,
        watch=watch,
        optimizer=optimizer,
        learning_rate=learning_rate,
        seed=seed,
        target=target,
        text=text,
        split_seed=split_seed,
        validation=validation,
        test=test,
        impute=impute,
    )
    if diagnose:
        _diagnose(request, quiet)
        return
    with Display(quiet) as display:
        outcome = step(request, display.repair)
    if not quiet:
        for decision in outcome.decisions:
            typer.echo(f"epoch {decision.epoch}: {in_words(decision)}")
        metrics = ", ".join(f"{name} {value:.4f}" for name, value in outcome.metrics.items())
        typer.echo(f"validation: {metrics}; {len(outcome.decisions)} remedies tried")
        for line in outcome.record.patch:
            typer.echo(f"to have been right from the start: {line}")
    typer.echo(outcome.model_path)


def _diagnose(request: RepairRequest, quiet: bool) -> None:
    from archmend.steps.diagnose import DIAGNOSIS
    from archmend.steps.diagnose import diagnose as step

    found = step(request)
    if not quiet:
        for line in found.lines():
            typer.echo(line)
    typer.echo(request.out / DIAGNOSIS)
