"""Where something lies: a plain path, `file://`, `s3://` or `minio://`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from archmend.errors import BadInput

REMOTE_SCHEMES = ("s3", "minio")


def scheme_of(uri: str | Path) -> str:
    """Return the scheme of a `uri`; "" for a plain path.

    Raises:
        BadInput: a scheme that archmend does not read.
    """
    text = str(uri)
    if "://" not in text:
        return ""
    scheme = text.split("://", 1)[0].lower()
    if scheme not in ("file", *REMOTE_SCHEMES):
        raise BadInput(
            f"{text!r} has the unknown scheme {scheme!r}; give a plain path, file://, s3:// or minio://"
        )
    return scheme


def is_remote(uri: str | Path) -> bool:
    """Say whether `uri` names an object in a store rather than a local file.

    Raises:
        BadInput: a scheme that archmend does not read.
    """
    return scheme_of(uri) in REMOTE_SCHEMES


def local_path(uri: str | Path) -> Path:
    """Return the path that a plain path or a `file://` URI names (`~` is the home folder).

    Raises:
        BadInput: a `file://` URI of another host.
    """
    if scheme_of(uri) == "":
        return Path(uri).expanduser()
    parts = urlsplit(str(uri))
    if parts.netloc not in ("", "localhost"):
        raise BadInput(f"{str(uri)!r} names the host {parts.netloc!r}; write file:///absolute/path")
    return Path(unquote(parts.path))


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Split an object's URI into its bucket and its key (no slash at either end of the key).

    Raises:
        BadInput: no bucket.
    """
    bucket, _, key = uri.split("://", 1)[1].partition("/")
    if not bucket:
        raise BadInput(f"{uri!r} names no bucket; write {scheme_of(uri)}://bucket/key")
    return bucket, key.strip("/")
