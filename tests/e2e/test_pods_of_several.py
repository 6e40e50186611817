"""Several architectures a pod on a real Katib: its collector, its text templates and its requests."""

from __future__ import annotations

import time

import pytest
from tests.e2e.cluster import Cluster
from tests.e2e.test_dag import trials_of

from archmend.kubeflow.katib.states import trial_state
from archmend.kubeflow.suggestion.groups import split_codes

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("strategy", ["evolution", "asha"])
def test_seven_architectures_in_three_pods(cluster: Cluster, strategy: str) -> None:
    run_id = cluster.submit(
        f"e2e-several-{strategy}",
        strategy=strategy,
        max_trials=7,
        trials_per_pod=3,
        trial_memory="1500Mi",
        workers=1,
        epochs=3,
        seed=int(time.time()),
    )
    run = cluster.wait(run_id, 900)
    assert run.state == "SUCCEEDED", run.error
    trials = {trial.trial: trial for trial in trials_of(cluster, run_id)}
    assert sorted(trials) == list(range(7))
    assert {trial.status for trial in trials.values()} == {"succeeded"}
    name = cluster.experiment_of(run_id)
    states = {state.name: state for state in map(trial_state, cluster.katib.list_trials(name)[0])}
    assert set(states) == {f"{name}-{first}" for first in (0, 3, 6)}
    for first, size in ((0, 3), (3, 3), (6, 1)):
        state = states[f"{name}-{first}"]
        coded = split_codes(first, state.assignments["architecture"])
        assert [(c.number, c.code) for c in coded] == [
            (n, trials[n].architecture) for n in range(first, first + size)
        ]
        each = {f"accuracy-{c.number - first}": trials[c.number].metrics["accuracy"] for c in coded}
        assert {k: v for k, v in state.metrics.items() if k.startswith("accuracy-")} == pytest.approx(each)
        assert any(state.metrics["accuracy"] == pytest.approx(value) for value in each.values())
