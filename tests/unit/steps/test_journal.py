"""A journal that is cut anywhere keeps every whole line, and goes on."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archmend.errors import BadInput, Unavailable
from archmend.search import TrialResult
from archmend.spaces import create_space
from archmend.steps.journal import Journal, read_journal, results_of
from archmend.steps.records import TrialRecord
from archmend.steps.search_keeping import Keeper
from archmend.steps.search_request import SearchRequest

METRICS = {"accuracy": 0.5, "average_precision": 1 / 3, "loss": 0.1}


def _record(number: int, **other: Any) -> TrialRecord:
    known = {
        "architecture": f"{number}-ü",
        "status": "succeeded",
        "objective": "accuracy",
        "value": 0.1 * number,
    }
    return TrialRecord.model_validate({"trial": number, "metrics": METRICS, **known, **other})


def _written(path: Path, count: int = 4) -> list[TrialRecord]:
    records = [_record(0, status="failed", value=None, reason="x\ny"), *map(_record, range(1, count))]
    with Journal(path) as journal:
        for record in records:
            journal.append(record)
    return records


def test_a_cut_anywhere_keeps_the_whole_lines_and_goes_on(tmp_path: Path) -> None:
    records = _written(tmp_path / "whole.jsonl")
    content = (tmp_path / "whole.jsonl").read_bytes()
    path = tmp_path / "cut.jsonl"
    ends = [place + 1 for place, byte in enumerate(content) if byte == ord("\n")]
    # Each cut waits for the disk twice: all around the lines' ends, and some within them.
    cuts = {c for end in [0, *ends] for c in range(end - 3, end + 4) if 0 <= c <= len(content)}
    for cut in sorted(cuts | set(range(0, len(content), 29))):
        path.write_bytes(content[:cut])
        whole = content[:cut].count(b"\n")
        assert list(read_journal(path)) == records[:whole]
        with Journal(path) as journal:
            assert list(journal.records) == records[:whole]
            journal.append(_record(99))
        assert list(read_journal(path)) == [*records[:whole], _record(99)]


@settings(max_examples=60, deadline=None)
@given(
    value=st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.none()),
    reason=st.one_of(st.none(), st.text()),
    seconds=st.floats(0, 1e6),
)
def test_lines_come_back_to_the_last_bit(
    value: float | None, reason: str | None, seconds: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("journal") / "trials.jsonl"
    record = _record(0, value=value, reason=reason, seconds=seconds)
    with Journal(path) as journal:
        journal.append(record)
    assert read_journal(path) == (record,)
    assert path.read_bytes().count(b"\n") == 1


def test_damage_before_the_end_is_named(tmp_path: Path) -> None:
    _written(tmp_path / "trials.jsonl")
    lines = (tmp_path / "trials.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "trials.jsonl").write_bytes(lines[0] + b"{}\n" + lines[2])
    with pytest.raises(BadInput, match=r"line 2 of .*trials\.jsonl is no trial"):
        Journal(tmp_path / "trials.jsonl")


def test_a_trial_twice_is_named(tmp_path: Path) -> None:
    _written(tmp_path / "trials.jsonl")
    lines = (tmp_path / "trials.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "trials.jsonl").write_bytes(b"".join([*lines, lines[1]]))
    with pytest.raises(BadInput, match=r"line 5 of .* is trial 1, which was there before"):
        read_journal(tmp_path / "trials.jsonl")


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    program = (
        f"from archmend.steps.journal import Journal; Journal(__import__('pathlib').Path({str(path)!r}))"
    )
    with Journal(path) as journal:
        journal.append(_record(0))
        other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert "another process writes" in other.stderr
    assert subprocess.run([sys.executable, "-c", program], capture_output=True).returncode == 0


class _FullDisk:
    """A file that takes half of a line."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._wrote = False

    def write(self, data: bytes) -> int:
        if self._wrote:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._wrote = True
        return int(self._file.write(data[: len(data) // 2]))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def test_a_full_disk_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "trials.jsonl"
    records = _written(path)
    with Journal(path) as journal:
        monkeypatch.setattr(journal, "_file", _FullDisk(journal._file))
        with pytest.raises(Unavailable, match="the disk is full"):
            journal.append(_record(50))
    assert list(read_journal(path)) == records


@pytest.mark.parametrize("rest", [b"\xff\x00\xfe", b"trial 4", b"\0\0x"])
def test_what_is_no_cut_line_is_not_dropped(rest: bytes, tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    _written(path)
    path.write_bytes(path.read_bytes() + rest)
    with pytest.raises(BadInput, match=r"the end of .* is no trial, nor the beginning of one; restore the"):
        Journal(path)
    assert path.read_bytes().endswith(rest)


def test_a_block_of_zeros_is_what_a_power_cut_leaves(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    records = _written(path)
    path.write_bytes(path.read_bytes() + bytes(512))
    with Journal(path) as journal:
        assert list(journal.records) == records


def test_an_architecture_of_another_space_is_told_with_its_line() -> None:
    space = create_space("seed-fc", input_shape=(4,), classes=2)
    records = [_record(0, architecture="2-5"), _record(1, architecture="9-512")]
    with pytest.raises(BadInput, match=r"line 2 of trials\.jsonl: .*'9-512'.*; restore the file"):
        results_of(Path("trials.jsonl"), records, space)


def test_a_population_is_written_at_once(tmp_path: Path) -> None:
    def result(number: int) -> TrialResult:
        return TrialResult(number, create_space("seed-fc", input_shape=(4,), classes=3).parse("2-5"), 0.5)

    request = SearchRequest("digits", tmp_path, space="seed-fc", inherit="parent")
    evaluator = SimpleNamespace(ready=2, parents=set())
    with Journal(tmp_path / "trials.jsonl") as journal:
        keeper = Keeper(request, None, journal, [], lambda: 0.0)  # type: ignore[arg-type]
        keeper.evaluator = evaluator  # type: ignore[assignment]
        for number in range(2):
            keeper.keep(result(number))
            evaluator.ready -= 1
            assert read_journal(tmp_path / "trials.jsonl") == ()
        keeper.keep(result(2))
        assert [record.trial for record in read_journal(tmp_path / "trials.jsonl")] == [0, 1, 2]
        evaluator.ready = 1
        keeper.keep(result(3))
        keeper.write()
        keeper.write()
    assert [record.trial for record in read_journal(tmp_path / "trials.jsonl")] == [0, 1, 2, 3]
