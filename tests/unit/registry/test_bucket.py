"""The store below a prefix of a real bucket; what it shares with a folder is tested in test_registry.py."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

import pytest
from tests.minio_server import Server

from archmend.errors import Unavailable
from archmend.registry import NotFoundError, Registry
from archmend.registry.bucket import BucketStore
from archmend.storage import write_bytes
from archmend.storage.sending import SMALLEST


@pytest.fixture
def store(bucket: str) -> BucketStore:
    return BucketStore(f"minio://{bucket}/models/")


def test_created_once(store: BucketStore) -> None:
    assert store.create("a/b", b"first")
    assert not store.create("a/b", b"second")
    assert store.read("a/b") == b"first"


def test_put_replaces_and_renews(store: BucketStore) -> None:
    """A large value too, whose content is there already: its age says that somebody needs it."""
    large = os.urandom(SMALLEST + 1)
    for data in (b"small", large):
        store.put("a/b", b"before")
        store.put("a/b", data)
        (first,) = store.list("a/")
        time.sleep(0.01)
        store.put("a/b", data)
        (second,) = store.list("a/")
        assert second.modified > first.modified
        assert second.size == len(data)
    assert store.read("a/b") == large


def test_nothing_there(store: BucketStore) -> None:
    assert list(store.list("")) == []
    assert not store.holds()
    with pytest.raises(NotFoundError):
        store.read("a/b")
    store.delete("a/b")
    assert store.sweep(time.time()) == 0


def test_lists_below_its_prefix_only(store: BucketStore, bucket: str) -> None:
    for key in ("a/1", "a/deep/2", "b/3"):
        store.put(key, b"four")
    write_bytes(f"minio://{bucket}/models-of-another/a/1", b"")
    assert [entry.key for entry in store.list("a/")] == ["a/1", "a/deep/2"]
    assert {entry.key: entry.size for entry in store.list("")} == {"a/1": 4, "a/deep/2": 4, "b/3": 4}
    assert all(abs(entry.modified - time.time()) < 60 for entry in store.list(""))


def test_sweep_takes_old_unfinished_uploads_below_its_prefix(
    store: BucketStore, bucket: str, minio: Server
) -> None:
    client = minio.client()
    for key in ("models/large", "elsewhere/large"):
        client._create_multipart_upload(bucket, key, {})
    assert store.sweep(time.time() - 60) == 0
    assert store.sweep(time.time() + 60) == 1
    left = client._list_multipart_uploads(bucket).uploads
    assert [upload.object_name for upload in left] == ["elsewhere/large"]


def test_store_that_ignores_the_condition_is_refused(
    store: BucketStore, monkeypatch: pytest.MonkeyPatch, bucket: str
) -> None:
    """As some stores do: they take the request without its condition and say that all is well."""
    from archmend.storage.objects import amazon_client

    def without(params: dict[str, object], **_: object) -> None:
        headers = params["headers"]
        assert isinstance(headers, dict)
        headers.pop("If-None-Match", None)

    client = amazon_client(store._objects._connection)
    client.meta.events.register("before-call.s3.PutObject", without)
    try:
        with pytest.raises(Unavailable, match="ignores `If-None-Match`, which keeps two writers apart"):
            store.create("a", b"")
    finally:
        client.meta.events.unregister("before-call.s3.PutObject", without)


def test_deleted_blob_can_be_brought_back(store: BucketStore, bucket: str, minio: Server) -> None:
    store.put("a", b"first")
    store.delete("a")
    client = minio.client()
    found = client.list_objects(bucket, "models/", recursive=True, include_version=True)
    (first,) = [version for version in found if not version.is_delete_marker]
    assert client.get_object(bucket, "models/a", version_id=first.version_id).data == b"first"


def test_location_is_told_as_it_was_given(bucket: str) -> None:
    assert Registry(f"minio://{bucket}/models/").location == f"minio://{bucket}/models"


def test_rules_of_the_guide_are_taken(bucket: str, minio: Server) -> None:
    import boto3

    guide = Path(__file__).parents[3] / "docs" / "guide" / "registry.md"
    (text,) = re.findall(r"^```json\n(.*?)^```", guide.read_text(), re.DOTALL | re.MULTILINE)
    client = boto3.client(
        "s3",
        endpoint_url=minio.endpoint,
        aws_access_key_id=minio.key,
        aws_secret_access_key=minio.secret,
        region_name="us-east-1",
    )
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=json.loads(text))
    rules = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert [rule["NoncurrentVersionExpiration"] for rule in rules[:1]] == [{"NoncurrentDays": 30}]
