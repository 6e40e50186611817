"""A space as Katib's parameters, and back: what any of its algorithms may say is an architecture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archmend.kubeflow.katib.algorithms import read_algorithm
from archmend.kubeflow.katib.parameters import assigned, parameters
from archmend.spaces import Choice, Repeat, Space, create_space, every_choice, from_texts

SPACES = {
    name: create_space(name, input_shape=(64,) if "fc" in name else (8, 8, 1), classes=10)
    for name in ("seed-fc", "seed-fc-free", "fc", "conv")
} | {
    "mixed": Space(
        [
            Choice("kind", ["none", "dense"]),
            Choice("bias", [True, False]),
            Choice("units", [8, 16], when={"kind": ["dense"]}),
            Choice("depth", range(1, 4)),
            Repeat("depth", (Choice("rate", (1e-05, 0.1, 1)),)),
            Choice("one", [7]),
        ],
        name="mixed",
    )
}


def texts_of(space: Space, draw: Any, written: str) -> dict[str, str]:
    """Draw an assignment as Katib's services make it: of every parameter, inactive ones too."""
    found = {}
    for parameter in parameters(read_algorithm("katib-random"), space, 3):
        made = parameter.to_dict()
        feasible = made["feasibleSpace"]
        if made["parameterType"] == "int":
            text = str(draw(st.integers(int(feasible["min"]), int(feasible["max"]))))
        else:
            text = draw(st.sampled_from(feasible["list"]))
        if written == "float" and made["parameterType"] != "categorical":
            text = str(float(text))  # as services do that hold numbers
        found[made["name"]] = text
    return found


@pytest.mark.parametrize("written", ["as listed", "float"])
@pytest.mark.parametrize("name", SPACES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_every_assignment_is_an_architecture(name: str, written: str, data: st.DataObject) -> None:
    space = SPACES[name]
    texts = texts_of(space, data.draw, written)
    architecture = from_texts(space, texts)
    assert architecture in space
    assert space.parse(str(architecture)) == architecture
    for choice, value in architecture.items():
        assert texts[choice] in (str(value), str(value).lower()) or float(texts[choice]) == value


@pytest.mark.parametrize("name", SPACES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_inactive_parameters_do_not_count(name: str, data: st.DataObject) -> None:
    space = SPACES[name]
    texts = texts_of(space, data.draw, "as listed")
    architecture = from_texts(space, texts)
    inactive = {choice: "whatever" for choice in texts if choice not in architecture}
    assert from_texts(space, {**texts, **inactive}) == architecture


@pytest.mark.parametrize("name", SPACES)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_architecture_can_be_assigned(name: str, seed: int) -> None:
    """Katib's parameters leave nothing of the space out."""
    space = SPACES[name]
    architecture = space.sample(np.random.default_rng(seed))
    offered = {p.name: p.to_dict() for p in parameters(read_algorithm("katib-random"), space, 3)}
    for choice, value in architecture.items():
        feasible = offered[choice]["feasibleSpace"]
        if offered[choice]["parameterType"] == "int":
            assert int(feasible["min"]) <= value <= int(feasible["max"])  # type: ignore[operator]
        else:
            assert str(value) in feasible["list"] or str(value).lower() in feasible["list"]


def test_the_kinds_of_parameters() -> None:
    made = {p.name: p.to_dict() for p in parameters(read_algorithm("katib-tpe"), SPACES["mixed"], 3)}
    assert {name: p["parameterType"] for name, p in made.items()} == {
        "kind": "categorical",
        "bias": "categorical",
        "units": "discrete",
        "depth": "int",
        "rate_1": "discrete",
        "rate_2": "discrete",
        "rate_3": "discrete",
        "one": "discrete",
    }
    assert made["bias"]["feasibleSpace"]["list"] == ["true", "false"]
    assert made["rate_1"]["feasibleSpace"]["list"] == ["1e-05", "0.1", "1"]


@pytest.mark.parametrize(
    ("strategy", "epochs"),
    [("random", "--epochs=${trialParameters.epochs}"), ("katib-tpe", "--epochs=3")],
)
def test_epochs_are_assigned_where_the_algorithm_chooses_them(strategy: str, epochs: str) -> None:
    flags = assigned(read_algorithm(strategy), SPACES["fc"], 3)
    assert flags[-1] == epochs
    theirs = [f"--set={c.name}=${{trialParameters.{c.name}}}" for c in every_choice(SPACES["fc"])]
    assert flags[:-1] == (
        ["--architecture=${trialParameters.architecture}"] if strategy == "random" else theirs
    )
