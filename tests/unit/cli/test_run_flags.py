"""`archmend run` takes what `archmend search` takes, and says how it is repeated."""

from __future__ import annotations

import inspect
import shlex

import pytest
from typer.testing import CliRunner

from archmend.cli.app import app
from archmend.cli.run import run
from archmend.cli.search import search
from archmend.kubeflow.katib.options import FLAGS
from archmend.steps import pipeline
from archmend.steps.run_request import RunRequest, command_of


class Asked(Exception):
    """Carries what the run was asked for."""

    def __init__(self, request: RunRequest) -> None:
        super().__init__()
        self.request = request


def test_a_run_has_every_flag_of_a_search() -> None:
    assert set(inspect.signature(search).parameters) <= set(inspect.signature(run).parameters)
    assert set(FLAGS) <= set(inspect.signature(run).parameters)


def test_the_command_that_repeats_a_run_on_katib(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(request: RunRequest, watch: object) -> None:
        raise Asked(request)

    monkeypatch.setattr(pipeline, "run", steps)

    def asked(words: list[str]) -> RunRequest:
        done = CliRunner().invoke(app, [*words, "--out", "here", "--workers", "3"])
        assert isinstance(done.exception, Asked), done.output
        return done.exception.request

    first = asked(
        shlex.split(
            "run --engine katib --namespace team --store s3://b/x --trial-cpu 500m --trial-gpus 1 --retain "
            "--node-selector pool=gpu --tolerations gpu:NoSchedule --max-trials 4 --registry s3://r/models"
        )
    )
    pods = first.search.katib
    assert pods is not None
    assert (pods.namespace, pods.cpu, pods.accelerators, pods.parallel) == ("team", "500m", 1, 3)
    assert asked(shlex.split(command_of(first))[1:]) == first
    local = asked(["run", "--max-trials", "4"])
    assert local.search.katib is None
    assert "--workers 3" in command_of(local)
    assert "--workers 3" in command_of(first)
    assert asked(shlex.split(command_of(local))[1:]) == local
