"""The repair step goes on from its checkpoint, wherever that lies, and never fails because of it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from tests.minio_server import forget_stores, running
from tests.repair.conftest import EPOCHS, LAST, Asked

from archmend.errors import Unavailable
from archmend.kubeflow.place import RUN_ID, checkpoint_of_run
from archmend.steps.repair import RepairRequest, repair
from archmend.steps.repair_checkpoint import FILE, RepairCheckpoint, digest_of, file_of
from archmend.steps.repair_files import RepairRecord
from archmend.storage import exists, write_bytes

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class StopError(BaseException):
    """Ends the step in this process, as nothing it can catch does in a pod."""


def result_of(out: Path) -> Any:
    """What must not depend on a kill: all files but for wall time."""
    from archmend.networks import load_model

    weights = [w.tobytes() for w in load_model(out / "model.keras")[0].get_weights()]
    with (out / "history.csv").open() as file:
        history = [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]
    lines = (out / "decisions.jsonl").read_text().splitlines()
    decisions = [{**json.loads(line), "seconds": 0} for line in lines]
    record = RepairRecord.model_validate_json((out / "repair.json").read_bytes())
    return weights, history, decisions, record.model_dump(exclude={"seconds"})


@pytest.fixture(scope="module")
def whole(asked: Asked, tmp_path_factory: pytest.TempPathFactory) -> Any:
    out = tmp_path_factory.mktemp("whole") / "out"
    repair(asked(out))
    found = result_of(out)
    assert len(found[1]) == EPOCHS
    assert found[2]
    return found


def stopped(request: RepairRequest, after: int) -> None:
    def stop(progress: Any) -> None:
        if progress.epoch == after:
            raise StopError

    with pytest.raises(StopError):
        repair(request, stop)


def test_a_pod_that_is_lost_after_its_end_is_followed_by_one_that_trains_one_epoch_at_most(
    asked: Asked, whole: Any, tmp_path: Path
) -> None:
    place = tmp_path / "kept"
    repair(asked(tmp_path / "first", place, keep_checkpoint=True))
    epochs: list[int] = []
    repair(asked(tmp_path / "second", place, keep_checkpoint=True), lambda p: epochs.append(p.epoch))
    assert result_of(tmp_path / "second") == whole
    assert set(epochs) <= {EPOCHS}
    assert place.is_file()


def test_in_an_object_store(
    asked: Asked,
    data: str,
    whole: Any,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    forget_stores(monkeypatch, tmp_path)
    with running(tmp_path_factory.mktemp("minio")) as server:
        for name, value in server.variables().items():
            monkeypatch.setenv(name, value)
        uri = f"minio://{server.new_bucket()}/checkpoints/run/repair.checkpoint"
        write_bytes(uri, b"PK" + bytes(999))
        stopped(asked(tmp_path / "first", uri), after=LAST)
        said = capsys.readouterr().err.strip()
        assert said.startswith(f"checkpoint {uri} cannot be gone on with, as it is damaged")
        assert said.endswith("the repair starts anew")
        repair(asked(tmp_path / "second", uri))
        assert result_of(tmp_path / "second") == whole
        assert capsys.readouterr().err == f"goes on after epoch {LAST - 1} from {uri}\n"
        assert not exists(uri)
        # The store goes away while a repair trains, and is not there at the next one's start.
        request = asked(tmp_path / "third", uri)
        keeper = RepairCheckpoint(request, _info(data), lambda _: None)
        server.process.kill()
        server.process.wait()
        keeper.save(b"state")
        keeper.save(b"state")
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert said.startswith("no checkpoint was written, and the training goes on: ")
        with pytest.raises(Unavailable):
            keeper.load()


def _info(data: str) -> Any:
    from archmend.datasets import open_data

    return open_data(data, target="class").info


def test_a_digest_follows_what_decides_the_result(asked: Asked, data: str, tmp_path: Path) -> None:
    info = _info(data)
    first = asked(tmp_path / "a", "x")
    assert digest_of(asked(tmp_path / "b", "y", max_seconds=9.0, keep_checkpoint=True), info) == digest_of(
        first, info
    )
    assert digest_of(asked(tmp_path / "a", "x", seed=2), info) != digest_of(first, info)
    other = info.model_copy(update={"split_digest": "0"})
    assert digest_of(first, other) != digest_of(first, info)


def test_a_folder_holds_a_file_of_our_name(tmp_path: Path) -> None:
    assert file_of(str(tmp_path)) == f"{tmp_path}/{FILE}"
    assert file_of("minio://bucket/run/") == f"minio://bucket/run/{FILE}"
    assert file_of("minio://bucket/run/repair") == "minio://bucket/run/repair"


def test_every_try_of_a_task_has_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(RUN_ID, raising=False)
    assert checkpoint_of_run("minio://b/archmend", "repair") is None
    monkeypatch.setenv(RUN_ID, "1-2")
    assert checkpoint_of_run("", "repair") is None
    place = "minio://b/archmend/checkpoints/1-2/repair.checkpoint"
    assert checkpoint_of_run("minio://b/archmend/", "repair") == place
