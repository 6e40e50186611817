"""Garbage collection that a registering, a rollback and another collection may run beside.

A version's record always stays: it is small, it is the lineage, and its number is never used again. A
mark beside it says that its files are gone.
"""

from __future__ import annotations

import math

from archmend.errors import BadInput
from archmend.registry import catalog, keys
from archmend.registry.store import Store, Stored
from archmend.registry.types import Collected


def collect(store: Store, *, keep: int, before: float, grace: float) -> Collected:
    """Remove what nothing needs and nobody has written since `before - grace`.

    Raises:
        BadInput: `keep` below 1, a negative `grace`, or a record that cannot be read.
    """
    if keep < 1:
        raise BadInput(f"keep must be at least 1, got {keep}")
    if not (math.isfinite(grace) and grace >= 0):
        raise BadInput(f"grace_seconds must be 0 or more, got {grace}")
    limit = before - grace
    names = catalog.names(store)
    versions = tuple((name, n) for name in names for n in _mark(store, name, keep, limit))
    removed = _remove_blobs(store, limit)
    return Collected(
        versions=versions,
        blobs=len(removed),
        bytes=sum(entry.size for entry in removed),
        leftovers=store.sweep(limit),
    )


def _mark(store: Store, name: str, keep: int, limit: float) -> list[int]:
    """Mark the old versions of a model as collected and return their numbers."""
    gone = set(catalog.numbers(store, keys.collected(name)))
    ages = {keys.number_of(entry.key): entry.modified for entry in store.list(keys.versions(name))}
    live = [n for n in catalog.numbers(store, keys.versions(name)) if n not in gone]
    marked = []
    for number in live[:-keep]:
        if ages.get(number, math.inf) >= limit or number in _aliased(store, name):
            continue
        mark = keys.collected_mark(name, number)
        store.create(mark, b"{}\n")
        # A rollback to this version looks for the mark after it has moved the alias; this looks for the
        # alias after it has set the mark. So at least one of the two notices the other and gives way.
        if number in _aliased(store, name):
            store.delete(mark)
        else:
            marked.append(number)
    return marked


def _aliased(store: Store, name: str) -> set[int | None]:
    event = catalog.last_event(store, name)
    return {event.champion, event.previous} if event else set()


def _remove_blobs(store: Store, limit: float) -> list[Stored]:
    """Remove blobs that no version with files refers to."""
    # The blobs are listed before the records are read: a version that is registered in between has its
    # record seen, and one that is registered later has renewed the age of its blobs.
    candidates = [entry for entry in store.list(keys.BLOBS) if entry.modified < limit]
    needed = _referenced(store)
    removed = []
    for entry in candidates:
        if entry.key in needed:
            continue
        folder = entry.key.rsplit("/", 1)[0] + "/"
        now = next((e for e in store.list(folder) if e.key == entry.key), None)
        if now is not None and now.modified < limit:
            store.delete(entry.key)
            removed.append(entry)
    return removed


def _referenced(store: Store) -> set[str]:
    found = set()
    for name in catalog.names(store):
        gone = set(catalog.numbers(store, keys.collected(name)))
        for number in catalog.numbers(store, keys.versions(name)):
            if number not in gone:
                record, _ = catalog.record(store, name, number)
                found |= {keys.blob(blob.sha256) for blob in record.files.values()}
    return found
