"""What is refused before an experiment begins."""

from __future__ import annotations

from archmend.errors import BadInput
from archmend.kubeflow.suggestion.asked import read_asked
from archmend.kubeflow.suggestion.experiment import Search
from archmend.kubeflow.suggestion.names import MOST_TRIALS, TRIALS_PER_POD
from archmend.search import count_fitting


def check(search: Search) -> None:
    """Refuse an experiment that could not be served to its end.

    Raises:
        BadInput: settings that the strategy does not take, limits that nothing fits, more trials than the
            space holds.
    """
    read_asked(search.asked, search.space, search.trials_per_pod)
    strategy = search.create()
    trials = search.budget.trials
    if trials is None:
        return
    per_pod = search.trials_per_pod
    told = "maxTrialCount" if per_pod == 1 else f"maxTrialCount times {TRIALS_PER_POD}"
    if trials > MOST_TRIALS:
        raise BadInput(f"{told} is {trials} and at most {MOST_TRIALS} are served; lower it")
    fitting = count_fitting(search.space, search.budget)
    # An architecture is a trial with each fidelity that it gets.
    most = fitting * max(1, len(strategy.fidelities))
    # The last trial may have fewer architectures than the others, where the space ends with it.
    if trials > most and -(-trials // per_pod) > -(-int(most) // per_pod):
        epochs = f" with {len(strategy.fidelities)} numbers of epochs" if strategy.fidelities else ""
        raise BadInput(
            f"{told} is {trials} and space {search.space.name!r} holds {fitting:.0f} architectures "
            f"within the limits{epochs}; lower it, or widen them"
        )
