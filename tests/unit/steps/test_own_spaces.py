"""What the steps refuse of users' spaces before anything is trained, and what a run remembers of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from archmend.errors import BadInput
from archmend.steps.run_request import RunRequest, command_of
from archmend.steps.search import SearchRequest, search
from archmend.steps.search_folder import claim, space_of, write_state
from archmend.steps.trial_request import TrialRequest

YAML = "base: fc\nchoices:\n- {name: width, values: [8]}\n"
PYTHON = """
from archmend.spaces import Choice, Space

space = Space([Choice("units", [4, 8])])


def build(architecture):
    return None
"""


@pytest.fixture
def data(tmp_path: Path) -> str:
    y = np.arange(60) % 3
    x = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    np.savez(tmp_path / "small.npz", x=x, y=y)
    return str(tmp_path / "small.npz")


def _request(data: str, tmp_path: Path, name: str, content: str, **other: object) -> SearchRequest:
    file = tmp_path / name
    file.write_text(content)
    return SearchRequest(data=data, out=tmp_path / "out", space=str(file), **other)  # type: ignore[arg-type]


def test_a_changed_file_is_not_gone_on_with(data: str, tmp_path: Path) -> None:
    from archmend.datasets import open_data

    info = open_data(data).info
    for name, content in (("mine.yaml", YAML), ("mine.py", PYTHON)):
        asked = _request(data, tmp_path, name, content, resume=True)
        asked = replace(asked, out=tmp_path / name.partition(".")[2])
        write_state(asked, info, 1.0)
        assert claim(asked) is not None
        kept = asked.out / f"space{Path(name).suffix}"
        assert kept.read_text() == content
        (tmp_path / name).write_text(content + "# changed\n")
        with pytest.raises(BadInput, match=r"the content of --space .* has changed since \(its SHA-256 is"):
            claim(replace(asked))
        assert json.loads((asked.out / "search.json").read_text())["request"]["space_digest"]


def test_the_command_that_repeats_a_run_names_the_file(data: str, tmp_path: Path) -> None:
    command = command_of(RunRequest(_request(data, tmp_path, "mine.yaml", YAML)))
    assert f"--space {tmp_path / 'mine.yaml'}" in command
    assert "digest" not in command


def test_katib_takes_yaml_and_no_python(data: str, tmp_path: Path) -> None:
    assert _request(data, tmp_path, "mine.yaml", YAML, engine="katib").space_source.kind == "yaml"
    with pytest.raises(
        BadInput, match=r"mine\.py is a Python file, which the cluster's pods do not have; write"
    ):
        _request(data, tmp_path, "mine.py", PYTHON, engine="katib")


@pytest.mark.parametrize(
    ("name", "content", "flags", "sentence"),
    [
        (
            "mine.yaml",
            "choices:\n- {name: a, values: [1]}\n",
            {},
            "space 'mine' does not say what networks its",
        ),
        ("mine.yaml", "base: conv\n", {}, "space 'mine' needs images"),
        (
            "mine.py",
            PYTHON,
            {"optimizer": "sgd"},
            r"--optimizer contradicts space 'mine', whose build\(\) compiles",
        ),
        ("mine.py", PYTHON, {"learning_rate": 0.1}, "--learning-rate contradicts space 'mine'"),
        (
            "mine.py",
            "space = 1 / 0\n",
            {},
            r"mine\.py, line 1: the file raised ZeroDivisionError: division by zero",
        ),
        (
            "mine.yaml",
            YAML,
            {"max_params": 5},
            "no architecture of space 'mine' fits params 5; the cheapest found",
        ),
    ],
)
def test_what_is_refused_leaves_nothing(
    data: str, tmp_path: Path, name: str, content: str, flags: dict[str, object], sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        search(_request(data, tmp_path, name, content, **flags))
    assert not (tmp_path / "out").exists()


def test_records_call_the_space_by_its_name(data: str, tmp_path: Path) -> None:
    from archmend.datasets import open_data

    asked = _request(data, tmp_path, "mine.yaml", YAML)
    assert space_of(asked, open_data(data).info).name == asked.space_source.space_name == "mine"


def test_a_trial_takes_a_packed_space() -> None:
    from archmend.spaces import space_source, space_word

    word = space_word(space_source(YAML).space(input_shape=(4,), classes=3))
    request = TrialRequest(data="digits", space=word, architecture="1-8-relu-none-0-0.001")
    assert request.space_source.space_name == "space"
    with pytest.raises(BadInput, match="unknown space 'cnv': did you mean 'conv'"):
        TrialRequest(data="digits", space="cnv", architecture="1")
