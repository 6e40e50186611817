"""Two teams on one cluster: each searches in its own namespace, and may not look into the other's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.e2e.cluster import Cluster
from tests.e2e.tenant import Tenant, tenant

TRIALS = 3


@pytest.fixture(scope="module")
def teams(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Tenant]]:
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                tenant(cluster, f"archmend-e2e-{uuid4().hex[:6]}", tmp_path_factory.mktemp("team"))
            )
            for _ in range(2)
        ]


def _search(team: Tenant, namespace: str, out: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "archmend", "search", "--engine", "katib", "--out", str(out)),
            *("--namespace", namespace, "--space", "seed-fc", "--epochs", "1"),
            *("--max-trials", str(TRIALS), "--workers", "1", "--seed", "5"),
            *("--trial-cpu", "600m", "--trial-memory", "1Gi"),
        ],
        env={**os.environ, "KUBECONFIG": str(team.kubeconfig)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "trials.jsonl").read_text().splitlines()]


@pytest.mark.usefixtures("store")
def test_two_teams_search_at_once(teams: list[Tenant], tmp_path: Path) -> None:
    """One seed, two namespaces: the same architectures, and nothing of one in the other."""
    outs = [tmp_path / team.namespace for team in teams]
    running = [_search(team, team.namespace, out) for team, out in zip(teams, outs, strict=True)]
    for process in running:
        _, errors = process.communicate(timeout=900)
        assert process.returncode == 0, errors
    found = [[line["architecture"] for line in _lines(out)] for out in outs]
    assert [len(each) for each in found] == [TRIALS, TRIALS]
    assert sorted(found[0]) == sorted(found[1])
    for team in teams:
        listed = team.cluster.objects.list_namespaced_custom_object(
            "kubeflow.org", "v1beta1", team.namespace, "experiments"
        )
        assert len(listed["items"]) == 1


@pytest.mark.usefixtures("store")
def test_the_other_teams_namespace_is_refused(teams: list[Tenant], tmp_path: Path) -> None:
    ours, theirs = teams
    process = _search(ours, theirs.namespace, tmp_path / "run")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 4
    assert f"in namespace {theirs.namespace}" in errors
    assert "this account may not" in errors
    assert "Traceback" not in errors
