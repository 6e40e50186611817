"""Runs are started with what the pipeline takes, and nothing else."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from tests.unit.kubeflow.runs.conftest import PARAMETERS

from archmend.errors import BadInput
from archmend.kubeflow.runs import Package, Server, load_package, submit
from archmend.kubeflow.runs.parameters import checked_parameters
from archmend.testing.pipelines import FakePipelines


def test_parameters_arrive_with_their_types(fake: FakePipelines, server: Server, package: Package) -> None:
    given = {
        "data": "5",
        "trials": "7",
        "rate": "1e-3",
        "deep": "True",
        "widths": "[8, 16]",
        "more": '{"a": null}',
    }
    run = submit(server, package, given, service_account="someone")
    made = fake.objects.runs[run.run_id]
    assert made["runtime_config"]["parameters"] == {
        "data": "5",
        "trials": 7,
        "rate": 0.001,
        "deep": True,
        "widths": [8, 16],
        "more": {"a": None},
    }
    assert made["service_account"] == "someone"
    assert made["display_name"] == run.name == "small 2026-03-02 12:00:30"
    assert run.link == f"{fake.url}/#/runs/details/{run.run_id}"
    (version,) = fake.objects.versions
    assert made["pipeline_version_reference"]["pipeline_version_id"] == version
    (experiment,) = fake.objects.experiments.values()
    assert experiment["display_name"] == "archmend"
    submit(server, package, given, experiment="archmend")
    submit(server, package, given, experiment="other")
    assert sorted(e["display_name"] for e in fake.objects.experiments.values()) == ["archmend", "other"]
    assert len(fake.objects.versions) == 1


def test_without_caching_the_run_brings_its_own_pipeline(
    fake: FakePipelines, server: Server, package: Package
) -> None:
    run = submit(server, package, {"data": "digits"}, caching=False)
    made = fake.objects.runs[run.run_id]
    assert "pipeline_version_reference" not in made
    spec = made["pipeline_spec"]
    tasks = [
        *spec["root"]["dag"]["tasks"].values(),
        *spec["components"]["comp-inner"]["dag"]["tasks"].values(),
    ]
    assert [task["cachingOptions"] for task in tasks] == [{}, {}, {}]
    assert fake.objects.versions == {}
    # What was loaded is as it was.
    assert package.spec["root"]["dag"]["tasks"]["first"]["cachingOptions"] == {"enableCache": True}


def test_archmends_own_pipeline_takes_what_run_takes(fake: FakePipelines, server: Server) -> None:
    package = load_package()
    assert {"search", "repair", "evaluate", "register"} <= package.steps
    run = submit(server, package, {"data": "digits", "max_trials": "5"})
    assert fake.objects.runs[run.run_id]["runtime_config"]["parameters"]["max_trials"] == 5
    with pytest.raises(BadInput, match="unknown pipeline parameter 'max_trails': did you mean 'max_trials'"):
        submit(server, package, {"data": "digits", "max_trails": "5"})
    caching_off = package.without_caching()
    assert "enableCache" not in str(caching_off)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"data": "a", "trails": "5"}, "unknown pipeline parameter 'trails': did you mean 'trials'?"),
        ({"trials": "5"}, "parameter data has no default and is missing; give a text"),
        ({"data": 5}, "parameter data=5 is of the wrong type; give a text"),
        ({"data": None}, "parameter data=null is of the wrong type; give a text"),
        ({"data": datetime.date(2026, 1, 1)}, '2026-01-01" is of the wrong type; give a text'),
        ({"data": "a", "trials": "five"}, "parameter trials=five is of the wrong type; give a whole number"),
        ({"data": "a", "trials": "5.0"}, "give a whole number"),
        ({"data": "a", "trials": 5.5}, "parameter trials=5.5 is of the wrong type; give a whole number"),
        ({"data": "a", "trials": True}, "parameter trials=true is of the wrong type"),
        # Over the exact numbers of JSON it would arrive as another.
        ({"data": "a", "trials": str(2**53 + 1)}, "give a whole number"),
        ({"data": "a", "trials": "9" * 5000}, "give a whole number"),
        ({"data": "a", "rate": "nan"}, "parameter rate=nan is of the wrong type; give a number"),
        ({"data": "a", "rate": "inf"}, "give a number"),
        ({"data": "a", "rate": "fast"}, "give a number"),
        ({"data": "a", "rate": False}, "parameter rate=false is of the wrong type; give a number"),
        ({"data": "a", "deep": "yes"}, "parameter deep=yes is of the wrong type; give true or false"),
        ({"data": "a", "deep": 1}, "give true or false"),
        ({"data": "a", "widths": "8,16"}, "parameter widths=8,16 is of the wrong type; give a list, as JSON"),
        ({"data": "a", "widths": "{}"}, "give a list, as JSON"),
        ({"data": "a", "widths": "[NaN]"}, "give a list, as JSON"),
        ({"data": "a", "widths": [datetime.date(2026, 1, 1)]}, "give a list, as JSON"),
        ({"data": "a", "more": "[]"}, "give a mapping, as JSON"),
    ],
)
def test_wrong_parameters(given: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput) as caught:
        checked_parameters(given, PARAMETERS)
    assert words in str(caught.value)


def test_nothing_is_started_with_wrong_parameters(
    fake: FakePipelines, server: Server, package: Package
) -> None:
    before = len(fake.requests)
    with pytest.raises(BadInput):
        submit(server, package, {"trials": "5"})
    assert len(fake.requests) == before
