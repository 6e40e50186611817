"""The digest of what an image holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from archmend.kubeflow import build
from archmend.kubeflow.build import build_digest


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    build_digest.cache_clear()
    yield
    build_digest.cache_clear()


@pytest.mark.parametrize("package", ["tensorflow", "keras", "numpy"])
def test_another_version_of_what_computes_is_another_image(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = build_digest()
    known = build.version
    monkeypatch.setattr(build, "version", lambda name: "0.0.1" if name == package else known(name))
    build_digest.cache_clear()

    assert re.fullmatch("[0-9a-f]{64}", before)
    assert build_digest() != before


def test_a_package_that_is_absent_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise build.PackageNotFoundError(name)

    monkeypatch.setattr(build, "version", absent)
    assert re.fullmatch("[0-9a-f]{64}", build_digest())
