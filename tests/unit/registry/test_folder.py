from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from archmend.errors import BadInput
from archmend.registry.folder import FolderStore
from archmend.registry.store import NotFoundError


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def test_created_once(store: FolderStore) -> None:
    assert store.create("a/b", b"first")
    assert not store.create("a/b", b"second")
    assert store.read("a/b") == b"first"


def test_put_replaces(store: FolderStore) -> None:
    store.put("a/b", b"first")
    store.put("a/b", b"second")
    assert store.read("a/b") == b"second"


def test_nothing_there(store: FolderStore) -> None:
    assert list(store.list("")) == []
    with pytest.raises(NotFoundError):
        store.read("a/b")
    store.delete("a/b")
    assert store.sweep(time.time()) == 0


def test_a_key_below_a_file_is_not_found(store: FolderStore) -> None:
    store.put("a", b"")
    with pytest.raises(NotFoundError):
        store.read("a/b")


def test_lists_below_a_prefix_without_what_is_staged(store: FolderStore) -> None:
    for key in ("a/1", "a/deep/2", "b/3"):
        store.put(key, b"four")
    (store.root / ".tmp" / "left").write_bytes(b"half")
    assert [entry.key for entry in store.list("a/")] == ["a/1", "a/deep/2"]
    assert {entry.key: entry.size for entry in store.list("")} == {"a/1": 4, "a/deep/2": 4, "b/3": 4}


def test_sweep_takes_only_what_is_old(store: FolderStore) -> None:
    store.put("a", b"")
    old, new = store.root / ".tmp" / "old", store.root / ".tmp" / "new"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1000, 1000))
    assert store.sweep(2000) == 1
    assert not old.exists()
    assert new.exists()


def test_no_hard_links(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "not supported")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(BadInput, match=r"has no hard links.*choose a folder on another file system"):
        store.create("a", b"")
    assert list((store.root / ".tmp").iterdir()) == []
