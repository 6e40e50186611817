"""Why an Experiment has ended, in the words of a local search."""

from __future__ import annotations

from archmend.kubeflow.katib.experiment import Plan
from archmend.kubeflow.katib.states import ExperimentState
from archmend.search import StoppedBy

TARGET, TIME, EXHAUSTED = "the target is reached", "its time is over", "the space is exhausted"
"""What is noted on an Experiment that is stopped by whoever follows it."""
RUN_OVER = "its run is over"
"""What is noted on an Experiment that is stopped with its pipeline run."""


def ended_by(state: ExperimentState, plan: Plan) -> StoppedBy:
    """Return what ended an Experiment that has succeeded."""
    if state.stopped:
        known: dict[str, StoppedBy] = {TARGET: "target", TIME: "seconds", EXHAUSTED: "exhausted"}
        return known.get(state.stopped, "cancelled")
    ends: dict[str, StoppedBy] = {
        "ExperimentGoalReached": "target",
        "ExperimentSuggestionEndReached": "exhausted",
    }
    return ends.get(state.reason, "exhausted" if plan.exhausts else "trials")


def say(sentence: str) -> None:
    """Tell whoever waits for the search what happens in the cluster."""
    print(sentence, flush=True)
