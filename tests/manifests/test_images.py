"""What docker/Dockerfile promises of its images, as far as this can be seen without building them."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from kind.shell import ROOT

DOCKERFILE = (ROOT / "docker/Dockerfile").read_text()
PRUNED = re.findall(r"--prune ([a-z0-9-]+)", DOCKERFILE)
MODULES = {"pillow": "PIL", "scikit-learn": "sklearn", "vl-convert-python": "vl_convert"}

# What comes only with a pruned package goes with it.
_SERVE = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import numpy
from archmend.cli.app import app
import archmend.kubeflow.suggestion.server
import archmend.kubeflow.suggestion.service
from archmend.search import TrialResult, create_strategy, strategy_names
from archmend.spaces import create_space
space = create_space("fc", input_shape=(64,), classes=10)
for name in strategy_names(waiting=False):
    strategy = create_strategy(name, space)
    for value in range(TRIALS):
        (asked,) = strategy.ask(1)
        strategy.tell([TrialResult(asked.id, asked.architecture, value / TRIALS, fidelity=asked.fidelity)])
print(sorted(set(BLOCKED) & set(sys.modules)))
"""


def test_the_suggestion_image_needs_nothing_that_is_pruned() -> None:
    pytest.importorskip("grpc")
    assert len(PRUNED) > 5
    blocked = [MODULES.get(name, name) for name in PRUNED] + ["joblib", "tensorflow", "keras", "kfp"]

    # So many that every strategy has come to its model.
    done = subprocess.run(
        [sys.executable, "-c", f"BLOCKED, TRIALS = {blocked!r}, 30\n{_SERVE}"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "[]"


def test_every_base_is_pinned_and_every_image_is_nobody_in_particular() -> None:
    froms = re.findall(r"^FROM (\S+)", DOCKERFILE, flags=re.MULTILINE)
    stages = re.findall(r"^FROM \S+ AS (\S+)", DOCKERFILE, flags=re.MULTILINE)

    assert re.search(r"^ARG BASE=\S+@sha256:[0-9a-f]{64}$", DOCKERFILE, flags=re.MULTILINE)
    assert {name for name in froms if name not in stages} == {"${BASE}", "${OF}", "scratch"}
    # All three images stand on the stage that sets a numeric user.
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, flags=re.MULTILINE)
    for image in ("runtime", "runtime-gpu", "suggestion"):
        assert f"FROM base AS {image}\n" in DOCKERFILE


def test_what_builds_an_image_is_locked_by_hash() -> None:
    text = (ROOT / "docker/build.txt").read_text()
    packages = re.findall(r"^([a-z][a-z-]*)==(\S+)", text, flags=re.MULTILINE)

    assert {"uv", "hatchling", "grpcio-tools"} <= {name for name, _ in packages}
    assert text.count("--hash=sha256:") >= len(packages)
    pyproject = (ROOT / "pyproject.toml").read_text()
    assert f"grpcio-tools=={dict(packages)['grpcio-tools']}" in pyproject


def test_the_list_of_contents() -> None:
    def made() -> str:
        script = str(ROOT / "docker/sbom.py")
        return subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout

    listed = json.loads(made())

    names = {each["name"]: each for each in listed["components"]}
    assert listed["bomFormat"] == "CycloneDX"
    assert re.fullmatch(r"pkg:pypi/numpy@[0-9.]+", names["numpy"]["purl"])
    references = [each["bom-ref"] for each in listed["components"]]
    assert references == sorted(set(references))
    assert made() == json.dumps(listed, indent=1) + "\n", "the same contents give the same text"
