"""The component model-registry: what it names is pinned by content, and it brings no password."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import pytest
from tests.manifests.conftest import MANIFESTS, Objects

REPOSITORY = "https://github.com/kubeflow/hub"


def test_pinned_by_content() -> None:
    text = (MANIFESTS / "components/model-registry/kustomization.yaml").read_text()
    assert re.search(rf"{REPOSITORY}/\S+\?ref=[0-9a-f]{{40}}&", text)


def test_a_server_a_database_and_no_password(together: Callable[..., Objects]) -> None:
    urls = subprocess.run(
        ["git", "config", "--get-regexp", r"^url\..*\.insteadof$"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    if REPOSITORY not in urls:
        pytest.skip("no local mirror of kubeflow/hub (git config url.<base>.insteadOf)")
    objects = together("components/model-registry")

    names = {(each["kind"], each["metadata"]["name"]) for each in objects}
    assert ("Service", "model-registry-service") in names
    assert ("Deployment", "model-registry-db") in names
    assert not [name for kind, name in names if kind == "Secret"]
