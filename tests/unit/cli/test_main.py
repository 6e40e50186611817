"""The edges of the command line: help, versions, exit codes, output for programs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from archmend.cli import main
from archmend.cli.options import data_name, run_folder
from archmend.errors import Interrupted, NothingSucceeded, Unavailable
from archmend.search import strategy_names
from archmend.spaces import space_names

COMMANDS = ["run", "prepare", "search", "repair", "evaluate", "register"]
GROUPS = {
    "spaces": ["show"],
    "registry": ["list", "show", "verify", "rollback", "gc"],
    "pipeline": ["compile", "run"],
}
ALL = [[c] for c in COMMANDS] + [[g, c] for g, cs in GROUPS.items() for c in cs] + [[g] for g in GROUPS]


def _out(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    said = capsys.readouterr()
    assert ended.value.code == 0, said.err
    return said.out


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_every_command_has_a_worked_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    shown = _out([*command, "--help"], capsys)
    assert f"Example:  archmend {command[0]}" in shown


def test_help_shows_an_example_of_each_command(capsys: pytest.CaptureFixture[str]) -> None:
    shown = _out(["--help"], capsys)
    for name in (*COMMANDS, *GROUPS):
        assert f"archmend {name}" in shown


def test_help_names_every_strategy(capsys: pytest.CaptureFixture[str]) -> None:
    words = set(re.split(r"[\s,]+", _out(["search", "--help"], capsys)))
    assert set(strategy_names()) <= words


@pytest.mark.parametrize("group", [[], ["registry"], ["pipeline"]], ids=lambda g: " ".join(g) or "archmend")
def test_a_missing_command_shows_the_help_in_its_lines(
    group: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(group)
    said = capsys.readouterr()
    assert ended.value.code == 2
    assert said.out == ""
    assert said.err.startswith("Usage: archmend")
    assert said.err.count("\n") > 5


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_behind_stdout() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "archmend", "spaces"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 4
    assert done.stderr.startswith("archmend: the disk is full")
    assert done.stderr.count("\n") == 1


def test_stdout_that_is_closed() -> None:
    done = subprocess.run(
        ["sh", "-c", '"$0" -m archmend spaces show fc >&-', sys.executable], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; from archmend.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pandas', 'sklearn', 'keras', 'tensorflow', 'altair', 'kfp'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NothingSucceeded("nothing"), 3),
        (Unavailable("the disk is full"), 4),
        (Interrupted("stopped", signal_number=15), 143),
        (KeyboardInterrupt(), 130),
        (MemoryError(), 4),
        (RuntimeError("a defect"), 1),
    ],
)
def test_exit_codes(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("archmend.steps.prepare.prepare", fail)
    with pytest.raises(SystemExit) as ended:
        main(["prepare", "--data", "digits", "--out", "x"])
    said = capsys.readouterr().err
    assert ended.value.code == code
    assert said.count("\n") == 1
    assert "Traceback" not in said


def test_a_defect_names_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a\ndefect")

    monkeypatch.setattr("archmend.steps.prepare.prepare", fail)
    with pytest.raises(SystemExit):
        main(["prepare", "--data", "digits", "--out", "x"])
    said = capsys.readouterr().err.strip()
    path = Path(said.rpartition(" ")[2])
    assert "RuntimeError" in path.read_text()
    path.unlink()


def test_an_unsupported_python(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "archmend: archmend needs Python 3.11, 3.12 or 3.13 and this is 3.14.0; install one of them\n"
    )


def test_tensorflow_is_not_installed(tmp_path: Path) -> None:
    # A module of that name that cannot be imported stands for one that is not there.
    program = (
        "import sys; sys.modules['tensorflow'] = None\n"
        "from archmend.cli import main\n"
        f"main(['repair', '--space', 'fc', '--arch', 'random', '--out', {str(tmp_path / 'o')!r}])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2
    way_out = "install the extra that brings it: pip install 'archmend[cpu]'"
    assert done.stderr == f"archmend: TensorFlow is not installed; {way_out}\n"


def test_tables_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    lines = _out(["spaces"], capsys).splitlines()
    assert lines[0].split("\t")[0] == "space"
    assert [line.split("\t")[0] for line in lines[1:]] == list(space_names())
    assert "seed-fc\t100\t" in "\n".join(lines)


def test_prepare_says_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = _out(["prepare", "--data", "digits", "--out", str(tmp_path / "digits")], capsys)
    assert shown == (
        f"image, 10 classes, rows: train 1257, validation 270, test 270\n{tmp_path / 'digits'}\n"
    )
    quiet = _out(["prepare", "--data", "digits", "--out", str(tmp_path / "quiet"), "--quiet"], capsys)
    assert quiet == f"{tmp_path / 'quiet'}\n"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("digits", "digits"),
        ("mnist:/data/mnist.npz", "mnist"),
        ("s3://bucket/some/Flowers 2.csv", "flowers-2"),
        ("photos/", "photos"),
        ("é.npz", "data"),
    ],
)
def test_names_from_data(data: str, name: str) -> None:
    assert data_name(data) == name
    assert run_folder(None, data, False).name.endswith(f"-{name}")
    assert run_folder(Path("mine"), data, True) == Path("mine")


def test_a_space_that_counts_one_cost_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        "from archmend.spaces import Choice, Space\n"
        "space = Space([Choice('n', [1, 2])], name='mine', cost=lambda a: {KEY: 7.0})\n"
        "def build(architecture, input_shape, classes):\n    raise NotImplementedError\n"
    )
    for key, said in (
        ("params", "7 parameters with rows"),
        ("weights", "no params or flops, only weights, with"),
    ):
        path = tmp_path / f"{key}.py"
        path.write_text(text.replace("KEY", repr(key)))
        with pytest.raises(SystemExit) as done:
            main(["spaces", "show", str(path)])
        assert not done.value.code
        assert said in capsys.readouterr().out
