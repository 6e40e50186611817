"""A fake Katib that the kube context of the test points at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from archmend.testing.katib import FakeKatib, Script, suggest
from archmend.testing.katib.controller import Suggest

Start = Callable[..., FakeKatib]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Return a function that starts a fake with a script."""
    for name in ("KUBERNETES_SERVICE_HOST", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with ExitStack() as stack:

        def _start(script: Script | None = None, suggest: Suggest = suggest) -> FakeKatib:
            made = FakeKatib(script, suggest=suggest) if script else FakeKatib(suggest=suggest)
            fake = stack.enter_context(made)
            monkeypatch.setenv("KUBECONFIG", str(fake.write_kubeconfig(tmp_path, "team")))
            return fake

        yield _start
