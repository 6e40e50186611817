"""A search by Katib before it begins: whether it can, whose it is, and what the cluster needs to know."""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path

from archmend.kubeflow.katib.algorithms import check_pair, check_parallel, read_algorithm
from archmend.kubeflow.katib.client import KatibClient
from archmend.kubeflow.katib.experiment import Plan
from archmend.kubeflow.katib.names import Identity, experiment_name
from archmend.kubeflow.katib.options import KatibOptions
from archmend.kubeflow.place import identity, run_id
from archmend.search import Budget, Strategy, create_strategy, parse_strategy, with_epochs
from archmend.spaces import Space
from archmend.steps.flags import memory_bytes
from archmend.steps.search_request import SearchRequest
from archmend.storage import is_remote, put, write_atomic

IDENTITY = "experiment-id"
"""File of a run without a pipeline: what its Experiment is named after."""


def check_on_katib(request: SearchRequest, space: Space, budget: Budget) -> None:
    """Refuse a search by Katib that cannot begin, before anything is written or created.

    Raises:
        BadInput: a strategy's settings, or an algorithm of Katib's that cannot search the space.
    """
    algorithm = read_algorithm(request.strategy)
    if algorithm.ours:
        _strategy(request, space, budget)
        return
    parallel = (request.katib or KatibOptions()).parallel
    check_pair(algorithm, space)
    check_parallel(algorithm, request.epochs, min(parallel, budget.trials or parallel))


def identity_of(request: SearchRequest) -> Identity:
    """Return whose search this is: the pipeline run's, or of a folder that keeps its own id."""
    if run_id():
        return identity()
    path = request.out / IDENTITY
    if not path.is_file():
        write_atomic(path, uuid.uuid4().hex)
    return Identity(path.read_text().strip(), "search", "", os.environ.get("USER", ""))


def plan_of(
    request: SearchRequest, options: KatibOptions, client: KatibClient, space: Space, budget: Budget
) -> Plan:
    """Return the search as the cluster needs to know it."""
    identity = identity_of(request)
    algorithm = read_algorithm(request.strategy)
    folder = f"{options.store.rstrip('/')}/{client.namespace}/{experiment_name(identity)}"
    lies_there = request.data_uri is not None and is_remote(request.data_uri)
    return Plan(
        identity=identity,
        options=options,
        algorithm=algorithm,
        space=space,
        budget=budget,
        objectives=request.objectives,
        epochs=request.epochs,
        batch_size=request.batch_size,
        optimizer=request.optimizer,
        learning_rate=request.learning_rate,
        inherit=request.inherit,
        seed=request.seed,
        data=str(request.data_uri) if lies_there else f"{folder}/data",
        folder=folder,
        deadline=None if budget.seconds is None else time.time() + budget.seconds,
        seconds=request.max_seconds,
        fidelities=_strategy(request, space, budget).fidelities if algorithm.ours else (),
        together=_together(request, options),
    )


def _together(request: SearchRequest, options: KatibOptions) -> dict[str, int | bool]:
    """Return the flags that say how a pod trains its trials, where it has several."""
    if options.trials_per_pod == 1:
        return {}
    if request.no_fuse:
        return {"no-fuse": True}
    most = options.trials_per_pod
    return {
        "population": most if request.population is None else min(request.population, most),
        "max-memory": memory_bytes(options.memory, "trial_memory")
        if request.max_memory is None
        else memory_bytes(request.max_memory),
    }


def _strategy(request: SearchRequest, space: Space, budget: Budget) -> Strategy:
    """Return the strategy that the suggestion service will make."""
    name, settings = parse_strategy(request.strategy)
    settings = with_epochs(name, settings, request.epochs)
    return create_strategy(
        name, space, request.seed, budget=budget, objectives=request.objectives, **settings
    )


def upload_data(request: SearchRequest, plan: Plan) -> None:
    """Bring the prepared data to where every node can read it, unless it lies there already."""
    if plan.data == f"{plan.folder}/data":
        put(Path(request.out) / "data", plan.data)
