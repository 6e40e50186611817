"""Score repair on faulty networks beside plain training and AUTOTRAINER's rules; docs/repair-benchmark.md.

Usage: python -m benchmarks.repair [--quick] [--only circle,blob] [--methods plain,archmend:rules] [--table]

Each run is a file below --out, so a call that was cut goes on where it was; --again METHODS makes rows anew.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from benchmarks.repair import cases
from benchmarks.repair.plan import Wanted, selected, tasks
from benchmarks.repair.runner import run_all

from archmend.repair import repair_strategy_names

BESIDE = ("plain", "keras", "healthy", "diagnose", "autotrainer")
OURS = "archmend:"


def main() -> None:
    given = _given()
    wanted = _wanted(given)
    absent = None if wanted.generated else cases.missing(wanted.folder)
    if absent is not None:
        print(f"skipped: {absent}")
        return
    chosen = selected(wanted)
    if not chosen:
        sys.exit("no case is left; look at --cases and --only")
    for method in _names(given.again):
        shutil.rmtree(wanted.out / "rows" / method.replace(":", "."), ignore_errors=True)
    if not given.table:
        run_all(tasks(wanted, chosen), given.workers, lambda line: print(line, flush=True))
    from benchmarks.repair.report import report

    report(wanted, chosen)


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="every third case, seed 0")
    parser.add_argument("--methods", default="all", help="names with commas")
    parser.add_argument("--cases", default="", help="parts of the ids, with commas")
    parser.add_argument("--only", default="", help="data sets, with commas")
    parser.add_argument("--seeds", default="", help="numbers with commas, instead of the benchmark's")
    parser.add_argument("--generated", type=int, default=0, help="so many generated networks instead")
    parser.add_argument("--mutants", action="store_true", help="the cases without a label too")
    parser.add_argument("--again", default="", help="methods whose rows are made anew")
    parser.add_argument("--table", action="store_true", help="only the table of the rows that are there")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=None, help="of the published cases")
    parser.add_argument("--out", type=Path, default=Path("build/bench-repair"))
    return parser.parse_args()


def _wanted(given: argparse.Namespace) -> Wanted:
    known = (*BESIDE, *(OURS + name for name in repair_strategy_names()))
    methods = known if given.methods == "all" else _names(given.methods)
    for method in methods:
        if method not in known:
            sys.exit(f"there is no method {method!r}; known are {', '.join(known)}")
    return Wanted(
        methods=methods,
        out=given.out,
        folder=cases.folder_of(given.folder),
        quick=given.quick,
        mutants=given.mutants,
        generated=given.generated,
        cases=_names(given.cases),
        data=_names(given.only),
        seeds=tuple(int(number) for number in _names(given.seeds)),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


if __name__ == "__main__":
    main()
