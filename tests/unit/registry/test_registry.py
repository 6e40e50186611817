from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archmend.errors import BadInput, Unavailable
from archmend.registry import Registry, Version
from archmend.storage import delete, list_objects, read_bytes, write_bytes

Add = Callable[..., Version]
EvaluationOf = Callable[..., bytes]


def aliases(registry: Registry) -> dict[str, int]:
    return {alias: v.version for v in registry.list("digits") for alias in v.aliases}


def test_first_version_is_champion(registry: Registry, add: Add) -> None:
    version = add(0.9)
    assert (version.version, version.aliases, version.promoted) == (1, ("champion",), True)
    assert version == registry.show("digits") == registry.show("digits", 1) == registry.show("digits", "1")
    assert version.lineage.trial == 7
    assert version.measured.accuracy == 0.9
    assert Version.model_validate_json(version.model_dump_json()) == version


def test_better_moves_the_aliases_and_worse_does_not(registry: Registry, add: Add) -> None:
    add(0.9)
    add(0.95)
    worse = add(0.94)
    assert aliases(registry) == {"champion": 2, "previous": 1}
    assert (worse.aliases, worse.promoted) == ((), False)
    assert worse.reason == "accuracy 0.9400 against 0.9500 of version 2 is not better"
    assert [e.action for e in registry.history("digits")] == ["promoted", "promoted", "kept"]


def test_names_are_apart(registry: Registry, add: Add) -> None:
    add(0.9)
    other = add(0.1, name="other")
    assert (other.version, other.aliases) == (1, ("champion",))
    assert [(v.name, v.version) for v in registry.list()] == [("digits", 1), ("other", 1)]


def test_the_newest_that_is_the_same(registry: Registry, add: Add, place: str) -> None:
    assert registry.find("digits", lambda record: True) is None
    add(0.9)
    found = add(0.8)
    add(0.7)
    assert registry.find("digits", lambda record: record.measured.accuracy > 0.75) == found
    assert registry.find("digits", lambda record: record.measured.accuracy > 0.75, among=1) is None
    # One that cannot be read hinders nobody.
    key = f"{place}/models/digits/versions/000003.json"
    delete(key)
    write_bytes(key, b"{")
    assert registry.find("digits", lambda record: True) == found


def test_where_a_file_lies_for_other_programs(registry: Registry, add: Add) -> None:
    version = add(0.9)
    uri = version.uri("model.keras")
    assert uri.startswith(("file:///", "minio://"))
    assert uri.endswith(version.files["model.keras"].sha256)
    assert read_bytes(uri) == b"model of accuracy 0.9"
    with pytest.raises(BadInput, match=r"unknown file 'model.kera': did you mean 'model.keras'"):
        version.uri("model.kera")


def test_equal_files_are_stored_once(registry: Registry, add: Add) -> None:
    assert add(0.9).files == add(0.9).files
    assert len(list_objects(f"{registry.location}/blobs")) == 2


def test_rollback_and_back(registry: Registry, add: Add) -> None:
    for accuracy in (0.7, 0.8, 0.9):
        add(accuracy)
    assert registry.rollback("digits").version == 2
    assert aliases(registry) == {"champion": 2, "previous": 3}
    assert registry.rollback("digits").version == 3
    assert registry.rollback("digits", to=1).version == 1
    assert aliases(registry) == {"champion": 1, "previous": 3}
    assert registry.show("digits", 3).promoted is True
    assert add(0.75).promoted is True


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("previous", "digits has no previous; name one of its versions: 1$"),
        (1, "version 1 of digits is the champion already"),
        (9, "digits has no version 9; it has 1$"),
        ("latest", "unknown version 'latest'"),
    ],
)
def test_rollback_refused(registry: Registry, add: Add, to: int | str, message: str) -> None:
    add(0.9)
    with pytest.raises(BadInput, match=message):
        registry.rollback("digits", to=to)


def test_no_rollback_to_a_damaged_version(registry: Registry, add: Add) -> None:
    damaged = add(0.8)
    add(0.9)
    flip(registry, damaged)
    with pytest.raises(BadInput, match=r"version 1 of digits is no way back: model.keras is damaged"):
        registry.rollback("digits")
    assert aliases(registry) == {"champion": 2, "previous": 1}


