"""Rendering with kustomize, or kubectl's own, where one is on the PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = ROOT / "manifests"
PUBLIC = ("kubeflow/pipelines", "kubeflow/katib", "argoproj/argo-workflows")
Objects = list[dict[str, Any]]
Render = Callable[[Path], Objects]


@pytest.fixture(scope="session")
def render() -> Render:
    """What a folder builds, each folder once."""
    command = _kustomize()
    known: dict[Path, Objects] = {}

    def rendered(folder: Path) -> Objects:
        if folder not in known:
            done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr[:2000]
            known[folder] = [each for each in yaml.safe_load_all(done.stdout) if each]
        return known[folder]

    return rendered


def _kustomize() -> list[str]:
    for command in (["kustomize", "build"], ["kubectl", "kustomize"]):
        if shutil.which(command[0]):
            return command
    pytest.skip("neither kustomize nor kubectl is on the PATH")


@pytest.fixture(scope="session")
def mirrors() -> None:
    """Skips unless git is told to take the public repositories from this machine."""
    found = subprocess.run(
        ["git", "config", "--get-regexp", r"^url\..*\.insteadof$"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    absent = [name for name in PUBLIC if f"https://github.com/{name}" not in found]
    if absent:
        pytest.skip(f"no local mirror of {', '.join(absent)} (git config url.<base>.insteadOf)")


@pytest.fixture
def together(tmp_path: Path, render: Render) -> Callable[..., Objects]:
    """Renders base with components, and with patches of the test's own."""

    def rendered(*components: str, **more: Any) -> Objects:
        kustomization = {"namespace": "team", "resources": [_up(tmp_path, "base")], **more}
        kustomization["components"] = [_up(tmp_path, name) for name in components]
        (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        return render(tmp_path)

    return rendered


def _up(folder: Path, part: str) -> str:
    # An absolute part stays: a component that the test itself wrote.
    return os.path.relpath(MANIFESTS / part, folder.resolve())
