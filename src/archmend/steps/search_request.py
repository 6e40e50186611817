"""What a search is asked for, checked when it is made."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from archmend.errors import BadInput, unknown_name
from archmend.kubeflow.katib.options import KatibOptions
from archmend.networks import check_optimizer
from archmend.search import (
    Budget,
    EarlyStopping,
    check_early_stopping,
    parse_early_stopping,
    parse_objectives,
    parse_strategy,
)
from archmend.spaces import SpaceSource, space_source
from archmend.steps.flags import at_least, check_fused, flag, memory_bytes, positive
from archmend.training import Inherit

DEFAULT_TRIALS = 30
"""Trials of a search that nothing else limits, but for `grid`, which ends with the space."""
MOST_WORKERS = 4
"""Workers unless asked otherwise; each holds a TensorFlow of its own."""
FREE = frozenset(
    {"out", "resume", "workers", "max_trials", "max_seconds", "target_value", "katib", "data_uri", "confirm"}
)
"""What may differ when a run goes on: none of it changes a trial that was made."""
SPACE_DIGEST = "space_digest"
"""Beside the flags: of the file of a user's space, so that a run goes on with the same one alone."""
CONFIRM_SHARE = 0.25
"""Of a limited time, what the search leaves to the fresh trainings of `confirm`."""
ENGINES = ("local", "katib")
"""Where trials run: in processes of this machine, or in the pods of a cluster."""