def flip(registry: Registry, version: Version, file: str = "model.keras") -> str:
    digest = version.files[file].sha256
    uri = f"{registry.location}/blobs/sha256/{digest[:2]}/{digest}"
    data = bytearray(read_bytes(uri))
    data[0] ^= 1
    write_bytes(uri, bytes(data))
    return digest


@pytest.mark.parametrize("file", ["model.keras", "evaluation.json"])
def test_verify_names_the_damaged_file(registry: Registry, add: Add, file: str) -> None:
    digest = flip(registry, add(0.9), file)
    found = registry.verify("digits")
    assert not found.ok
    assert len(found.problems) == 1
    assert found.problems[0].startswith(f"{file} is damaged: the blob {digest}")
    with pytest.raises(BadInput, match=f"digits version 1: {file} is damaged.*register the model again"):
        registry.read("digits", 1, file)


def test_registering_again_mends(registry: Registry, add: Add) -> None:
    flip(registry, add(0.9))
    add(0.9)
    assert registry.read("digits", 1, "model.keras") == b"model of accuracy 0.9"


def test_verify_sees_a_missing_file_and_a_changed_record(registry: Registry, add: Add) -> None:
    version = add(0.9)
    digest = version.files["model.keras"].sha256
    delete(f"{registry.location}/blobs/sha256/{digest[:2]}/{digest}")
    record = f"{registry.location}/models/digits/versions/000001.json"
    write_bytes(record, read_bytes(record).replace(b'"accuracy": 0.9', b'"accuracy": 0.99'))
    missing, changed = registry.verify("digits", 1).problems
    assert missing == f"model.keras is missing: there is no blob {digest}"
    assert changed == "the record models/digits/versions/000001.json was changed after it was written"


def test_unreadable_record(registry: Registry, add: Add) -> None:
    add(0.9)
    write_bytes(f"{registry.location}/models/digits/versions/000001.json", b"{")
    with pytest.raises(BadInput, match=r"models/digits/versions/000001.json in the registry cannot be read"):
        registry.list()
    with pytest.raises(BadInput, match="cannot be read"):
        registry.gc(grace_seconds=0)


def test_gc_keeps_the_newest_and_the_aliased(registry: Registry, add: Add, clock: Any) -> None:
    for accuracy in (0.8, 0.9, 0.1, 0.2, 0.3):
        add(accuracy)
    assert registry.gc(keep=1).versions == ()
    clock.ahead = 7200
    gone = registry.gc(keep=1)
    assert gone.versions == (("digits", 3), ("digits", 4))
    assert gone.blobs == 4
    assert gone.bytes > 0
    assert [v.version for v in registry.list("digits")] == [1, 2, 5]
    assert [v.version for v in registry.list("digits", collected=True)] == [1, 2, 3, 4, 5]
    for version in (1, 2, 5):
        assert registry.read("digits", version, "model.keras")
    for ask in (lambda: registry.read("digits", 3, "model.keras"), lambda: registry.verify("digits", 3)):
        with pytest.raises(BadInput, match="the files of version 3 of digits were collected"):
            ask()
    with pytest.raises(BadInput, match="version 3 of digits is no way back: its files were collected"):
        registry.rollback("digits", to=3)
    assert registry.gc(keep=1).blobs == 0
    assert add(0.15).version == 6


def test_gc_leaves_a_blob_that_another_version_needs(registry: Registry, add: Add, clock: Any) -> None:
    for accuracy, name in ((0.8, "digits"), (0.1, "digits"), (0.2, "digits"), (0.1, "other")):
        add(accuracy, name=name)
    clock.ahead = 7200
    registry.gc(keep=1)
    assert registry.read("other", 1, "model.keras") == b"model of accuracy 0.1"


