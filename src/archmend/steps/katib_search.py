"""The search by Katib: an Experiment is made or adopted, followed, and its trials taken over as they end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubeflow_katib_api import models as api

from archmend.errors import Interrupted, Unavailable
from archmend.kubeflow.katib.adopting import changes
from archmend.kubeflow.katib.client import KatibClient
from archmend.kubeflow.katib.experiment import Plan, build_experiment
from archmend.kubeflow.katib.options import KatibOptions
from archmend.kubeflow.katib.states import experiment_state
from archmend.kubeflow.place import namespace, run_id
from archmend.search import Budget, SearchResult, TrialResult
from archmend.spaces import Space
from archmend.steps.katib_ends import RUN_OVER, say
from archmend.steps.katib_followed import FollowedSearch, Progress
from archmend.steps.katib_plan import plan_of, upload_data
from archmend.steps.katib_tidy import run_is_over
from archmend.steps.search_request import SearchRequest


def search_on_katib(
    request: SearchRequest,
    space: Space,
    budget: Budget,
    history: Sequence[TrialResult],
    keep: Callable[[TrialResult], None],
    progress: Progress | None = None,
) -> SearchResult:
    """Search by an Experiment of the cluster, and return what a local search would.

    Args:
        request: its folder holds the prepared data.
        space: to search.
        budget: limits that are left.
        history: trials that the journal holds already.
        keep: takes each new trial, as it ends.
        progress: is told where the search stands.

    Raises:
        BadInput: the pair of algorithm and space, or what Katib refuses.
        NothingSucceeded: the Experiment failed, or its first trials did for one reason.
        Unavailable: the cluster or the store; or somebody has stopped the Experiment of a pipeline run.
        Interrupted: by a signal.
    """
    options = request.katib or KatibOptions()
    client = KatibClient(options.namespace or namespace())
    plan = plan_of(request, options, client, space, budget)
    body = build_experiment(plan)
    _make_room(client, plan, body)
    upload_data(request, plan)
    new = client.create(body)
    say(f"experiment {plan.name} in namespace {client.namespace}: {'created' if new else 'adopted'}")
    try:
        result = FollowedSearch(plan, client, budget, history, keep, progress).follow()
    except Interrupted:
        _leave(client, plan)
        raise
    if result.stopped_by == "cancelled" and run_id():
        # A pipeline would keep a part of a search in its cache as if it were the whole.
        raise Unavailable(
            f"experiment {plan.name} was stopped by somebody before its end; delete it and retry the run, or "
            "start another one"
        )
    return result


def _make_room(client: KatibClient, plan: Plan, body: api.V1beta1Experiment) -> None:
    """Remove an Experiment that was stopped with its run; the run is tried again, and so is its search.

    Raises:
        BadInput: there is another one that cannot be gone on with; said before the data travels.
    """
    held = client.experiment(plan.name)
    if held is None:
        return
    if run_id() and experiment_state(held).stopped == RUN_OVER:
        say(f"experiment {plan.name} was stopped with its run, and is made anew")
        client.delete_and_wait(plan.name)
    else:
        changes(held, body.to_dict())


def _leave(client: KatibClient, plan: Plan) -> None:
    """Stop the Experiment with its run; a successor goes on with that of a pod that was killed alone."""
    try:
        if run_id() and run_is_over(client, plan.identity.run):
            client.stop(plan.name, RUN_OVER)
            say(f"experiment {plan.name} was stopped with its run")
        else:
            say(f"experiment {plan.name} goes on in the cluster; archmend katib stop {plan.name} ends it")
    except Unavailable as error:
        say(f"experiment {plan.name} may go on in the cluster: {error}")
