"""The last word on a pipeline run, however it ended."""

from __future__ import annotations

from archmend.errors import ArchmendError
from archmend.kubeflow.katib.client import KatibClient
from archmend.kubeflow.katib.names import OURS, RUN, label_value
from archmend.kubeflow.katib.states import experiment_state
from archmend.kubeflow.place import namespace, run_id
from archmend.steps.katib_tidy import stop_left_over


def summarize(data: str, name: str, registry: str, state: str, error: str) -> str:
    """Stop what the run left behind in Katib, and return what is to be said as Markdown.

    The cluster's silence does not keep the summary from being written.
    """
    lines = [f"# {name}", f"- data: `{data}`", f"- registry: `{registry}`", f"- state: {state}"]
    if error:
        lines.append(f"- error: {error}")
    run = run_id()
    if run:
        lines.append(f"- run: `{run}`")
        try:
            lines += _of_katib(run)
        except ArchmendError as unavailable:
            lines.append(f"- Katib was not asked: {unavailable}")
    return "\n".join(lines) + "\n"


def _of_katib(run: str) -> list[str]:
    client = KatibClient(namespace())
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
