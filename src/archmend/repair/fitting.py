"""`fit`: train a model and repair it on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archmend.errors import BadInput, NothingSucceeded, unknown_name
from archmend.repair.arguments import check_limits, check_seed, check_space, listed_callbacks
from archmend.repair.callbacks import CallbackListener, sets_rate
from archmend.repair.candidates import Candidate, Candidates
from archmend.repair.check import check_counts
from archmend.repair.constraints import Constraints
from archmend.repair.decision import Decision
from archmend.repair.detectors import DETECTORS
from archmend.repair.keeper import Keeper
from archmend.repair.kept import KeptLoop, fingerprint
from archmend.repair.limits import EXTRA_SHARE, EXTRA_STEPS, Limits
from archmend.repair.loop import Loop
from archmend.repair.opening import drawn, open_run
from archmend.repair.pace import PACES
from archmend.repair.patch import suggested_patch
from archmend.repair.probes import ProbeLog, ProbeRecord
from archmend.repair.remedies import REMEDIES
from archmend.repair.strategies import REPAIR_STRATEGIES
from archmend.repair.treatment import Treatment
from archmend.repair.values import HISTORY_NAMES, EpochRecord
from archmend.repair.watch import Watch
from archmend.repair.workbench import Workbench

if TYPE_CHECKING:
    from archmend.spaces import Architecture, Space


@dataclass(frozen=True)
class RepairResult:
    """What a repair came to.

    Attributes:
        model: compiled; the best of all candidates by validation (accuracy, then loss), at its best epoch;
            `averaged` where the validation rows cannot tell the two apart.
        history: history.csv's names -> one value an epoch of the path that training took.
        decisions: every remedy that was tried, in order.
        candidates: every network that was trained, the untouched one first.
        patch: what to change in one's own code to have been right from the start, a line a change.
        epochs: trained in all, those of trials that were undone too.
        probes: what was seen of each layer whenever the path was looked at.
        best: place in `candidates` of the one that `model` is.
    """

    model: Any
    history: dict[str, list[float]]
    decisions: tuple[Decision, ...]
    candidates: tuple[Candidate, ...]
    patch: tuple[str, ...] = ()
    epochs: float = 0.0
    probes: tuple[ProbeRecord, ...] = ()
    best: int = 0


def fit(
    model: Any,
    train: Any,
    validation: Any,
    *,
    epochs: int,
    batch_size: int = 32,
    strategy: str = "auto",
    space: Space | None = None,
    architecture: Architecture | None = None,
    seed: int = 0,
    budget_seconds: float | None = None,
    max_repairs: int | None = None,
    callbacks: Iterable[Any] = (),
    frozen: Iterable[str] = (),
    max_params: int | None = None,
    max_latency_ms: float | None = None,
    watch: str = "full",
    on_epoch: Callable[[EpochRecord], None] | None = None,
    on_decision: Callable[[Decision], None] | None = None,
    keeper: Keeper | None = None,
) -> RepairResult:
    """Train a model, and where it shows a fault, try remedies and keep those that help.

    Args:
        model: compiled Sequential or Functional Keras model with one output; it is left unchanged. None
            draws the starting model from `space`.
        train: (x, y) arrays (x may be a dict of the inputs' names), or a batched
            tf.data.Dataset of such pairs. Labels are what the model's compiled loss takes.
        validation: rows to decide on, in one of the same forms.
        epochs: of the path that training takes; trials that are undone come on top.
        batch_size: rows a step, for arrays.
        strategy: name of a repair strategy.
        space: the repair space: the architecture of every candidate lies in it. None allows every remedy.
        architecture: of the model in `space`, needed where the space's networks do not show it (those of a
            user's code, and those that fork); the layers then stay as they are.
        seed: of the order of rows, of new weights and of the strategy's draws.
        budget_seconds: wall time after which training stops, hard.
        max_repairs: remedies tried at most.
        callbacks: Keras callbacks, told of the path: batches outside trials, and all its epochs.
        frozen: names of layers that no remedy touches, besides those with `trainable` False.
        max_params: trainable parameters of any candidate at most.
        max_latency_ms: median time of a forward pass of one row, measured on this machine, at most.
        watch: `full`, or `light` to look less often where watching must cost next to nothing.
        on_epoch: called with the record of each epoch of the path.
        on_decision: called with each decision as it is made.
        keeper: keeps the state between epochs, so that a later call with the same arguments goes on from
            there to the same decisions and weights; the seconds spent before count. `callbacks`, `on_epoch`
            and `on_decision` are told of what comes after it. A dataset must repeat its order by itself.

    Raises:
        BadInput: a model, data or setting that does not fit, in one sentence.
        NothingSucceeded: no candidate's validation was ever finite.
    """
    started = time.monotonic()
    callbacks = listed_callbacks(callbacks)
    check_seed(seed)
    check_space(space)
    check_limits(budget_seconds, max_repairs)
    check_counts(epochs, batch_size, budget_seconds, max_repairs)
    if strategy not in REPAIR_STRATEGIES.names():
        raise unknown_name("repair strategy", strategy, REPAIR_STRATEGIES.names())
    if watch not in PACES:
        raise unknown_name("watch", watch, PACES)
    if model is None:
        model, architecture = drawn(space, seed)
    limits_of = Constraints(
        space,
        frozen=frozenset(frozen),
        max_params=max_params,
        max_latency_ms=max_latency_ms,
        schedules=not any(sets_rate(callback) for callback in callbacks),
    )
    run, constraints = open_run(
        model,
        train,
        validation,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        constraints=limits_of,
        architecture=architecture,
    )
    asked_batches = run.batch_size
    limits = Limits(
        deadline=None if budget_seconds is None else started + budget_seconds,
        repairs=max_repairs,
        extra_steps=max(EXTRA_STEPS, round(EXTRA_SHARE * epochs * run.batches_per_epoch)),
    )
    candidates = Candidates()
    log = ProbeLog(candidates)
    watcher = Watch(DETECTORS.create_all(), watch, log)
    workbench = Workbench(run, REMEDIES.create_all(), constraints, seed)
    treatment = Treatment(
        run, workbench, REPAIR_STRATEGIES.create(strategy), candidates, limits, watcher, on_decision
    )
    listener = CallbackListener(callbacks, epochs, run.batches_per_epoch, on_epoch)
    loop = Loop(run, watcher, treatment, candidates, limits, listener)
    if keeper is None:
        loop.go()
    else:
        asked = {
            "epochs": epochs,
            "batch_size": batch_size,
            "strategy": strategy,
            "seed": seed,
            "watch": watch,
        }
        asked |= {"max_repairs": max_repairs, "max_params": max_params, "max_latency_ms": max_latency_ms}
        asked |= {"frozen": sorted(constraints.frozen)}
        going = KeptLoop(loop, keeper, run, fingerprint(asked, run))
        going.resume(run.engine_of)
        loop.go(going.between)
    if not run.place.history and limits.seconds_left == 0 and candidates.best is None:
        raise BadInput(
            f"budget_seconds {budget_seconds:g} was over before the first batch was trained; give more time"
        )
    if candidates.best is None:
        tried = ", ".join(decision.remedy for decision in treatment.decisions) or "no remedy"
        raise NothingSucceeded(
            f"no candidate's validation loss was ever finite (tried {tried}); check the data's scale"
        )
    history = {name: [getattr(r, name) for r in run.place.history] for name in HISTORY_NAMES}
    run.restore(candidates.best)
    patch = suggested_patch(
        model, run.model, kept=candidates.best_remedies, batch_sizes=(asked_batches, run.batch_size)
    )
    decisions = tuple(treatment.decisions)
    return RepairResult(
        run.model,
        history,
        decisions,
        candidates.listed(),
        patch,
        run.trained,
        log.records(),
        candidates.best_number,
    )
