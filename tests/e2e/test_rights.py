"""The Role of the search component: enough for a whole search, and not one verb more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from kind.shell import ROOT
from tests.e2e.cluster import Cluster, until
from tests.e2e.pending import trial_of
from tests.e2e.tenant import Tenant, component_rules, tenant

VERBS = [
    (resource, verb) for rule in component_rules() for resource in rule["resources"] for verb in rule["verbs"]
]
SAID = {
    ("experiments", "patch"): "stop",
    ("experiments/status", "patch"): "stop",
    ("trials", "delete"): "stop",
}
SPEAKER: dict[str, Any] = {
    "metadata": {"name": "speaker"},
    "spec": {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "say",
                "command": ["echo", "hello"],
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    },
}


@pytest.fixture(scope="module")
def team(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    with tenant(cluster, f"archmend-e2e-{uuid4().hex[:6]}", tmp_path_factory.mktemp("rights")) as made:
        yield made


@pytest.fixture(scope="module")
def speaker(team: Tenant) -> str:
    """The name of a pod that has said something."""
    from archmend.kubeflow.image import IMAGE

    core, name = team.cluster.core, "speaker"
    SPEAKER["spec"]["containers"][0]["image"] = IMAGE
    core.create_namespaced_pod(team.namespace, SPEAKER)
    until(lambda: core.read_namespaced_pod(name, team.namespace).status.phase == "Succeeded", 120, name)
    return name


def _refused(team: Tenant, speaker: str) -> dict[str, str]:
    run = uuid4().hex
    team.cluster.objects.create_namespaced_custom_object(
        "kubeflow.org", "v1beta1", team.namespace, "trials", trial_of(run)
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.as_component", team.namespace, run, speaker],
        env={**os.environ, "KUBECONFIG": str(team.kubeconfig)},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return {what: words for what, words in json.loads(done.stdout.splitlines()[-1]).items() if words}


def test_the_role_is_enough(team: Tenant, speaker: str) -> None:
    team.grant(component_rules())
    assert _refused(team, speaker) == {}


@pytest.mark.parametrize(("resource", "verb"), VERBS)
def test_each_verb_is_needed(team: Tenant, speaker: str, resource: str, verb: str) -> None:
    """Without it just that is refused which needs it, in a sentence."""
    team.grant(
        [
            {**rule, "resources": [name], "verbs": verbs}
            for rule in component_rules()
            for name in rule["resources"]
            if (verbs := [v for v in rule["verbs"] if (name, v) != (resource, verb)])
        ]
    )
    what = SAID.get((resource, verb), f"{verb} {resource}")
    refused = _refused(team, speaker)
    assert what in refused, refused
    if verb not in ("get", "list") or resource in ("pods", "pods/log", "events", "workflows"):
        assert set(refused) == {what}, refused
    if what not in ("get pods/log", "watch trials"):
        assert "this account may not" in refused[what]
    team.grant(component_rules())


@pytest.mark.usefixtures("store")
def test_a_whole_search_with_that_role_in_a_restricted_namespace(team: Tenant, tmp_path: Path) -> None:
    team.grant(component_rules())
    out = tmp_path / "run"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "archmend", "search", "--engine", "katib", "--out", str(out)),
            *("--namespace", team.namespace, "--space", "seed-fc", "--epochs", "1", "--max-trials", "2"),
            *("--trial-cpu", "600m", "--trial-memory", "1Gi"),
        ],
        env={**os.environ, "KUBECONFIG": str(team.kubeconfig)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    trials = [json.loads(line) for line in (out / "trials.jsonl").read_text().splitlines()]
    assert [trial["status"] for trial in trials] == ["succeeded", "succeeded"]
    # Trials and the suggestion service were admitted where the restricted standard is enforced.
    labels = [
        pod.metadata.labels or {} for pod in team.cluster.core.list_namespaced_pod(team.namespace).items
    ]
    assert sum("katib.kubeflow.org/trial" in each for each in labels) == 2, labels
