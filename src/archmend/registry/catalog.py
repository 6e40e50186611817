"""Reading and adding to what a registry holds: version records and each model's log, numbered from 1."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from archmend.errors import BadInput, unknown_name
from archmend.registry import keys
from archmend.registry.store import Store
from archmend.registry.types import Alias, Event, Record, Version, as_json

_T = TypeVar("_T", bound=BaseModel)


def append(store: Store, prefix: str, make: Callable[[int], _T]) -> _T:
    """Write `make(number)` under the next free number below `prefix`, and return it.

    Two writers at once get different numbers: who loses the race for one makes the next one anew.
    """
    while True:
        number = max(numbers(store, prefix), default=0) + 1
        value = make(number)
        if store.create(f"{prefix}{number:06d}.json", as_json(value)):
            return value


def numbers(store: Store, prefix: str) -> list[int]:
    """Return the numbers in use directly below `prefix`, in order."""
    found = (keys.number_of(entry.key) for entry in store.list(prefix))
    return sorted(n for n in found if n is not None)


def names(store: Store) -> list[str]:
    """Return the models that have a version."""
    parts = (entry.key.split("/") for entry in store.list(keys.MODELS))
    return sorted({p[1] for p in parts if len(p) == 4 and p[2] == "versions"})


def record(store: Store, name: str, number: int) -> tuple[Record, str]:
    """Return a version's record and the digest of its bytes. Raises NotFoundError, BadInput."""
    key = keys.version(name, number)
    data = store.read(key)
    return _parse(Record, key, data), hashlib.sha256(data).hexdigest()


def log(store: Store, name: str) -> list[Event]:
    """Return all entries of a model's log, the newest last."""
    found = []
    for number in numbers(store, keys.events(name)):
        key = keys.event(name, number)
        found.append(_parse(Event, key, store.read(key)))
    return found


def last_event(store: Store, name: str) -> Event | None:
    """Return the newest entry of a model's log; None before the first."""
    return event_at(store, name, max(numbers(store, keys.events(name)), default=0))


def event_at(store: Store, name: str, number: int) -> Event | None:
    """Return one entry of a model's log; None for number 0, before the first."""
    if number == 0:
        return None
    key = keys.event(name, number)
    return _parse(Event, key, store.read(key))


def view(store: Store, name: str, registry: str, only: int | None = None) -> tuple[Version, ...]:
    """Return all versions of a model as they stand now, oldest first; or `only` the one of this number."""
    history = log(store, name)
    gone = set(numbers(store, keys.collected(name)))
    verdicts = {e.version: e for e in history if e.action != "rolled_back"}
    return tuple(
        shown(
            record(store, name, number)[0],
            registry,
            verdict=verdicts.get(number),
            now=history[-1] if history else None,
            collected=number in gone,
        )
        for number in ([only] if only else numbers(store, keys.versions(name)))
    )


def shown(
    stored: Record, registry: str, *, verdict: Event | None, now: Event | None, collected: bool = False
) -> Version:
    """Return a record with where it stands: its own entry of the log, and the newest one."""
    pointing: dict[Alias, int | None] = {"champion": now.champion, "previous": now.previous} if now else {}
    return Version(
        **dict(stored),
        registry=registry,
        aliases=tuple(alias for alias, target in pointing.items() if target == stored.version),
        promoted=verdict and verdict.action == "promoted",
        reason=verdict and verdict.reason,
        collected=collected,
    )


def check_known(store: Store, name: str) -> None:
    """Refuse a model that has no version. Raises BadInput."""
    known = names(store)
    if not known:
        raise BadInput(f"the registry holds no model, so there is no {name!r}; register one first")
    if name not in known:
        raise unknown_name("model", name, known)


def resolve(store: Store, name: str, reference: int | str) -> int:
    """Return the number that `reference` (a number, `champion` or `previous`) means.

    Raises:
        BadInput: no such model, version or alias.
    """
    check_known(store, name)
    have = numbers(store, keys.versions(name))
    text = str(reference)
    if text in ("champion", "previous"):
        target: int | None = getattr(last_event(store, name), text, None)
        if target is None:
            raise BadInput(f"{name} has no {text}; name one of its versions: {span(have)}")
        return target
    if not (text.isascii() and text.isdigit()):
        raise unknown_name("version", text, ["champion", "previous", *map(str, have[-20:])])
    if int(text) not in have:
        raise BadInput(f"{name} has no version {text}; it has {span(have)}")
    return int(text)


def span(have: list[int]) -> str:
    """Return the versions in words: "1", or "1 to 7"."""
    return str(have[0]) if len(have) == 1 else f"{have[0]} to {have[-1]}"


def _parse(kind: type[_T], key: str, data: bytes) -> _T:
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the text"
        raise BadInput(
            f"{key} in the registry cannot be read ({where}: {first['msg']}); restore it from a backup, "
            "or use the version of archmend that wrote it"
        ) from error
