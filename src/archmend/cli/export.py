"""`archmend export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer

from archmend.cli import options as o


def export(
    model: Annotated[str, typer.Option(help="A .keras file.")],
    data: o.Data = "digits",
    part: Annotated[str, typer.Option(help="Rows to compare on: test, validation, train or all.")] = "test",
    weights: Annotated[
        str, typer.Option(help="What the file keeps weights as: float32, float16 or int8.")
    ] = "float32",
    target: o.Target = None,
    text: o.Text = None,
    split_seed: o.SplitSeed = None,
    validation: o.Validation = None,
    test: o.Test = None,
    impute: o.Impute = None,
    out: Annotated[Path, o.folder_option("Folder for model.tflite and export.json.")] = Path("export"),
    quiet: o.Quiet = False,
) -> None:
    """Write a model as a LiteRT (TensorFlow Lite) file, and say what it weighs, takes and loses.

    Example:  archmend export --model run/model.keras --data run/data --weights int8 --out phone
    """
    from archmend.errors import unknown_name
    from archmend.evaluation.types import PartOrAll
    from archmend.networks.lite import Weights
    from archmend.steps.export import LITE_FILE, ExportRequest
    from archmend.steps.export import export as step

    for kind, value, known in (("part", part, PartOrAll), ("kind of weights", weights, Weights)):
        if value not in get_args(known):
            raise unknown_name(kind, value, get_args(known))
    result = step(
        ExportRequest(
            model=model,
            data=data,
            part=part,
            weights=weights,
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
        for name, form in (("Keras", result.keras), ("LiteRT", result.lite)):
            typer.echo(
                f"{name:7} {form.size_bytes:>12,} bytes  {form.latency_ms.median:8.3g} ms a row  "
                f"accuracy {form.accuracy:.4f}"
            )
        typer.echo(f"both name the same class in {result.agreement:.2%} of {result.rows} rows")
        for note in result.notes:
            typer.echo(f"note: {note}")
    typer.echo(out / LITE_FILE)
