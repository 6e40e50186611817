"""Spaces that somebody wrote as YAML: what they declare, and one sentence with its line for what is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from archmend.errors import BadInput
from archmend.spaces import Choice, OpenIntegers, Repeat, Space, create_space, space_source, space_word
from archmend.spaces.builtin import BUILT_IN, FAMILIES

HERE = Path(__file__).parent / "written"
FILES = sorted(HERE.glob("*.yaml"))
SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "schemas" / "space.schema.json").read_text())


def _space(given: str | Path) -> Space:
    return space_source(str(given)).space(input_shape=(8, 8, 1), classes=4)


def test_conditions_repetitions_and_numbers() -> None:
    space = _space(HERE / "conditional.yaml")
    assert space.choices == (
        Choice("kind", ["dense", "recurrent"]),
        Choice("units", [32, 64, 128]),
        Choice("cell", ["gru", "lstm"], when={"kind": ["recurrent"]}),
        Choice("layers", [1, 2, 3], when={"kind": ["dense"]}),
        Repeat(
            "layers",
            (Choice("dropout", [0, 0.2]), Choice("noise", [0.001, 0.01], when={"dropout": [0.2]})),
        ),
        Choice("bias", [True, False]),
        Choice("size", ["small", "large"], ordered=True),
    )
    assert space.name == "conditional"
    assert space.size == 3 * (2 + 3 + 9 + 27) * 4 == len(set(space))
    assert space.family is None


def test_a_base_with_other_values() -> None:
    space = _space(HERE / "narrow.yaml")
    assert (space.name, space.family) == ("narrow", "fc")
    assert space.size == sum(2**depth for depth in range(1, 7)) * 3 * 2 * 2
    wide = create_space("fc", input_shape=(8, 8, 1), classes=4)
    for seed in range(20):
        drawn = space.sample(np.random.default_rng(seed))
        assert drawn in wide
        assert space.cost(drawn) == wide.cost(drawn)


def test_a_base_forgets_what_can_not_be_any_more() -> None:
    series = {"input_shape": (9, 2, 1), "classes": 4}
    narrow = "base: series\nchoices:\n- {name: recurrent, values: %s}\n"
    none, gru = (space_source(narrow % kind).space(**series) for kind in ("none", "gru"))
    names = [name for item in none.choices for name in item.names]
    assert "units" not in names  # of a recurrent layer, and there is none
    assert "summary" in names
    assert gru.size == none.size * 3
    # A choice without a condition of its own keeps that of the one that it replaces.
    units = space_source("base: series\nchoices:\n- {name: units, values: [8]}\n").space(**series)
    assert Choice("units", [8], when={"recurrent": ["gru", "gru_last"]}) in units.choices


def test_open_integers_and_what_a_family_leaves_out() -> None:
    space = _space(HERE / "open.yaml")
    assert space.choices[0] == Choice("blocks", OpenIntegers(1, 2.0))
    assert space.size == float("inf")
    plain = create_space("conv-open", input_shape=(8, 8, 1), classes=4)
    # kernel is one for all blocks; what is not chosen is as a family has it: no dense layer, relu.
    mine = space.cost(space.parse("2-3-max-5-stride-5"))
    assert mine == plain.cost(plain.parse("2-3-5-max-5-5-stride-0-relu-none-0.001"))
    batch = space.cost(space.parse("1-3-max-3-batch"))
    assert batch == plain.cost(plain.parse("1-3-3-max-0-relu-batch-0.001"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_files_are_of_the_published_schema_and_travel_in_one_word(file: Path) -> None:
    jsonschema.validate(yaml.safe_load(file.read_text().replace("1e-", "1.0e-")), SCHEMA)
    space = _space(file)
    word = space_word(space)
    assert re.fullmatch(r"[A-Za-z0-9_./:=,@%+-]+", word)
    again = _space(word)
    assert again.choices == space.choices
    assert _space(file.read_text()).choices == space.choices


def test_the_schema_knows_the_families_and_the_bases() -> None:
    assert set(SCHEMA["properties"]["family"]["enum"]) == set(FAMILIES)
    assert SCHEMA["properties"]["base"]["enum"] == list(BUILT_IN)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_base_alone_is_the_built_in_space(name: str) -> None:
    source = space_source(f"base: {name}\n")
    assert source.written.items == BUILT_IN[name].choices
    family = BUILT_IN[name].family
    for item in BUILT_IN[name].choices:
        family.check_item(item)  # the built-in spaces keep to what is asked of others


WRONG: dict[str, tuple[str, str]] = {
    "cycle": (
        "choices:\n- {name: a, values: [1], when: {b: 1}}\n- {name: b, values: [1], when: {c: 1}}\n"
        "- {name: c, values: [1], when: {a: 1}}",
        "line 2: choice 'a' depends on 'b' (line 3), which depends on 'c' (line 4), which depends on 'a' "
        "(line 2): a cycle of conditions; remove one of them",
    ),
    "itself": (
        "choices:\n- {name: a, values: [1], when: {a: 1}}",
        "line 2: choice 'a' depends on itself; remove that condition",
    ),
    "cycle of a repetition": (
        "choices:\n- repeat: n\n  choices:\n  - {name: a, values: [1]}\n"
        "- {name: n, values: [1], when: {a: 1}}",
        "line 4: choice 'a' depends on 'n' (line 5), which depends on 'a' (line 4): a cycle of conditions",
    ),
    "cycle through one repetition": (
        "choices:\n- {name: n, values: [1, 2], when: {a_1: 1}}\n"
        "- repeat: n\n  choices:\n  - {name: a, values: [1]}",
        "line 2: choice 'n' depends on 'a' (line 5), which depends on 'n' (line 2): a cycle of conditions",
    ),
    "too late": (
        "choices:\n- {name: a, values: [1], when: {b: 1}}\n- {name: b, values: [1]}",
        "line 2: choice 'a' depends on 'b', which comes after it (line 3); move that one up",
    ),
    "unknown parent": (
        "choices:\n- {name: depth, values: [1]}\n- {name: b, values: [1], when: {dept: 1}}",
        "line 3: choice 'b' depends on 'dept', which does not come before it: did you mean 'depth'?",
    ),
    "what the parent never is": (
        "choices:\n- {name: a, values: [1, 2]}\n- name: b\n  values: [1]\n  when: {a: 3}",
        "line 3: choice 'b' depends on 'a' being 3, which it never is; 'a' takes 1, 2",
    ),
    "unknown counter": (
        "choices:\n- {name: depth, values: [1]}\n- repeat: dpeth\n  choices:\n  - {name: b, values: [1]}",
        "line 5: unknown counting choice of a repetition 'dpeth': did you mean 'depth'?",
    ),
    "empty": ("choices:\n- name: a\n  values: []", "line 3: choice 'a' is empty; give at least one value"),
    "empty condition": (
        "choices:\n- {name: a, values: [1]}\n- {name: b, values: [1], when: {a: []}}",
        "line 3: the condition of choice 'b' on 'a' is empty; give at least one value",
    ),
    "no choices": ("choices: []", "line 1: 'choices' is an empty list; list at least one choice"),
    "nothing to choose": ("name: a\n", "line 1: a space needs 'choices'; list at least one"),
    "twice": (
        "choices:\n- {name: a, values: [1]}\n- {name: a, values: [2]}",
        "line 3: two choices are named 'a' (also in line 2); rename one",
    ),
    "twice in a repetition": (
        "choices:\n- {name: a, values: [1]}\n- repeat: a\n  choices:\n  - {name: a, values: [2]}",
        "line 5: two choices are named 'a' (also in line 2); rename one",
    ),
    "one value twice": (
        "choices:\n- {name: a, values: [1, 1.0]}",
        "line 2: choice 'a' has 1 and 1.0, which are one value or share the code '1'; keep one",
    ),
    "null": (
        "choices:\n- name: a\n  values:\n  - 1\n  -\n",
        "line 5: choice 'a' has nothing among its values, which has no code; use booleans, numbers or text",
    ),
    "a list as value": (
        "choices:\n- {name: a, values: [[1], [2]]}",
        "line 2: choice 'a' has a list among its values, which has no code; use booleans, numbers or text",
    ),
    "infinity": (
        "choices:\n- {name: a, values: [.inf]}",
        "line 2: choice 'a' has the value inf, which has no code; use finite numbers",
    ),
    "unknown key": (
        "choices:\n- name: a\n  vales: [1]",
        "line 3: unknown key of a choice 'vales': did you mean 'values'?",
    ),
    "unknown key on top": (
        "choises: [1]\n",
        "line 1: unknown key of a space 'choises': did you mean 'choices'?",
    ),
    "key twice": (
        "choices:\n- name: a\n  values: [1]\n  values: [2]",
        "line 4: the key 'values' stands twice (also in line 3); keep one",
    ),
    "no YAML": ("choices:\n- {name: a, values: [1}\n", "line 2: no valid YAML ("),
    "a tab": (
        "choices:\n\t- a\n",
        "line 2: no valid YAML (found character '\\t' that cannot start any token)",
    ),
    "two documents": ("choices: []\n---\nchoices: []\n", " holds 2 documents; write one space"),
    "nothing": ("\n# only a comment\n", " holds nothing; write one space: a mapping with 'choices'"),
    "a list": ("- a\n- b\n", "line 1: a space is a list; write a mapping with schema_version, name, base"),
    "an alias": (
        "choices:\n- &a {name: a, values: [1]}\n- *a\n",
        "line 2: an anchor is used again by an alias; write the values out",
    ),
    "a tag": (
        "choices:\n- {name: a, values: [!mine 1]}",
        "line 2: the tag '!mine' has no meaning here; remove it",
    ),
    "a tag of a type": (
        "choices:\n- {name: a, values: [!!str 5]}",
        "line 2: the tag '!!str' has no meaning here; remove it",
    ),
    "yes": (
        "choices:\n- {name: a, values: [yes, no]}",
        "line 2: yes is read differently by YAML 1.1 and 1.2; write 'yes' in quotes for text, or a plain "
        "number, true or false",
    ),
    "octal": ("choices:\n- {name: a, values: [010]}", "line 2: 010 is read differently by YAML 1.1 and 1.2"),
    "base 60": (
        "choices:\n- {name: a, values: [1:30]}",
        "line 2: 1:30 is read differently by YAML 1.1 and 1.2",
    ),
    "a number as name": (
        "choices:\n- {name: 1, values: [1]}",
        "line 2: 'name' is 1; write a text, in quotes if",
    ),
    "a built-in name": (
        "name: fc\nbase: conv\n",
        "line 1: the name 'fc' is a built-in space's; take another one",
    ),
    "base and family": ("family: fc\nbase: fc\n", "line 2: base and family are both given"),
    "unknown base": ("base: cnv\n", "line 1: unknown base 'cnv': did you mean 'conv'?"),
    "unknown family": (
        "family: convnet\nchoices:\n- {name: a, values: [1]}",
        "line 1: unknown family 'convnet'",
    ),
    "a choice that no network has": (
        "base: fc\nchoices:\n- {name: widht, values: [8]}",
        "line 3: unknown choice of family 'fc' 'widht': did you mean 'width'?",
    ),
    "a value that no network has": (
        "base: fc\nchoices:\n- {name: activation, values: [relu, rleu]}",
        "line 3: choice 'activation' has 'rleu' among its values; it takes relu, elu, tanh",
    ),
    "a missing choice": (
        "family: fc\nchoices:\n- {name: depth, values: [1]}",
        "line 1: family 'fc' needs the choice 'width' (whole numbers from 1); add it",
    ),
    "repeated and must not be": (
        "family: fc\nchoices:\n- {name: depth, values: [1]}\n- repeat: depth\n  choices:\n"
        "  - {name: dropout, values: [0.1]}",
        "line 6: choice 'dropout' is repeated by 'depth'; in family 'fc' it is made once",
    ),
    "a condition on what is needed": (
        "family: fc\nchoices:\n- {name: activation, values: [relu, elu]}\n"
        "- {name: depth, values: [1], when: {activation: relu}}\n- {name: width, values: [1]}",
        "line 4: choice 'depth' is needed by every network; remove its condition",
    ),
    "two kinds of values": (
        "choices:\n- {name: a, values: [1], range: {from: 1, to: 2}}",
        "line 2: choice 'a' needs one of values, range and integers, got values and range",
    ),
    "no values": (
        "choices:\n- {name: a}",
        "line 2: choice 'a' needs one of values, range and integers, got none",
    ),
    "a range too long": (
        "choices:\n- {name: a, range: {from: 1, to: 1000000000}}",
        "line 2: the range of choice 'a' from 1 to 1000000000 has 1000000000 values; give 1 to 10,000",
    ),
    "open integers": (
        "choices:\n- {name: a, integers: {minimum: 5, mean: 2}}",
        "line 2: open integers need a whole 0 <= minimum < mean < 1e9, got minimum=5, mean=2.0",
    ),
    "too many repetitions": (
        "choices:\n- {name: a, values: [100000]}\n- repeat: a\n  choices:\n  - {name: b, values: [1]}",
        "has architectures of 100,001 choices; give at most 300 in all",
    ),
    "a predicate": (
        "choices:\n- {name: a, values: [1]}\n- {name: b, values: [1], when: a}",
        "line 3: the condition of choice 'b' is 'a'; write {parent: [values]}",
    ),
    "like nothing": (
        "choices:\n- {name: first, values: [1]}\n- {name: b, values: [1], like: frist}",
        "line 3: unknown choice that 'b' is like 'frist': did you mean 'first'?",
    ),
    "another version": ("schema_version: 2\nbase: fc\n", "line 1: schema_version is 2; write 1"),
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_one_sentence_with_its_line(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(BadInput) as caught:
        space_source(str(file))
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("mine.yaml")
    assert "\n" not in str(caught.value)


STRUCTURAL = (
    *(
        "empty",
        "no choices",
        "nothing to choose",
        "null",
        "a list as value",
        "unknown key",
        "unknown key on top",
    ),
    *(
        "a list",
        "a number as name",
        "base and family",
        "unknown base",
        "unknown family",
        "two kinds of values",
    ),
    *("no values", "a predicate", "another version", "empty condition"),
)


@pytest.mark.parametrize("name", STRUCTURAL)
def test_what_is_wrong_in_form_is_so_in_the_schema_too(name: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(WRONG[name][0]), SCHEMA)


SCALARS = st.one_of(st.booleans(), st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6), st.text(max_size=6))
CHOICES = st.lists(
    st.lists(
        SCALARS,
        min_size=1,
        max_size=4,
        unique_by=lambda v: (str(v).lower(), float(v) if not isinstance(v, str) else v),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=40, deadline=None)
@given(drawn=CHOICES)
def test_values_come_back_as_they_were_written(drawn: list[list[Any]]) -> None:
    entries = [{"name": f"c{n}", "values": values} for n, values in enumerate(drawn)]
    # Text is quoted and numbers are as JSON has them, which both versions of YAML read alike.
    text = "choices:\n" + "".join(f"- {json.dumps(entry)}\n" for entry in entries)
    try:
        expected = [Choice(entry["name"], entry["values"]) for entry in entries]
    except BadInput:
        with pytest.raises(BadInput):
            space_source(text)
        return
    space = _space(text)
    assert list(space.choices) == expected
    drawn_one = space.sample(np.random.default_rng(0))
    assert space.parse(str(drawn_one)) == drawn_one


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=60).map(lambda text: "{" + text))
def test_no_text_makes_reading_crash(text: str) -> None:
    sentence = ""
    try:
        space_source(text)
    except BadInput as error:
        sentence = str(error)
    assert "\n" not in sentence


GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "spaces.md"
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_guides_examples_are_read(text: str) -> None:
    written = space_source(text).written
    assert written.family is not None
    shape = {"series": (12, 2, 1)}.get(written.family.name, (8, 8, 1))
    space = space_source(text).space(input_shape=shape, classes=4)
    assert space.cost(space.example())["params"] > 0
    jsonschema.validate(yaml.safe_load(text.replace("e-3", ".0e-3")), SCHEMA)
