"""A user's YAML space on its way to the cluster: the service gets the text, the trial one word."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.kubeflow.katib.plans import plan

from archmend.errors import BadInput
from archmend.kubeflow.katib.experiment import Plan, build_experiment
from archmend.kubeflow.suggestion.settings import read_settings
from archmend.spaces import Space, create_space, space_source

YAML = "name: mine\nbase: fc\nchoices:\n- {name: width, values: [8, 16]}\n"
MINE = space_source(YAML).space(input_shape=(64,), classes=10)


def _settings(planned: Plan) -> dict[str, str]:
    algorithm = build_experiment(planned).spec.algorithm
    return {setting.name: setting.value for setting in algorithm.algorithm_settings}


def test_the_service_reads_the_text_that_the_experiment_gives() -> None:
    settings = _settings(replace(plan(), space=MINE))
    assert settings["space"] == YAML
    read = read_settings(settings.items()).space
    assert (read.name, read.choices) == ("mine", MINE.choices)
    assert read.cost(read.example()) == MINE.cost(read.example())


@pytest.mark.parametrize("strategy", ["random", "katib-random"])
def test_a_trial_gets_the_space_as_one_word(strategy: str) -> None:
    spec = build_experiment(replace(plan(strategy, "fc"), space=MINE)).to_dict()["spec"]
    job = spec["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]
    (word,) = [w for w in job["containers"][0]["command"] if w.startswith("--space=")]
    read = space_source(word.removeprefix("--space=")).space(input_shape=(64,), classes=10)
    assert (read.name, read.choices) == ("mine", MINE.choices)


def test_the_columns_of_a_table_travel_where_networks_depend_on_them() -> None:
    columns = (1, 3, 1)

    def made(name: str) -> Space:
        return create_space(name, input_shape=(5,), classes=3, columns=columns)

    settings = _settings(replace(plan(), space=made("tabular")))
    assert settings["columns"] == "1,3,1"
    assert read_settings(settings.items()).space.columns == columns
    assert "columns" not in _settings(replace(plan(), space=made("fc")))


def test_how_many_words_there_are_travels_with_texts() -> None:
    made = create_space("text", input_shape=(12,), classes=2, words=345)
    settings = _settings(replace(plan(), space=made))
    read = read_settings(settings.items()).space
    architecture = made.example()
    assert (settings["words"], read.words) == ("345", 345)
    assert read.cost(architecture) == made.cost(architecture)
    assert "words" not in _settings(replace(plan(), space=MINE))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"space": "choices:\n- {name: a, values: []}\n"}, "the space's YAML, line 2: choice 'a' is empty"),
        ({"space": "/etc/mine.yaml"}, "unknown space '/etc/mine.yaml'.* is given as YAML text"),
        ({"columns": "1,x"}, "'columns' must be how many numbers of a row are each column's, .* got '1,x'"),
        ({"words": "many"}, "'words' must be a whole number of at least 1, got 'many'"),
        ({"columns": "1,2"}, r"columns \(1, 2\) do not make up rows of shape \(64,\)"),
    ],
)
def test_settings_that_declare_no_space(changed: dict[str, str], sentence: str) -> None:
    settings = {**_settings(replace(plan(), space=MINE)), **changed}
    with pytest.raises(BadInput, match=sentence):
        read_settings(settings.items())
