"""The last word on a pipeline run, however it ended."""

from __future__ import annotations

from archmend.errors import ArchmendError
from archmend.kubeflow.katib.client import KatibClient
from archmend.kubeflow.katib.names import OURS, RUN, label_value
from archmend.kubeflow.katib.states import experiment_state
from archmend.kubeflow.place import checkpoints_of_run, namespace, run_id
from archmend.steps.katib_tidy import stop_left_over
from archmend.steps.run_outcome import SUCCEEDED, outcome_of
from archmend.storage import delete, list_objects


def summarize(data: str, name: str, registry: str, store: str, state: str, error: str) -> str:
    """Tidy up after the run, and return what is to be said as Markdown.

    Its search in Katib is stopped where it still goes on, and the checkpoints of a run that succeeded are
    removed; those of another one are there for its retry. The silence of the cluster or of the store does
    not keep the summary from being written.
    """
    run, unasked = run_id(), []
    outcome, of_katib = outcome_of(None, state), list[str]()
    if run:
        try:
            client = KatibClient(namespace())
            outcome = outcome_of(client.workflow(run), state)
            of_katib = _of_katib(client, run)
        except ArchmendError as unavailable:
            unasked = [f"- the cluster was not asked: {unavailable}"]
    lines = [f"# {name}", f"- data: `{data}`", f"- registry: `{registry}`", f"- state: {outcome.state}"]
    if outcome.failed:
        lines.append(f"- failed: {', '.join(outcome.failed)}")
    if error:
        lines.append(f"- error: {error}")
    if run:
        lines += [f"- run: `{run}`", *of_katib, *unasked]
        if outcome.state == SUCCEEDED:
            try:
                _drop_checkpoints(store)
            except ArchmendError as unavailable:
                lines.append(f"- checkpoints were not removed: {unavailable}")
    return "\n".join(lines) + "\n"


def _drop_checkpoints(store: str) -> None:
    folder = checkpoints_of_run(store)
    for left in list_objects(f"{folder}/") if folder is not None else ():
        delete(left.uri)


def _of_katib(client: KatibClient, run: str) -> list[str]:
    stopped = stop_left_over(client, run)
    lines = [f"- experiment `{one}` was still searching and was stopped" for one in stopped]
    for item in client.experiments(f"{OURS},{RUN}={label_value(run)}"):
        status = item.get("status") or {}
        done = experiment_state(item)
        best = (status.get("currentOptimalTrial") or {}).get("bestTrialName", "none")
        lines.append(
            f"- experiment `{item['metadata']['name']}`: {done.kind}"
            f"{f' ({done.message})' if done.message else ''}, {status.get('trials', 0)} trials, "
            f"{status.get('trialsSucceeded', 0)} succeeded, best `{best}`"
        )
    return lines
