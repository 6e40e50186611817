"""How time and memory grow with the number of networks, and where the time goes, as a table and a picture.

Usage: python -m benchmarks.speed.scaling --data mnist:mnist.npz [--case middle] [--out build/bench-speed]
    [--counts 1,2,4,8,16,32,64,128,256]

Each number is a process of one thread that begins with an empty cache of compiled programs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
from benchmarks.speed.cases import CASES
from benchmarks.speed.memory import run_watched
from benchmarks.speed.stages import STAGES
from rich.console import Console
from rich.table import Table

from archmend.datasets import open_data, write_prepared
from archmend.training.compile_cache import CACHE, compile_cache

PPI = 120


def main() -> None:
    """Measure each number, and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--case", default="middle", choices=CASES)
    parser.add_argument("--counts", default="1,2,4,8,16,32,64,128,256")
    parser.add_argument("--out", type=Path, default=Path("build/bench-speed"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        data = write_prepared(open_data(given.data), Path(scratch) / "data")
        for count in map(int, given.counts.split(",")):
            os.environ[CACHE] = str(Path(scratch) / f"programs-{count}")
            os.environ |= compile_cache()
            said = Path(scratch) / f"{count}.json"
            command = [sys.executable, "-m", "benchmarks.speed.stages", str(data), given.case, str(count)]
            _, memory = run_watched(command, said)
            found.append({"networks": count, "GiB": memory / 2**30, **json.loads(said.read_text())})
            Console(width=110).print(_table(found, CASES[given.case].epochs))
    (given.out / "scaling.json").write_text(json.dumps(found, indent=2) + "\n")
    _picture(found).save(str(given.out / "scaling.png"), ppi=PPI)


def _table(found: list[dict[str, Any]], epochs: int) -> Table:
    table = Table(title=f"one population, {epochs} epochs, one thread: seconds")
    for head in ("networks", *STAGES, "a network", "GiB"):
        table.add_column(head, justify="right")
    for f in found:
        each = sum(f[stage] for stage in STAGES[2:]) / f["networks"]
        table.add_row(str(f["networks"]), *(f"{f[s]:.1f}" for s in STAGES), f"{each:.2f}", f"{f['GiB']:.2f}")
    return table


def _picture(found: list[dict[str, Any]]) -> alt.HConcatChart:
    """Return seconds a network by stage, and memory, over the number of networks."""
    stages = pd.DataFrame(
        [
            {"networks": f["networks"], "stage": stage, "seconds": f[stage] / f["networks"], "place": place}
            for f in found
            for place, stage in enumerate(STAGES[2:])
        ]
    )
    memory = pd.DataFrame([{"networks": f["networks"], "GiB": f["GiB"]} for f in found])
    bars = (
        alt.Chart(stages)
        .mark_bar()
        .encode(
            x=alt.X("networks:O", title="networks together"),
            y=alt.Y("seconds:Q", title="seconds a network"),
            color=alt.Color("stage:N", sort=list(STAGES[2:])),
            order="place:O",
        )
        .properties(width=360, height=260)
    )
    line = (
        alt.Chart(memory)
        .mark_line(point=True)
        .encode(
            x=alt.X("networks:O", title="networks together"),
            y=alt.Y("GiB:Q", title="memory of the process, GiB"),
        )
        .properties(width=300, height=260)
    )
    return alt.hconcat(bars, line)


if __name__ == "__main__":
    main()
