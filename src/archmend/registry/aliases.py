"""Moving `champion` and `previous`: each move is a new entry of the model's log, made on the one before.

Two processes that decide at once want the same entry's number; one gets it, and the other decides
again on what the first one wrote. So no decision is ever taken on a champion that is none any more.
"""

from __future__ import annotations

from archmend.errors import BadInput
from archmend.registry import blobs, catalog, keys
from archmend.registry.promotion import decide
from archmend.registry.store import Store
from archmend.registry.types import Event, Record


def settle(store: Store, record: Record, at: str) -> Event:
    """Make a new version champion or say why not."""
    _, digest = catalog.record(store, record.name, record.version)

    def make(number: int) -> Event:
        before = catalog.event_at(store, record.name, number - 1)
        standing = before.champion if before else None
        champion = catalog.record(store, record.name, standing)[0] if standing else None
        promoted, reason = decide(record, champion)
        return Event(
            action="promoted" if promoted else "kept",
            version=record.version,
            reason=reason,
            at=at,
            champion=record.version if promoted else standing,
            previous=standing if promoted else before and before.previous,
            record_sha256=digest,
        )

    return catalog.append(store, keys.events(record.name), make)


def roll_back(store: Store, name: str, to: int | str, at: str) -> Event:
    """Make an earlier version champion, and the champion `previous`.

    Raises:
        BadInput: no such version, or it is the champion, damaged or collected.
    """

    def make(number: int) -> Event:
        before = catalog.event_at(store, name, number - 1)
        champion = before.champion if before else None
        target = catalog.resolve(store, name, to)
        if target == champion:
            raise BadInput(f"version {target} of {name} is the champion already; name another one")
        if found := damage(store, name, target):
            raise BadInput(f"version {target} of {name} is no way back: {found[0]}; name another one")
        return Event(
            action="rolled_back",
            version=target,
            reason=f"rolled back from version {champion}" if champion else "there was no champion",
            at=at,
            champion=target,
            previous=champion,
        )

    event = catalog.append(store, keys.events(name), make)
    # A gc marks first and looks at the aliases then; this looks for the mark after moving the alias.
    if event.version in catalog.numbers(store, keys.collected(name)):
        _take_back(store, name, event, at)
        raise BadInput(f"version {event.version} of {name} was collected just now; name another one")
    return event


def _take_back(store: Store, name: str, event: Event, at: str) -> None:
    def make(number: int) -> Event:
        before = catalog.event_at(store, name, number - 1) or event
        stands = before.champion == event.champion
        return Event(
            action="rolled_back",
            version=event.version,
            reason=f"the rollback to version {event.version} was taken back, as gc was collecting it",
            at=at,
            champion=event.previous if stands else before.champion,
            previous=None if stands else before.previous,
        )

    catalog.append(store, keys.events(name), make)


def damage(store: Store, name: str, number: int) -> list[str]:
    """Return what is wrong with a version's files and record, a sentence each."""
    if number in catalog.numbers(store, keys.collected(name)):
        return ["its files were collected"]
    record, digest = catalog.record(store, name, number)
    noted = {e.version: e.record_sha256 for e in catalog.log(store, name) if e.record_sha256}
    found = [blobs.problem(store, file, blob) for file, blob in record.files.items()]
    if noted.get(number, digest) != digest:
        found.append(f"the record {keys.version(name, number)} was changed after it was written")
    return [sentence for sentence in found if sentence]
