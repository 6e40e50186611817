"""The weights that trials leave for each other: who takes whose, and what goes wrong without harm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.minio_server import Server

from archmend.errors import BadInput, Interrupted
from archmend.search import TrialResult
from archmend.spaces import Space, create_space
from archmend.steps import trial_weights
from archmend.steps.records import TrialRecord
from archmend.steps.trial_record import keep_record
from archmend.steps.trial_request import TrialRequest
from archmend.steps.trial_weights import continued, inherited, offer_weights, offered_weights, weights_uri
from archmend.storage import delete, list_objects

SPACE = create_space("seed-fc", input_shape=(4,), classes=3)


@pytest.fixture(params=["a folder", "a real store"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "a folder":
        return f"file://{tmp_path / 'weights'}"
    bucket: str = request.getfixturevalue("bucket")
    return f"{bucket}/one/weights"


def asked(folder: str | None, number: int = 9, inherit: str = "parent", **other: Any) -> TrialRequest:
    return TrialRequest(
        "data",
        "seed-fc",
        "3-3",
        name=f"e-{number}",
        experiment="e",
        weights=folder,
        inherit=inherit,
        **other,
    )


def offer(tmp_path: Path, folder: str, number: int, code: str, value: float, **other: Any) -> None:
    file = tmp_path / f"{number}.npz"
    file.write_bytes(f"weights of {number}".encode())
    made = TrialResult(number, SPACE.parse(code), value)
    offer_weights(asked(folder, number, **other), TrialRecord.of(made, "accuracy"), file)


def test_the_nearest_relative_is_taken(folder: str, tmp_path: Path) -> None:
    for number, code, value in ((0, "9-9", 0.9), (1, "3-4", 0.2), (12, "3-4", 0.3)):
        offer(tmp_path, folder, number, code, value)
    parent, file = inherited(asked(folder), SPACE, SPACE.parse("3-3"), tmp_path)
    assert (parent, file and file.read_bytes()) == (12, b"weights of 12"), "the better one of equals"
    assert inherited(asked(folder, inherit="best"), SPACE, SPACE.parse("3-3"), tmp_path)[0] == 0


def rung(tmp_path: Path, folder: str, number: int, code: str, epochs: int, status: str = "succeeded") -> None:
    """Leave what a trial of a strategy with several fidelities leaves."""
    offer(tmp_path, folder, number, code, 0.5)
    made = TrialResult(number, SPACE.parse(code), 0.5, status, epochs)  # type: ignore[arg-type]
    keep_record(asked(folder, number, records=f"{folder}-records"), made)


def test_a_promotion_goes_on_from_its_own_architecture(folder: str, tmp_path: Path) -> None:
    for number, code, epochs in ((0, "3-3", 1), (1, "3-4", 3), (2, "3-3", 3)):
        rung(tmp_path, folder, number, code, epochs)
    rung(tmp_path, folder, 3, "3-3", 5, "stopped")
    request = asked(folder, epochs=9, go_on=True, records=f"{folder}-records")
    earlier, file = continued(request, SPACE, SPACE.parse("3-3"), tmp_path)
    assert earlier is not None
    assert (earlier.id, earlier.fidelity, file and file.read_bytes()) == (2, 3, b"weights of 2")
    fewer = asked(folder, epochs=3, go_on=True, records=f"{folder}-records")
    again, _ = continued(fewer, SPACE, SPACE.parse("3-3"), tmp_path)
    assert again is not None
    assert again.id == 0
    plain = asked(folder, epochs=9, records=f"{folder}-records")
    assert continued(plain, SPACE, SPACE.parse("3-3"), tmp_path) == (None, None)


def test_without_a_record_a_promotion_trains_all_its_epochs(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(tmp_path, folder, 0, "3-3", 0.5)
    request = asked(folder, epochs=9, go_on=True, records=f"{folder}-records")
    assert continued(request, SPACE, SPACE.parse("3-3"), tmp_path) == (None, None)
    assert "it does not go on from an earlier trial" in capsys.readouterr().err


def test_going_on_needs_the_experiments_folders() -> None:
    with pytest.raises(BadInput, match="--continue needs the experiment's weights and records"):
        asked(None, inherit="none", go_on=True)


def test_the_index_is_one_listing(folder: str, tmp_path: Path) -> None:
    offer(tmp_path, folder, 3, "2-5", -0.25)
    ((result, uri),) = offered_weights(folder, SPACE)
    assert (result.id, str(result.architecture), result.value) == (3, "2-5", -0.25)
    assert [entry.uri for entry in list_objects(folder)] == [uri]


def test_the_first_trial_starts_anew(folder: str, tmp_path: Path) -> None:
    assert inherited(asked(folder), SPACE, SPACE.parse("3-3"), tmp_path) == (None, None)


def test_a_parent_that_is_gone_by_now_is_no_failure(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(tmp_path, folder, 0, "3-3", 0.5)
    listed = offered_weights(folder, SPACE)
    delete(listed[0][1])
    monkeypatch.setattr(trial_weights, "offered_weights", lambda *_: listed)
    assert inherited(asked(folder), SPACE, SPACE.parse("3-3"), tmp_path) == (None, None)
    assert "it starts anew: " in capsys.readouterr().err


def test_a_lost_pods_own_weights_are_no_parent(folder: str, tmp_path: Path) -> None:
    offer(tmp_path, folder, 9, "3-3", 0.5)
    assert inherited(asked(folder, 9), SPACE, SPACE.parse("3-3"), tmp_path) == (None, None)


def test_too_large_weights_are_not_kept(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(tmp_path, folder, 0, "3-3", 0.5, max_weights_bytes=11)
    assert offered_weights(folder, SPACE) == []
    assert "(12 bytes) are not kept: the limit is 11" in capsys.readouterr().err
    offer(tmp_path, folder, 0, "3-3", 0.5, max_weights_bytes=12)
    assert len(offered_weights(folder, SPACE)) == 1


def test_what_is_not_of_the_space_is_passed_over(folder: str, tmp_path: Path) -> None:
    offer(tmp_path, folder, 0, "3-3", 0.5)
    other: Space = create_space("fc", input_shape=(4,), classes=3)
    assert offered_weights(folder, other) == []


def test_a_store_that_is_away_costs_the_inheritance_only(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**server.variables(), "MINIO_SECRET_KEY": "wrong-key"}.items():
        monkeypatch.setenv(name, value)
    assert inherited(asked("minio://bucket/w"), SPACE, SPACE.parse("3-3"), tmp_path) == (None, None)
    offer(tmp_path, "minio://bucket/w", 0, "3-3", 0.5)
    said = capsys.readouterr().err
    assert "it starts anew: " in said
    assert "its weights are not kept: " in said
    assert "wrong-key" not in said


def test_a_list_of_objectives_is_indexed_by_the_first() -> None:
    made = TrialRecord.of(TrialResult(4, SPACE.parse("3-3"), (0.5, -12.0)), "accuracy,params")
    assert weights_uri("s3://b/w/", made) == "s3://b/w/4/0.5/3-3.npz"


def test_a_signal_while_weights_are_put_there_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: Any) -> None:
        raise Interrupted("stop", signal_number=15)

    monkeypatch.setattr(trial_weights, "put", cut)
    with pytest.raises(Interrupted):
        offer(tmp_path, f"file://{tmp_path / 'weights'}", 0, "3-3", 0.5)
