"""Where data comes from and artifacts go: whole files on disk, and one door to files and object stores."""

from archmend.storage.atomic import (
    create_atomic,
    disk_errors,
    link_new,
    make_folder,
    open_atomic,
    sync_folder,
    write_atomic,
)
from archmend.storage.copies import fetch, fetched, put
from archmend.storage.door import create_bytes, delete, exists, list_objects, read_bytes, write_bytes
from archmend.storage.stored import Stored
from archmend.storage.uri import is_remote, local_path

__all__ = [
    "Stored",
    "create_atomic",
    "create_bytes",
    "delete",
    "disk_errors",
    "exists",
    "fetch",
    "fetched",
    "is_remote",
    "link_new",
    "list_objects",
    "local_path",
    "make_folder",
    "open_atomic",
    "put",
    "read_bytes",
    "sync_folder",
    "write_atomic",
    "write_bytes",
]
