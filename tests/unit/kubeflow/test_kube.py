"""One rule for which cluster is meant, and one kind of sentence where there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archmend.errors import BadInput
from archmend.kubeflow.kube import kube_settings
from archmend.testing.katib import FakeKatib

pytest.importorskip("kubernetes")


def by_katib() -> object:
    from archmend.kubeflow.katib.client import KatibClient

    return KatibClient().where


def by_pipelines() -> object:
    from archmend.kubeflow.runs.cluster import Cluster

    return Cluster("kubeflow")


def by_installing() -> object:
    from archmend.kubeflow.katib_install import install_suggestions

    return install_suggestions("an-image")


WAYS = [by_katib, by_pipelines, by_installing]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no Kubernetes cluster to ask"),
        ("", "there is no Kubernetes cluster to ask|is no kubeconfig"),
        ("a: [", "is no kubeconfig"),
        ("words", "is no kubeconfig|there is no Kubernetes cluster to ask"),
        ("[1, 2]", "is no kubeconfig|there is no Kubernetes cluster to ask"),
        ("contexts: 3", "is no kubeconfig|there is no Kubernetes cluster to ask"),
        ("apiVersion: v1\nkind: Config\ncurrent-context: away\n", "there is no Kubernetes cluster to ask"),
    ],
)
def test_a_context_that_cannot_be_used_is_bad_input(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: Callable[[], object],
    content: str | None,
    words: str,
) -> None:
    path = tmp_path / "config"
    if content is not None:
        path.write_text(content)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("KUBECONFIG", str(path))
    with pytest.raises(BadInput, match=words) as raised:
        way()
    assert "\n" not in str(raised.value)


def test_in_a_pod_the_variable_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a notebook that is told of another cluster: every command asks the same one."""
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    with FakeKatib() as fake:
        monkeypatch.setenv("KUBECONFIG", str(fake.write_kubeconfig(tmp_path, "team")))
        settings, namespace = kube_settings()
        assert (settings.host, namespace) == (fake.url, "team")
        assert by_katib() == fake.url
