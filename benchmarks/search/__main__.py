"""Replay all strategies and their peers on tables of trained networks.

Usage: python -m benchmarks.search [--tables nas-bench-201,naval,protein] [--searchers all] [--seeds 100]
    [--queries 200] [--out build/bench-search]

A slow searcher gets fewer seeds by `NAME=SEEDS`, as in --searchers surrogate,keras-tuner=5. Results
are kept in --out a searcher and table at a time, so that a run that was cut goes on; delete the folder to
begin anew.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import altair as alt
import pandas as pd
from benchmarks.search.peers import searchers
from benchmarks.search.replay import Replay, kept, mean_text
from benchmarks.search.tables import DEVELOPMENT, Table, load
from rich.console import Console
from rich.table import Table as Lines

POINTS = (10, 25, 50, 100, 200)
SLOW = {"keras-tuner": 5}
"""Peers that take seconds an ask."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tables", default=",".join(DEVELOPMENT))
    parser.add_argument("--searchers", default="all")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("build/bench-search"))
    given = parser.parse_args()
    wanted = _wanted(given.searchers, given.seeds)
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.tables.split(","):
        table = load(name)
        found = [kept(given.out, table, searcher, seeds, given.queries) for searcher, seeds in wanted.items()]
        _print(table, found)
        _draw(table, found, given.out / f"{name}.png")


def _wanted(text: str, seeds: int) -> dict[str, int]:
    known = searchers()
    names = list(known) if text == "all" else text.split(",")
    found = {}
    for each in names:
        name, _, own = each.partition("=")
        if name not in known:
            sys.exit(f"there is no searcher {name!r}; known are {', '.join(known)}")
        found[name] = int(own) if own else min(seeds, SLOW.get(name, seeds))
    return found


def _print(table: Table, found: list[Replay]) -> None:
    points = [p for p in POINTS if p <= found[0].means.shape[1]]
    lines = Lines(title=f"{table.name}: regret of the incumbent's mean, mean over seeds and standard error")
    for column in (
        "searcher",
        "seeds",
        *(f"@{p}" for p in points),
        "value @" + str(points[-1]),
        "ms a query",
    ):
        lines.add_column(column, justify="left" if column == "searcher" else "right")
    for each in sorted(found, key=lambda r: float(r.regret(table)[:, points[-1] - 1].mean())):
        regret, seeds = each.regret(table), len(each.means)
        cells = [f"{mean_text(regret[:, p - 1])}" for p in points]
        value = table.sign * each.means[:, points[-1] - 1].mean()
        lines.add_row(each.searcher, str(seeds), *cells, f"{value:.5g}", f"{1000 * each.seconds:.1f}")
    Console(width=160).print(lines)


def _draw(table: Table, found: list[Replay], path: Path) -> None:
    rows = [
        {"queries": query + 1, "regret": max(float(r), 1e-9), "searcher": each.searcher}
        for each in found
        for query, r in enumerate(each.regret(table).mean(axis=0))
    ]
    chart = alt.Chart(pd.DataFrame(rows), title=f"{table.name}: mean regret").mark_line()
    chart = chart.encode(
        x=alt.X("queries", scale=alt.Scale(type="log", nice=False)),
        y=alt.Y("regret", scale=alt.Scale(type="log")),
        color=alt.Color("searcher", scale=alt.Scale(scheme="category20")),
    ).properties(width=640, height=400)
    chart.save(str(path), ppi=144)


if __name__ == "__main__":
    main()
