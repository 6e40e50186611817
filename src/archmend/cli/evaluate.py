"""`archmend evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer

from archmend.cli import options as o


def evaluate(
    model: Annotated[str, typer.Option(help="A .keras file.")],
    data: o.Data = "digits",
    part: Annotated[str, typer.Option(help="test, validation, train or all.")] = "test",
    target: o.Target = None,
    text: o.Text = None,
    split_seed: o.SplitSeed = None,
    validation: o.Validation = None,
    test: o.Test = None,
    impute: o.Impute = None,
    out: Annotated[Path, o.folder_option("Folder for evaluation.json.")] = Path("evaluation"),
    quiet: o.Quiet = False,
) -> None:
    """Measure a model on rows that it was not trained on, against two baselines.

    Example:  archmend evaluate --model run/model.keras --data run/data --out run
    """
    from archmend.errors import unknown_name
    from archmend.evaluation import verdict
    from archmend.evaluation.types import PartOrAll
    from archmend.steps.evaluate import EvaluateRequest
    from archmend.steps.evaluate import evaluate as step

    if part not in get_args(PartOrAll):
        raise unknown_name("part", part, get_args(PartOrAll))
    result = step(
        EvaluateRequest(
            model=model,
            data=data,
            part=part,
            target=target,
            text=text,
            split_seed=split_seed,
            validation=validation,
            test=test,
            impute=impute,
            out=out,
        )
    )
    if not quiet:
        typer.echo(verdict(result))
        typer.echo(
            f"average precision {result.average_precision:.4f}, loss {result.loss:.4f}, calibration error "
            f"{result.ece:.4f}, {result.params:,} parameters, {result.latency_ms.median:.3g} ms a row"
        )
        for note in result.notes:
            typer.echo(f"note: {note}")
    typer.echo(out / "evaluation.json")
