"""The compiled pipeline: current, complete, and as the cluster needs it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from archmend.kubeflow import IMAGE, compile_pipeline

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "pipelines" / "archmend.yaml"
TASKS = ("fingerprint", "prepare-data", "search", "repair", "evaluate", "register")


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    return next(iter(yaml.safe_load_all(GOLDEN.read_text())))


@pytest.fixture(scope="module")
def pods() -> dict[str, Any]:
    """What each task asks of Kubernetes beside its resources."""
    (_, platform) = yaml.safe_load_all(GOLDEN.read_text())
    return platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]


@pytest.fixture(scope="module")
def steps(spec: dict[str, Any]) -> dict[str, Any]:
    return spec["components"]["comp-archmend-steps"]["dag"]["tasks"]


def test_golden_file_is_what_the_sources_compile_to(tmp_path: Path) -> None:
    from pipelines.compile import compile_to

    compile_to(tmp_path / "now.yaml")
    assert (tmp_path / "now.yaml").read_text() == GOLDEN.read_text(), "run make compile"


def test_the_command_writes_the_golden_file(tmp_path: Path) -> None:
    assert compile_pipeline(tmp_path / "out.yaml").read_bytes() == GOLDEN.read_bytes()


def test_the_tasks(spec: dict[str, Any], steps: dict[str, Any]) -> None:
    assert set(steps) == set(TASKS)
    assert set(spec["root"]["dag"]["tasks"]) == {"exit-handler-1", "summarize"}
    ending = spec["root"]["dag"]["tasks"]["summarize"]
    assert ending["triggerPolicy"] == {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}


def test_every_parameter_has_a_default(spec: dict[str, Any]) -> None:
    parameters = spec["root"]["inputDefinitions"]["parameters"]
    assert [name for name, p in parameters.items() if "defaultValue" not in p] == []


def test_everything_that_a_sub_dag_uses_is_handed_into_it(spec: dict[str, Any]) -> None:
    used = 0
    for name, component in [("root", spec["root"]), *spec["components"].items()]:
        if "dag" not in component:
            continue
        declared = set(component.get("inputDefinitions", {}).get("parameters", {}))
        for task in component["dag"]["tasks"].values():
            asked = {
                value["componentInputParameter"]
                for value in task.get("inputs", {}).get("parameters", {}).values()
                if "componentInputParameter" in value
            }
            assert asked <= declared, f"{name} does not declare {asked - declared}"
            used += len(asked)
    assert used > 50


def test_resources_are_inputs_of_their_tasks(spec: dict[str, Any], steps: dict[str, Any]) -> None:
    # Resources refer to a task's inputs by {{$.inputs.parameters['pipelinechannel--cpu']}}.
    reference = re.compile(r"\{\{\$\.inputs\.parameters\['(.+?)'\]\}\}")
    ending = spec["root"]["dag"]["tasks"]["summarize"]
    for name, task in {**steps, "summarize": ending}.items():
        label = spec["components"][task["componentRef"]["name"]]["executorLabel"]
        resources = spec["deploymentSpec"]["executors"][label]["container"]["resources"]
        wanted = {found for text in _texts(resources) for found in reference.findall(text)}
        assert wanted, name
        assert wanted <= set(task["inputs"]["parameters"]), name
    for name in ("search", "repair"):
        label = spec["components"][steps[name]["componentRef"]["name"]]["executorLabel"]
        assert "accelerator" in spec["deploymentSpec"]["executors"][label]["container"]["resources"]


def test_a_step_knows_whether_it_asked_for_a_gpu(steps: dict[str, Any]) -> None:
    for name in ("search", "repair", "evaluate"):
        inputs = steps[name]["inputs"]["parameters"]
        assert inputs["gpus"]["componentInputParameter"] == f"{name}_gpus"


def test_every_pod_comes_to_the_store_as_a_trial_does(pods: dict[str, Any]) -> None:
    from archmend.kubeflow.katib.template import FROM_CONFIG, FROM_SECRET

    assert len(pods) == len(TASKS) + 1
    for name, pod in pods.items():
        for kind, key, wanted in (
            ("configMapAsEnv", "configMapKey", FROM_CONFIG),
            ("secretAsEnv", "secretKey", FROM_SECRET),
        ):
            found = {each["envVar"]: each[key] for part in pod[kind] for each in part["keyToEnv"]}
            assert found == wanted, name
            assert all(part["optional"] for part in pod[kind]), name
        (volume,) = pod["configMapAsVolume"]
        assert (volume["configMapName"], volume["optional"]) == ("archmend-ca", True)
        assert volume["mountPath"] == "/etc/archmend/ca"


def test_retries_and_caching(spec: dict[str, Any], steps: dict[str, Any]) -> None:
    every = [*steps.values(), spec["root"]["dag"]["tasks"]["summarize"]]
    assert all(task["retryPolicy"]["maxRetryCount"] == 2 for task in every)
    cached = {name for name, task in steps.items() if task["cachingOptions"].get("enableCache")}
    assert cached == set(TASKS) - {"fingerprint"}


def test_cached_tasks_depend_on_the_fingerprint(steps: dict[str, Any]) -> None:
    given = steps["prepare-data"]["inputs"]["parameters"]["fingerprint"]
    assert given["taskOutputParameter"]["producerTask"] == "fingerprint"
    for name in ("search", "repair", "evaluate", "register"):
        given = steps[name]["inputs"]["parameters"]["fingerprint"]
        assert given["taskOutputParameter"]["producerTask"] == "fingerprint"
        source = steps[name]["inputs"]["artifacts"]["dataset"]["taskOutputArtifact"]
        assert source == {"outputArtifactKey": "dataset", "producerTask": "prepare-data"}


def test_one_image_and_no_installation_at_start(spec: dict[str, Any]) -> None:
    """It stands in one place: the run's parameter, whose default is this version's."""
    executors = spec["deploymentSpec"]["executors"].values()
    assert {e["container"]["image"] for e in executors} == {
        "{{$.inputs.parameters['pipelinechannel--image']}}"
    }
    assert spec["root"]["inputDefinitions"]["parameters"]["image"]["defaultValue"] == IMAGE
    assert not any("pip install" in text for e in executors for text in _texts(e["container"]["command"]))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
