"""What `--space` may name: built-in spaces, files, text; and Python files that are wrong."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from archmend.errors import BadInput
from archmend.spaces import SpaceSource, space_setting, space_source

GOOD = """
from archmend.spaces import Choice, Space

space = Space([Choice("units", [4, 8])])


def build(architecture, input_shape, classes):
    return architecture["units"], input_shape, classes
"""


def _file(folder: Path, content: str, name: str = "mine.py") -> SpaceSource:
    (folder / name).write_text(content)
    return space_source(str(folder / name))


def test_a_python_file(tmp_path: Path) -> None:
    source = _file(tmp_path, GOOD)
    space = source.space(input_shape=(5,), classes=3)
    assert (space.name, space.size, space.input_shape, space.family) == ("mine", 2, (5,), None)
    assert space.build is not None
    assert space.build(space.parse("8"), (5,), 3) == (8, (5,), 3)
    # A worker takes what was read, whatever has become of the file.
    (tmp_path / "mine.py").unlink()
    sent = pickle.loads(pickle.dumps(source))
    assert sent == source
    assert sent.space(input_shape=(5,), classes=3).size == 2


def test_a_python_file_with_a_function_and_a_neighbour(tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_mine.py").write_text("WIDTHS = [1, 2, 3]\n")
    source = _file(
        tmp_path,
        "from archmend.spaces import Choice, Space\n"
        "def space(input_shape, classes):\n"
        "    from neighbour_of_mine import WIDTHS\n"
        "    return Space([Choice('units', WIDTHS), Choice('more', range(classes))])\n"
        "def build(architecture):\n"
        "    return architecture['units']\n",
    )
    space = source.space(input_shape=(5,), classes=4)
    assert space.size == 12
    assert space.build is not None
    assert space.build(space.parse("2-0"), (5,), 4) == 2


def test_a_python_file_of_a_family_has_its_costs(tmp_path: Path) -> None:
    source = _file(
        tmp_path,
        "from archmend.spaces import Choice, Space\n"
        "space = Space([Choice('depth', [1, 2]), Choice('width', [4])], family='fc')\n",
    )
    space = source.space(input_shape=(5,), classes=3)
    assert space.cost(space.parse("2-4")) == {"params": 24 + 20 + 15, "flops": 2 * (20 + 16 + 12)}


WRONG = {
    "no space": (
        "x = 1\n",
        "mine.py defines no 'space'; assign a Space, or a function of input_shape and classes",
    ),
    "another thing": ("space = 3\n", "mine.py defines 'space' as int; assign a Space"),
    "a function of nothing": (
        "def space(input_shape, classes):\n    return None\n",
        "mine.py: space() returned NoneType; return a Space",
    ),
    "raises": (
        "x = 1\ny = x / 0\n",
        "mine.py, line 2: the file raised ZeroDivisionError: division by zero; mend it",
    ),
    "exits": ("import sys\nsys.exit(3)\n", "mine.py, line 2: the file raised SystemExit: 3; mend it"),
    "no Python": ("space = [\n", "mine.py, line 1: no valid Python ('[' was never closed); mend it"),
    "a missing module": ("import not_there_at_all\n", "mine.py, line 1: the file raised ModuleNotFoundError"),
    "space raises": (
        "def space(input_shape, classes):\n    helper()\n\ndef helper():\n    raise KeyError('depth')\n",
        "mine.py, line 5: space() raised KeyError: 'depth'; mend it",
    ),
    "a contradiction": (
        "from archmend.spaces import Choice, Space\nspace = Space([Choice('a', [])])\n",
        "mine.py, line 2: the file raised BadInput: choice 'a' is empty; give at least one value; mend it",
    ),
    "a build of two": (
        "from archmend.spaces import Choice, Space\nspace = Space([Choice('a', [1])])\n"
        "def build(a, b): ...\n",
        "mine.py defines a 'build' that takes neither (architecture) nor (architecture, input_shape, ",
    ),
    "a network that raises": (
        "from archmend.spaces import Choice, Space\n"
        "space = Space([Choice('a', [1])], network=lambda a: 1 / 0)\n",
        "mine.py, line 2: network() raised ZeroDivisionError: division by zero; mend it",
    ),
    "a network that is none": (
        "from archmend.spaces import Choice, Space\nspace = Space([Choice('a', [1])], network=lambda a: 3)\n",
        "mine.py: the network function returned 3 for 1; return a Network",
    ),
    "a condition that raises": (
        "from archmend.spaces import Choice, Space\n"
        "space = Space([Choice('a', [1], when=lambda made: made['zz'])])\n",
        "mine.py: the condition of choice 'a' raised KeyError: 'zz'",
    ),
    "an unknown family": (
        "from archmend.spaces import Choice, Space\nspace = Space([Choice('a', [1])], family='cnn')\n",
        "mine.py: there is no family 'cnn'; known: ",
    ),
}


@pytest.mark.parametrize(("content", "sentence"), WRONG.values(), ids=WRONG)
def test_a_python_file_that_is_wrong(content: str, sentence: str, tmp_path: Path) -> None:
    source = _file(tmp_path, content)
    with pytest.raises(BadInput) as caught:
        source.space(input_shape=(5,), classes=3)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_build_that_raises_names_the_line(tmp_path: Path) -> None:
    source = _file(
        tmp_path,
        "from archmend.spaces import Choice, Space\nspace = Space([Choice('a', [1])])\n"
        "def build(architecture):\n    return architecture['depth']\n",
    )
    space = source.space(input_shape=(5,), classes=3)
    assert space.build is not None
    with pytest.raises(BadInput, match=r"^mine\.py, line 4: build\(\) raised KeyError: 'depth'; mend it$"):
        space.build(space.parse("1"), (5,), 3)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("cnv", "unknown space 'cnv': did you mean 'conv'? known: "),
        ("none.yaml", "--space 'none.yaml' does not exist; give the path of an existing file"),
        ("none.py", "--space 'none.py' does not exist"),
        ("space.json", "unknown space 'space.json'"),
        ("yaml:abc!", "the space 'yaml:abc!'... is no packed YAML"),
    ],
)
def test_what_names_no_space(given: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=re.escape(sentence)):
        space_source(given)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="is no UTF-8 text"):
        space_source(str(tmp_path / "mine.yaml"))


def test_a_setting_from_afar_opens_no_file(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("base: fc\n")
    with pytest.raises(BadInput, match=r"unknown space .* is given as YAML text"):
        space_setting(str(tmp_path / "mine.yaml"))
    assert space_setting("name: mine\nbase: fc\n").space_name == "mine"


def test_a_file_that_is_called_as_a_built_in_space_is_another(tmp_path: Path) -> None:
    (tmp_path / "fc.yaml").write_text("base: fc\nchoices:\n- {name: dropout, values: [0.2]}\n")
    assert space_source(str(tmp_path / "fc.yaml")).space_name == "my-fc"


@pytest.mark.parametrize(
    ("cost", "sentence"),
    [
        ("1 / 0", "mine.py, line 2: cost() raised ZeroDivisionError: division by zero; mend it"),
        ("{'params': 'many'}", "mine.py: the cost function returned {'params': 'many'} for "),
        ("{'params': float('nan')}", "mine.py: the cost function returned {'params': nan} for "),
        ("None", "mine.py: the cost function returned None for "),
    ],
)
def test_a_cost_that_is_none(cost: str, sentence: str, tmp_path: Path) -> None:
    content = (
        "from archmend.spaces import Choice, Space\n"
        f"space = Space([Choice('width', [8, 16])], cost=lambda a: {cost})\n"
        "def build(architecture):\n    return None\n"
    )
    with pytest.raises(BadInput, match=re.escape(sentence)):
        _file(tmp_path, content).space(input_shape=(5,), classes=3)
