"""Which rows a call makes: cases, seeds and methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.repair import cases as published
from benchmarks.repair.case import Case
from benchmarks.repair.faults import generate
from benchmarks.repair.runner import Task

QUICK_STEP = 3
GENERATED_SEEDS = (0,)
PLANE = ("circle", "blob")
ORDER = ("circle", "blob", "mnist", "cifar10")
"""Data sets from cheap to dear; small generated ones come before."""
RESEEDS = 30
"""Seeds of plain training of a healthy case, by which it is known what reseeding explains."""
ONCE = "keras"
"""The method whose seconds hardly depend on the seed: one seed is enough."""


@dataclass(frozen=True)
class Wanted:
    """What a call asks for.

    Attributes:
        methods: names. quick: every third case, seed 0. mutants: the cases without a label too.
        generated: how many generated networks; 0 takes the published cases. cases: parts of ids; data: names
            of data sets; seeds: numbers; empty for all.
        out, folder: where rows go, where the published cases lie.
    """

    methods: tuple[str, ...]
    out: Path
    folder: Path
    quick: bool = False
    mutants: bool = False
    generated: int = 0
    cases: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()


def selected(wanted: Wanted) -> list[Case]:
    """Return the cases, the cheap ones first."""
    found = _generated(wanted.generated) if wanted.generated else _published(wanted)
    if wanted.cases:
        found = [case for case in found if any(part in case.id for part in wanted.cases)]
    if wanted.data:
        found = [case for case in found if case.data in wanted.data]
    return sorted(found, key=lambda case: ORDER.index(case.data) if case.data in ORDER else -1)


def tasks(wanted: Wanted, chosen: Sequence[Case]) -> list[Task]:
    """Return references first where they must be trained, then each case's rows together."""
    made = []
    for case in chosen:
        numbers = seeds_of(wanted, case)
        if case.data not in PLANE:
            made.append(Task(case, 0, None, wanted.out, wanted.folder, numbers))
        made += [
            Task(case, seed, method, wanted.out, wanted.folder)
            for seed in numbers
            for method in wanted.methods
            if _belongs(case, seed, numbers, method)
        ]
        if (
            case.label in published.NORMAL
            and "plain" in wanted.methods
            and not (wanted.quick or wanted.seeds)
        ):
            further = (seed for seed in range(RESEEDS) if seed not in numbers)
            made += [Task(case, seed, "plain", wanted.out, wanted.folder) for seed in further]
    return made


def seeds_of(wanted: Wanted, case: Case) -> tuple[int, ...]:
    """Return the seeds of a case's runs."""
    if wanted.seeds:
        return wanted.seeds
    if wanted.quick:
        return (0,)
    return GENERATED_SEEDS if wanted.generated else tuple(published.seeds(case))


def _belongs(case: Case, seed: int, numbers: Sequence[int], method: str) -> bool:
    if method == "healthy":
        return case.data in PLANE and case.is_faulty
    return method != ONCE or seed == numbers[0]


def _published(wanted: Wanted) -> list[Case]:
    every = published.published(wanted.folder)
    groups = [published.buggy(every), published.normal(every)]
    if wanted.mutants:
        taken = {case.id for group in groups for case in group}
        groups.append([case for case in every if case.id not in taken])
    step = QUICK_STEP if wanted.quick and not wanted.cases else 1
    return [case for group in groups for case in group[::step]]


def _generated(count: int) -> list[Case]:
    return [generate(seed) for seed in range(count)]
