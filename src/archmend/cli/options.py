"""Flags that several commands share, each described once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from archmend.errors import BadInput


def folder_of(given: str | Path) -> Path:
    """Return a path, of a default too; an empty one, as of an unset variable, would be this folder.

    Raises:
        BadParameter: it is empty.
    """
    if not str(given).strip():
        raise typer.BadParameter("it is empty; name a folder")
    return Path(given)


def folder_option(text: str) -> Any:
    """Return an option that takes a folder, with this help."""
    return typer.Option(help=text, parser=folder_of, metavar="PATH")


Out = Annotated[Path | None, folder_option("Folder of the run; a new one under runs/ unless given.")]
Data = Annotated[
    str,
    typer.Option(
        help="digits, mnist:PATH, an .npz, .csv or .parquet file, a folder of class folders of images, or a "
        "prepared folder; also file://, s3:// and minio://."
    ),
]
Target = Annotated[str | None, typer.Option(help="The column of labels, for tables.")]
Text = Annotated[
    str | None,
    typer.Option(help="The column of texts, for tables; one that is alone beside --target is recognised."),
]
SplitSeed = Annotated[int | None, typer.Option(help="Which rows go where; 0 unless given.")]
Validation = Annotated[float | None, typer.Option(help="Share of the rows to choose by; 0.15 unless given.")]
Test = Annotated[float | None, typer.Option(help="Share of the rows to test on; 0.15 unless given.")]
Impute = Annotated[str | None, typer.Option(help="median, mean or zero in place of NaN and infinity.")]
Seed = Annotated[int, typer.Option(help="Of everything that is drawn.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print the result alone.")]

SpaceName = Annotated[str, typer.Option("--space", help="See `archmend spaces`; or a .yaml or .py file.")]
Strategy = Annotated[
    str,
    typer.Option(
        help="auto, surrogate, max_entropy, tpe, local_search, evolution, reinforce, nsga2, asha, hyperband, "
        "grid or random, with settings as name:key=value,key=value."
    ),
]
Objective = Annotated[
    str,
    typer.Option(help="accuracy, average_precision, loss, params, flops, latency_ms; several with commas."),
]
MaxTrials = Annotated[int | None, typer.Option(help="Trials to train.")]
MaxSeconds = Annotated[float | None, typer.Option(help="Wall time, a hard limit.")]
MaxParams = Annotated[int | None, typer.Option(help="Trainable parameters of a network.")]
MaxFlops = Annotated[int | None, typer.Option(help="2 x multiply-accumulates of one row.")]
MaxLatency = Annotated[float | None, typer.Option("--max-latency-ms", help="Measured, of one row.")]
TargetValue = Annotated[float | None, typer.Option(help="Stop when the first objective is this good.")]
Epochs = Annotated[int, typer.Option(help="Epochs of each trial.")]
BatchSize = Annotated[int, typer.Option(help="Rows a step.")]
Optimizer = Annotated[str, typer.Option(help="adam, adamw, nadam, rmsprop, sgd, momentum or adagrad.")]
LearningRate = Annotated[float | None, typer.Option(help="Where the space does not choose it.")]
Inherit = Annotated[str, typer.Option(help="Start a trial from the weights of: best, parent or none.")]
Confirm = Annotated[
    int | None,
    typer.Option(help="Train the best so many again, 3 times each with fresh seeds, and let these decide."),
]
WarmStart = Annotated[
    list[str] | None,
    typer.Option(
        "--warm-start",
        help="Folder (or trials.jsonl) of an earlier run, whose trials tell where to begin; may be repeated.",
    ),
]
Workers = Annotated[int | None, typer.Option(help="Processes; one a core, at most 4, unless given.")]
NoFuse = Annotated[bool, typer.Option("--no-fuse", help="Train each trial by itself.")]
Population = Annotated[
    int | None,
    typer.Option(help="Trials that a process trains together; as many as suit unless given."),
]
MaxMemory = Annotated[
    str | None, typer.Option(help="Of all processes together, such as 4GiB; 2GiB unless given.")
]
EarlyStopping = Annotated[
    str | None,
    typer.Option(
        help="asha: trials end after 1, 3, 9, ... epochs unless they are among the best third there; with "
        "settings as asha:reduction_factor=3,min_epochs=1."
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run in --out, or begin it.")]


def run_folder(out: Path | None, data: str, resume: bool) -> Path:
    """Return `out`, or a new name under runs/ from the time and the data.

    Raises:
        BadInput: a run is to go on, and nothing says which.
    """
    if out is not None:
        return out
    if resume:
        earlier = sorted(Path("runs").glob("*/"))
        last = f", the last one here is {earlier[-1]}" if earlier else ""
        raise BadInput(f"--resume goes on with the run in a folder{last}; name it with --out")
    return Path("runs") / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{data_name(data)}"


def data_name(data: str) -> str:
    """Return a short name of the data for folders and registries: letters, digits and dashes."""
    last = data.removeprefix("mnist:").rstrip("/").rpartition("/")[2]
    stem = "mnist" if data.startswith("mnist:") else last.partition(".")[0]
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in stem).strip("-").lower() or "data"
