"""`archmend prepare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archmend.cli import options as o


def prepare(
    data: o.Data,
    out: Annotated[Path, o.folder_option("The folder to write.")],
    target: o.Target = None,
    text: o.Text = None,
    split_seed: o.SplitSeed = None,
    validation: o.Validation = None,
    test: o.Test = None,
    impute: o.Impute = None,
    quiet: o.Quiet = False,
) -> None:
    """Read, check and split data.

    Example:  archmend prepare --data flowers.csv --target species --out flowers
    """
    from archmend.steps.prepare import PrepareRequest
    from archmend.steps.prepare import prepare as step

    result = step(PrepareRequest(data, out, target, split_seed, validation, test, impute, text))
    info = result.info
    if not quiet:
        rows = ", ".join(f"{name} {info.rows[name]}" for name in ("train", "validation", "test"))
        typer.echo(f"{info.format}, {len(info.classes)} classes, rows: {rows}")
        for note in info.report.notes:
            typer.echo(f"note: {note}")
    typer.echo(result.directory)
