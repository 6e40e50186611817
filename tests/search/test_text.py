"""Texts from a CSV file to a registered model: `archmend run --space text`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from archmend.cli.app import app
from archmend.errors import BadInput
from archmend.registry import Registry
from archmend.steps.search import SearchRequest, search

# Keras' own, on saving a model.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

THINGS = ("ship", "crew", "food", "cabin", "deck", "price", "band", "pool", "view", "guide")
FILLER = ("we", "went", "there", "in", "summer", "again", "last", "winter", "with", "friends", "from", "work")
ONE = """base: text
choices:
- {name: vocabulary, values: [1.0]}
- {name: embedding, values: [16]}
- {name: blocks, values: [1]}
- {name: filters, values: [32]}
- {name: kernel, values: [3]}
- {name: pool, values: [none]}
- {name: recurrent, values: [none]}
- {name: summary, values: [max]}
- {name: dense, values: [0]}
- {name: dropout, values: [0.0, 0.1]}
- {name: learning_rate, values: [0.01]}
"""


def _sentence(good: bool, rng: np.random.Generator) -> str:
    """Return a sentence of words that both classes have; they differ in which adverb is at which verdict."""
    first, second = ("truly", "supposedly") if good else ("supposedly", "truly")
    said = [f"the {rng.choice(THINGS)} was {first} good", f"the {rng.choice(THINGS)} was {second} bad"]
    if rng.random() < 0.5:
        said.reverse()
    filler = " ".join(rng.choice(FILLER, size=int(rng.integers(2, 8))))
    return f"{filler.capitalize()}, {said[0]}, and {said[1]}!"


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("data") / "reviews.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["review", "label"])
        writer.writerows((_sentence(i % 2 == 0, rng), ("happy", "sad")[i % 2]) for i in range(800))
    return path


def test_a_run_finds_what_the_order_of_words_says(reviews: Path, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(ONE)
    run = f"run --data {reviews} --target label --space {tmp_path / 'one.yaml'} --max-trials 2 --epochs 5"
    places = f"--out {tmp_path / 'out'} --registry {tmp_path / 'registry'}"
    done = CliRunner().invoke(app, f"{run} {places} --workers 1 --repair-epochs 4 --quiet".split())
    assert done.exit_code == 0, done.output
    evaluation = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert evaluation["accuracy"] > 0.9
    # Words alone say nothing here, whatever their weights.
    assert evaluation["baselines"]["logistic_regression"] < 0.65
    assert "is read as text of" in (tmp_path / "out" / "report.html").read_text()
    assert (
        Registry(tmp_path / "registry").verify("reviews").problems == ()
    )  # the exported model takes raw texts


def test_the_built_in_space_is_searched_as_others_are(reviews: Path, tmp_path: Path) -> None:
    request = SearchRequest(
        data=str(reviews),
        target="label",
        out=tmp_path / "out",
        space="text",
        strategy="max_entropy",
        max_trials=2,
        max_params=4000,
        epochs=1,
        workers=1,
        inherit="parent",
    )
    outcome = search(request)
    assert [trial.status for trial in outcome.trials] == ["succeeded"] * 2
    assert all(trial.params is not None and trial.params <= 4000 for trial in outcome.trials)


def test_kinds_of_data_do_not_mix(reviews: Path, tmp_path: Path) -> None:
    for data, target, space, sentence in (
        (str(reviews), "label", "conv", "space 'conv' is for images of numbers and the data's rows"),
        ("digits", None, "text", r"space 'text' needs a column of texts .* shape \(8, 8, 1\); use 'conv'"),
    ):
        with pytest.raises(BadInput, match=sentence):
            search(SearchRequest(data=data, target=target, out=tmp_path / "out", space=space, max_trials=1))
