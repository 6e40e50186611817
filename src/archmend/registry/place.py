"""From what a person writes after --registry to a store; a folder with other things in it is left alone."""

from __future__ import annotations

import json
from pathlib import Path

from archmend.errors import BadInput
from archmend.registry import keys
from archmend.registry.bucket import BucketStore
from archmend.registry.folder import STAGING, FolderStore
from archmend.registry.store import NotFoundError, Store
from archmend.storage import is_remote, local_path

LAYOUT = 1


def open_store(location: str | Path) -> FolderStore | BucketStore:
    """Return the store of a registry in a folder or below a prefix of a bucket.

    Raises:
        BadInput: a place that holds something other than a registry. MissingExtra: minio is not installed.
        Unavailable: the bucket does not exist, or its store does not answer or refuses.
    """
    return _bucket(str(location)) if is_remote(location) else _folder(location)


def _folder(location: str | Path) -> FolderStore:
    root = local_path(location).absolute()
    if root.exists() and not root.is_dir():
        raise BadInput(f"the registry {root} is a file; give the path of a folder")
    # A registry writes its marker before anything else, so it is looked for after the other names.
    foreign = root.is_dir() and any(entry.name != STAGING for entry in root.iterdir())
    if foreign and not (root / keys.MARKER).is_file():
        raise BadInput(
            f"the folder {root} holds other things and no {keys.MARKER}, so it is no registry; "
            "give a new or empty folder"
        )
    return FolderStore(root)


def _bucket(location: str) -> BucketStore:
    store = BucketStore(location)
    if store.holds() and not store.holds(keys.MARKER):  # in this order, as in a folder
        raise BadInput(
            f"{store.root} holds other objects and no {keys.MARKER}, so it is no registry; "
            "give a prefix of its own, like s3://bucket/models"
        )
    return store


def check_marker(store: Store, location: str) -> None:
    """Refuse to read a place where no registry was begun, or one of a later layout.

    Raises:
        BadInput: there is no registry, or its marker says that this archmend cannot read it.
    """
    try:
        marker = json.loads(store.read(keys.MARKER))
    except NotFoundError:
        raise BadInput(f"there is no registry at {location}; registering a model makes one") from None
    except ValueError:
        marker = None
    layout = marker.get("schema_version") if isinstance(marker, dict) else None
    if layout != LAYOUT:
        raise BadInput(
            f"the registry at {location} has the layout {layout!r} and this archmend reads {LAYOUT}; "
            "use the version of archmend that wrote it"
        )


def begin(store: Store, location: str) -> None:
    """Make the place a registry, unless it is one already.

    Raises:
        BadInput: as `check_marker` says.
    """
    store.create(
        keys.MARKER, json.dumps({"schema_version": LAYOUT, "kind": "archmend-registry"}).encode() + b"\n"
    )
    check_marker(store, location)
