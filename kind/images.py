"""Builds the images of docker/Dockerfile, labelled with version and commit."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable

from kind.pins import REGISTRY
from kind.shell import ROOT, Failed, need, run

VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
TARGETS = {
    "runtime": f"{REGISTRY}/archmend:{VERSION}",
    "runtime-gpu": f"{REGISTRY}/archmend:{VERSION}-gpu",
    "suggestion": f"{REGISTRY}/suggestion:{VERSION}",
}


def build(targets: Iterable[str] = tuple(TARGETS), *, sbom: bool = False) -> None:
    """Build the targets, and with `sbom` a list of each one's contents under build/sbom.

    Times of files and byte code are those of the commit, so that two builds of one commit are alike.
    """
    targets = list(targets)
    if unknown := set(targets) - set(TARGETS):
        raise Failed(f"no target {', '.join(sorted(unknown))}: there are {', '.join(TARGETS)}")
    engine = os.environ.get("ENGINE", "docker")
    need(engine, "it builds the images; ENGINE=podman takes another one")
    commit, time = run("git", "log", "-1", "--format=%H %ct").split()
    changed = "-dirty" if run("git", "status", "--porcelain", "--", "src", "docker", "uv.lock") else ""
    common = ["--build-arg", f"VERSION={VERSION}", "--build-arg", f"COMMIT={commit}{changed}"]
    common += ["--build-arg", f"SOURCE_DATE_EPOCH={time}", "-f", "docker/Dockerfile"]
    if base := os.environ.get("BASE"):
        common += ["--build-arg", f"BASE={base}"]
    for target in targets:
        print(f"   {TARGETS[target]}", flush=True)
        run(engine, "build", *common, "--target", target, "-t", TARGETS[target], ".", quiet=False)
        if sbom:
            folder = f"type=local,dest=build/sbom/{target}"
            listed = ["--target", "sbom", "--build-arg", f"OF={target}", "--output", folder]
            run(engine, "build", *common, *listed, ".", quiet=False)
