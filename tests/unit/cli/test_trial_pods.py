"""The flags of a search by Katib."""

from __future__ import annotations

import pytest

from archmend.cli.trial_pods import trial_pods
from archmend.errors import BadInput
from archmend.kubeflow.katib.options import KatibOptions


def test_flags_become_options() -> None:
    assert trial_pods("katib", None) == KatibOptions()
    made = trial_pods(
        "katib",
        4,
        namespace="team",
        image="registry/archmend:1",
        store="s3://bucket/x",
        secret="keys",
        trial_cpu="500m",
        trial_memory="1Gi",
        trial_gpus=1,
        accelerator="amd.com/gpu",
        node_selector="pool=gpu",
        tolerations="gpu:NoSchedule",
        priority_class="low",
        runtime_class="nvidia",
        service_account="trials",
        retain=True,
        trials_per_pod=8,
    )
    assert made == KatibOptions(
        namespace="team",
        image="registry/archmend:1",
        parallel=4,
        cpu="500m",
        memory="1Gi",
        accelerator="amd.com/gpu",
        accelerators=1,
        node_selector={"pool": "gpu"},
        tolerations=({"key": "gpu", "operator": "Exists", "effect": "NoSchedule"},),
        priority_class="low",
        runtime_class="nvidia",
        service_account="trials",
        secret="keys",
        store="s3://bucket/x",
        retain=True,
        trials_per_pod=8,
    )


def test_a_local_search_refuses_what_it_would_ignore() -> None:
    assert trial_pods("local", 2, trial_gpus=None, retain=False) is None
    with pytest.raises(BadInput, match="--trial-gpus is for trials in a cluster; add --engine katib"):
        trial_pods("local", None, trial_gpus=0)
