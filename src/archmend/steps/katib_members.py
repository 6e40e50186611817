"""The trials of a search in a trial of Katib's: one, or with several in a pod each of them by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

from archmend.kubeflow.katib.experiment import Plan
from archmend.kubeflow.katib.states import TrialState
from archmend.kubeflow.suggestion.groups import metrics_of, split_codes
from archmend.kubeflow.suggestion.names import ARCHITECTURE, EPOCHS, trial_name


@dataclass(frozen=True)
class Member:
    """A trial of the search.

    Attributes:
        number: of it. state: as if it were a trial of Katib's. pod: the one that it is in.
    """

    number: int
    state: TrialState
    pod: TrialState


def members(plan: Plan, trial: TrialState, number: int) -> tuple[Member, ...]:
    """Return the trials in one of Katib's, the first of which has this number.

    Raises:
        BadInput: what it was given is no architecture.
    """
    if plan.per_pod == 1:
        return (Member(number, trial, trial),)
    coded = split_codes(number, trial.assignments[ARCHITECTURE])
    return tuple(
        Member(
            one.number,
            replace(
                trial,
                name=trial_name(plan.name, one.number),
                assignments={
                    ARCHITECTURE: one.code,
                    EPOCHS: str(one.epochs or trial.assignments[EPOCHS]),
                },
                metrics=metrics_of(trial.metrics, place, len(coded)),
            ),
            trial,
        )
        for place, one in enumerate(coded)
    )
