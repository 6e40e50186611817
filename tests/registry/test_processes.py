"""Several processes at one registry, and processes that are killed."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from archmend.registry import Registry

WRITER = str(Path(__file__).with_name("writer.py"))


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, WRITER, *map(str, arguments)], stdout=subprocess.PIPE, text=True)


def test_no_version_is_lost_between_writers(place: str, tmp_path: Path) -> None:
    """Nothing is there yet, so that the writers also race for beginning the registry."""
    writers = [start("many", place, tmp_path, who, 12) for who in "abc"]
    collector = Registry(place)
    told: list[int] = []
    for writer in writers:
        out, _ = writer.communicate(timeout=60)
        assert writer.returncode == 0
        told += map(int, out.split())
        collector.gc(keep=1)
    assert sorted(told) == list(range(1, 37))
    versions = collector.list("digits")
    assert [v.version for v in versions] == list(range(1, 37))
    assert len({v.files["model.keras"].sha256 for v in versions}) == 36
    history = collector.history("digits")
    assert sorted(e.version for e in history) == list(range(1, 37))
    # Every promotion was decided on the champion that the entry before it names.
    accuracy = {v.version: v.measured.accuracy for v in versions}
    for before, event in itertools.pairwise(history):
        assert before.champion is not None
        better = accuracy[event.version] > accuracy[before.champion]
        assert (event.action == "promoted") == better
        assert event.champion == (event.version if better else before.champion)
    assert collector.show("digits").measured.accuracy == max(accuracy.values())
    for version in versions:
        assert collector.verify("digits", version.version, replay=False).ok


# A registering in a bucket has about as many requests as one in a folder has file operations, and each is
# slower: every fifth of them is one to be killed at.
@pytest.mark.parametrize(("where", "step", "least"), [("folder", 1, 40), ("bucket", 5, 8)])
def test_killed_at_any_operation_leaves_whole_versions(
    request: pytest.FixtureRequest, tmp_path: Path, where: str, step: int, least: int
) -> None:
    """The writer checks after each kill that all versions are whole, gc tidies up, and work goes on."""
    top = str(tmp_path) if where == "folder" else f"minio://{request.getfixturevalue('bucket')}"
    writer = start("killed", top, tmp_path, step)
    out, _ = writer.communicate(timeout=120)
    assert writer.returncode == 0
    kills, undecided, leftovers, blobs = map(int, out.split())
    assert kills > least
    # Each kind of remains occurred: a version without a verdict, files of no version, staged files.
    assert min(undecided, blobs) > 0
    assert (leftovers > 0) == (where == "folder")