@dataclass(frozen=True)
class SearchRequest:
    """What `archmend search` is asked for; the fields are its flags.

    Attributes:
        data, target, text, split_seed, validation, test, impute: as of `open_data`.
        out: folder of the run. space: a built-in space, a .yaml or .py file, or YAML text.
        strategy: name, or name:key=value,...
        objective: names with commas. max_...: limits, None for none; with no limit at all a strategy that
            does not list the space stops after `DEFAULT_TRIALS`. target_value: of the first objective.
        epochs, batch_size, optimizer, learning_rate: of each trial.
        inherit: best, parent or none. workers: processes; None is one a core, at most `MOST_WORKERS`.
        seed: of the strategy and the trials. resume: go on with the run in `out`, if there is one.
        engine: local processes, or Katib in a cluster. katib: what its trials get; None is the defaults.
        data_uri: where the prepared data lies already for the cluster's nodes; None uploads it.
        confirm: how many of the best architectures are trained again with fresh seeds; None for none.
        warm_start: folders or journals of earlier runs whose trials the strategy is told as ranks.
        no_fuse: train each trial by itself, also where several could be trained together.
        population: trials that a worker trains together; None is as many as suit the search.
        early_stopping: asha, with settings as asha:key=value,...: trials that are not among the best on their
            way end there; None trains each to its end.
        max_memory: of all workers together, as 2GiB or 500MB; None is 2 GiB, or what TensorFlow takes in them
            where that is more.
    """

    data: str
    out: Path
    space: str = "fc"
    strategy: str = "auto"
    objective: str = "accuracy"
    max_trials: int | None = None
    max_seconds: float | None = None
    max_params: int | None = None
    max_flops: int | None = None
    max_latency_ms: float | None = None
    target_value: float | None = None
    epochs: int = 10
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float | None = None
    inherit: str = "none"
    workers: int | None = None
    seed: int = 0
    resume: bool = False
    target: str | None = None
    text: str | None = None
    split_seed: int | None = None
    validation: float | None = None
    test: float | None = None
    impute: str | None = None
    engine: str = "local"
    katib: KatibOptions | None = None
    data_uri: str | None = None
    confirm: int | None = None
    warm_start: tuple[str, ...] = ()
    no_fuse: bool | None = None
    population: int | None = None
    max_memory: str | None = None
    early_stopping: str | None = None

    def __post_init__(self) -> None:
        """Check each value by itself.

        Raises:
            BadInput: naming the flag and its value.
        """
        counts = ("max_trials", "max_params", "max_flops", "epochs", "batch_size", "workers", "confirm")
        for name in (*counts, "population"):
            at_least(name, getattr(self, name), 1)
        check_fused(self.no_fuse, self.population, self.max_memory)
        at_least("seed", self.seed, 0)
        for name in ("max_seconds", "max_latency_ms", "learning_rate"):
            positive(name, getattr(self, name))
        if self.target_value is not None and not math.isfinite(self.target_value):
            raise BadInput(f"--target-value must be a finite number, got {self.target_value}")
        if self.engine not in ENGINES:
            raise unknown_name("engine", self.engine, ENGINES)
        if self.confirm is not None and self.engine == "katib":
            raise BadInput(
                f"--confirm {self.confirm} trains in processes of this machine and --engine katib in pods; "
                "leave --confirm out, or search with --engine local"
            )
        if self.warm_start and self.engine == "katib":
            raise BadInput(
                f"--warm-start {self.warm_start[0]} is told to a strategy on this machine, and with --engine "
                "katib it works in the cluster; leave it out, or search with --engine local"
            )
        if self.early_stopping is not None and self.engine == "katib":
            raise BadInput(
                f"--early-stopping {self.early_stopping} compares trials in processes of this machine, and "
                "with --engine katib each has a pod of its own; leave it out, or take --strategy asha"
            )
        own_code = self.space_source.kind == "python"
        if own_code and self.engine == "katib":
            raise BadInput(
                f"--space {self.space} is a Python file, which the cluster's pods do not have; write the "
                "space as YAML, or search with --engine local"
            )
        if self.engine == "katib":
            from archmend.kubeflow.katib.algorithms import read_algorithm

            algorithm = read_algorithm(self.strategy)
            self._check_pods(algorithm.ours)
        else:
            parse_strategy(self.strategy)
        parse_objectives(self.objective)
        if self.stopping is not None:
            check_early_stopping(self.stopping, self.objectives, self.epochs)
        check_optimizer(self.optimizer)
        if self.inherit not in get_args(Inherit):
            raise unknown_name("inheritance", self.inherit, get_args(Inherit))

    def _check_pods(self, ours: bool) -> None:
        """Refuse flags of trials that share a pod where they do not, or where they cannot.

        Raises:
            BadInput: naming the flag and its value.
        """
        pods = self.katib or KatibOptions()
        if pods.trials_per_pod == 1:
            if self.population is not None:
                raise BadInput(
                    f"--population {self.population} trains trials together, and with --engine katib each "
                    f"has a pod of its own; give --trials-per-pod {self.population}"
                )
            if self.max_memory is not None:
                raise BadInput(
                    f"--max-memory {self.max_memory} bounds networks that are trained together, and with "
                    f"--engine katib each has a pod of its own; give --trial-memory {self.max_memory}"
                )
            return
        if not ours:
            raise BadInput(
                f"--trials-per-pod {pods.trials_per_pod} puts several architectures into one trial, which "
                f"Katib's own algorithms cannot propose ({self.strategy}); take one of ours, such as random"
            )
        most = memory_bytes(pods.memory, "trial_memory")
        if self.max_memory is not None and memory_bytes(self.max_memory) > most:
            raise BadInput(
                f"--max-memory {self.max_memory} is more than a pod has with --trial-memory {pods.memory}; "
                "raise that, or give less"
            )

    @cached_property
    def space_source(self) -> SpaceSource:
        """What `space` names, read once: a file that is changed meanwhile changes nothing here."""
        return space_source(self.space)

    @property
    def objectives(self) -> tuple[str, ...]:
        """Names of the objectives."""
        return parse_objectives(self.objective)

    @property
    def stopping(self) -> EarlyStopping | None:
        """What ends trials before their last epoch."""
        return None if self.early_stopping is None else parse_early_stopping(self.early_stopping)

    @property
    def worker_count(self) -> int:
        """How many workers there will be."""
        return self.workers or min(MOST_WORKERS, available_cores())

    @property
    def search_seconds(self) -> float | None:
        """Seconds that the search itself may take: with `confirm` a part is left to it."""
        if self.max_seconds is None or self.confirm is None:
            return self.max_seconds
        return self.max_seconds * (1 - CONFIRM_SHARE)

    def budget(self, spent: float) -> Budget:
        """Return the limits that are left after so many seconds.

        Args:
            spent: seconds of the wall clock that the run has used so far.
        """
        limited = any(v is not None for v in (self.max_trials, self.max_seconds, self.target_value))
        lists = self.strategy.partition(":")[0].removeprefix("katib-") == "grid"
        return Budget(
            trials=self.max_trials if limited or lists else DEFAULT_TRIALS,
            # A budget of nothing is none; the least there is ends at the first look at the clock.
            seconds=None if self.search_seconds is None else max(1e-6, self.search_seconds - spent),
            params=self.max_params,
            flops=self.max_flops,
            latency_ms=self.max_latency_ms,
            target=self.target_value,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        digest = self.space_source.digest
        plain = {**asdict(self), "out": str(self.out), "warm_start": list(self.warm_start) or None}
        return plain | ({SPACE_DIGEST: digest} if digest else {})

    def difference(self, earlier: Mapping[str, Any]) -> str | None:
        """Return which flag keeps this from going on with an earlier request, with both values."""
        return request_difference(self.as_json(), earlier)


def request_difference(now: Mapping[str, Any], earlier: Mapping[str, Any]) -> str | None:
    """Return which flag of two requests, as plain JSON values, differs where it must not."""
    for name in now:
        if name in FREE or now[name] == earlier.get(name):
            continue
        if name == SPACE_DIGEST:
            return (
                f"the content of --space {now['space']} has changed since (its SHA-256 is "
                f"{str(now[name])[:12]}... and was {str(earlier.get(name))[:12]}...)"
            )
        return f"{flag(name)} is {_shown(now[name])} and was {_shown(earlier.get(name))}"
    return None


def _shown(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
