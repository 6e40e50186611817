"""The commands by name. Each imports what it needs when it runs, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

import archmend
from archmend.cli.evaluate import evaluate
from archmend.cli.export import export
from archmend.cli.group import NearestNames
from archmend.cli.katib import katib
from archmend.cli.pipeline import pipeline
from archmend.cli.prepare import prepare
from archmend.cli.register import register
from archmend.cli.registry import registry
from archmend.cli.repair import repair
from archmend.cli.run import run
from archmend.cli.schedule import schedule
from archmend.cli.search import search
from archmend.cli.serve_suggestion import serve_suggestion
from archmend.cli.spaces import spaces
from archmend.cli.trial import trial

app = typer.Typer(
    cls=NearestNames,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(archmend.__version__)
        raise typer.Exit


@app.callback()
def archmend_(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Search a network's architecture, repair the winner while it trains, evaluate and register it.

    Examples, on the built-in digits where nothing else is said:

    \b
      archmend run
      archmend prepare --data flowers.csv --target species --out flowers
      archmend spaces show conv
      archmend search --space conv --max-seconds 60 --max-params 20000 --out found
      archmend repair --space fc --arch random --epochs 20 --out mended
      archmend evaluate --model mended/model.keras --out mended
      archmend register --model mended/model.keras --evaluation mended/evaluation.json --name digits
      archmend registry verify digits
      archmend pipeline run --param max_trials=5 --out pipeline-run

    Exit codes: 0 done, 1 a defect of archmend, 2 bad input, 3 nothing succeeded, 4 something outside is
    unavailable (a service, the disk, memory), 130 and 143 interrupted with the journal kept.
    """  # noqa: D301  (the backspace keeps the examples' lines)


app.command()(run)
app.command()(prepare)
app.add_typer(spaces, name="spaces")
app.command()(search)
app.command()(repair)
app.command()(evaluate)
app.command()(export)
app.command()(register)
app.add_typer(registry, name="registry")
app.add_typer(pipeline, name="pipeline")
app.add_typer(schedule, name="schedule")
app.command("serve-suggestion")(serve_suggestion)
app.command()(trial)
app.add_typer(katib, name="katib")
