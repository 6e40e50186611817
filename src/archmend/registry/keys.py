"""Where everything lies inside a registry, and which names a model may have."""

from __future__ import annotations

import re

from archmend.errors import BadInput

MARKER = "registry.json"
MODELS = "models/"
BLOBS = "blobs/sha256/"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def check_name(name: str) -> str:
    """Return `name` if it can be a folder, a part of a URL and a Kubernetes annotation.

    Raises:
        BadInput: it holds anything but letters, digits, dot, underscore and hyphen, or starts with a sign.
    """
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"the model name {name!r} cannot be used; take up to 100 letters, digits, '.', '_' or '-', "
            "the first a letter or a digit"
        )
    return name


def blob(sha256: str) -> str:
    """Key of a blob: content decides its name, so equal files are stored once."""
    return f"{BLOBS}{sha256[:2]}/{sha256}"


def versions(name: str) -> str:
    """Prefix of a model's version records."""
    return f"{MODELS}{name}/versions/"


def version(name: str, number: int) -> str:
    """Key of one version's record."""
    return f"{versions(name)}{number:06d}.json"


def events(name: str) -> str:
    """Prefix of a model's log: what was promoted, kept or rolled back."""
    return f"{MODELS}{name}/events/"


def event(name: str, number: int) -> str:
    """Key of one entry of the log."""
    return f"{events(name)}{number:06d}.json"


def collected(name: str) -> str:
    """Prefix of the marks of versions whose files were collected."""
    return f"{MODELS}{name}/collected/"


def collected_mark(name: str, number: int) -> str:
    """Key of one such mark."""
    return f"{collected(name)}{number:06d}.json"


def number_of(key: str) -> int | None:
    """Return the number that a record's key ends in; None for a file that is not ours."""
    stem = key.rsplit("/", 1)[-1].removesuffix(".json")
    return int(stem) if stem.isascii() and stem.isdigit() else None