def test_gc_leaves_what_was_reused_just_now(registry: Registry, place: str, add: Add) -> None:
    """A registering has put its blobs, which an old and collected version had too, but no record yet."""
    from archmend.registry import blobs
    from archmend.registry.place import open_store

    for accuracy in (0.8, 0.1, 0.2):
        add(accuracy)
    time.sleep(3)  # a bucket's clock cannot be set
    reused = b"model of accuracy 0.1"
    described = blobs.keep(open_store(place), {"model.keras": reused})
    assert registry.gc(keep=1, grace_seconds=2).blobs == 1
    digest = described["model.keras"].sha256
    assert read_bytes(f"{registry.location}/blobs/sha256/{digest[:2]}/{digest}") == reused


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"keep": 0}, "keep must be at least 1, got 0"),
        ({"grace_seconds": -1.0}, r"grace_seconds must be 0 or more, got -1\.0"),
        ({"grace_seconds": float("nan")}, "grace_seconds must be 0 or more, got nan"),
    ],
)
def test_gc_refused(registry: Registry, add: Add, settings: dict[str, float], message: str) -> None:
    add(0.9)
    with pytest.raises(BadInput, match=message):
        registry.gc(**settings)


def test_export(registry: Registry, add: Add, tmp_path: Path) -> None:
    add(0.9)
    folder = registry.export("digits", "champion", tmp_path / "out")
    assert sorted(p.name for p in folder.iterdir()) == ["evaluation.json", "model.keras"]
    with pytest.raises(BadInput, match=r"out is not empty; name a new one"):
        registry.export("digits", "champion", folder)


@pytest.mark.parametrize("name", ["", "..", ".a", "-a", "a/b", "a b", "ä", "a" * 101, "a\n"])
def test_name_refused(add: Add, name: str) -> None:
    with pytest.raises(BadInput, match=r"the model name .* cannot be used; take up to 100 letters"):
        add(0.9, name=name)


def test_unknown_model_and_file(registry: Registry, add: Add) -> None:
    add(0.9)
    with pytest.raises(BadInput, match="unknown model 'digit': did you mean 'digits'"):
        registry.show("digit")
    with pytest.raises(BadInput, match=r"unknown file of digits version 1 'model.h5'"):
        registry.read("digits", 1, "model.h5")


def test_evaluation_of_another_model(registry: Registry, tmp_path: Path, evaluation_of: EvaluationOf) -> None:
    path = tmp_path / "m.keras"
    path.write_bytes(b"one")
    for evaluation, message in (
        (
            evaluation_of(b"two", 0.5),
            r"the evaluation is of the model file with the digest .* evaluate this one",
        ),
        (b'{"accuracy": 0.5}', "does not say which model file it is of"),
        (b"nothing", "is no evaluation.json"),
        (evaluation_of(b"one", 1.5), r"is no evaluation.json \(accuracy: "),
        (str(tmp_path / "absent.json"), "there is no evaluation .*absent.json"),
    ):
        with pytest.raises(BadInput, match=message) as caught:
            registry.register(path, evaluation, name="digits")
        assert caught.value.exit_code == 2
    assert list_objects(registry.location) == []


def test_places_that_are_no_registry(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(BadInput, match="is a file; give the path of a folder"):
        Registry(file)
    with pytest.raises(BadInput, match=r"holds other things and no registry.json"):
        Registry(tmp_path)
    with pytest.raises(BadInput, match=r"there is no registry at .*new; registering a model makes one"):
        Registry(tmp_path / "new").list()


def test_later_layout(registry: Registry, add: Add) -> None:
    add(0.9)
    write_bytes(f"{registry.location}/registry.json", json.dumps({"schema_version": 2}).encode())
    with pytest.raises(BadInput, match="has the layout 2 and this archmend reads 1"):
        registry.list()


def test_buckets_that_are_no_registry(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_bytes(f"s3://{bucket}/data/rows.csv", b"a,b")
    with pytest.raises(BadInput, match=r"holds other objects and no registry.json, .* a prefix of its own"):
        Registry(f"s3://{bucket}/data")
    with pytest.raises(
        BadInput, match=r"there is no registry at s3://.*/models; registering a model makes one"
    ):
        Registry(f"s3://{bucket}/models/").list()
    for place, message in (
        ("s3://nobody/models", "no bucket 'nobody'"),
        (f"s3://{bucket}/models", "check the key"),
    ):
        with pytest.raises(Unavailable, match=message) as caught:
            Registry(place)
        assert caught.value.exit_code == 4
        monkeypatch.setenv("MINIO_SECRET_KEY", "wrong")
