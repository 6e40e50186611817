"""What etcd and the API server's watch cache hold: objects, each change with its version."""

from __future__ import annotations

import copy
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Object = dict[str, Any]
Matches = Callable[[Object], bool]


class ApiError(Exception):
    """An answer of the API server that is no success."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        """Keep what a Status object says."""
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message

    def status(self) -> Object:
        """Return it as the API server writes it."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "code": self.code,
            "reason": self.reason,
            "message": self.message,
        }


@dataclass(frozen=True)
class Change:
    """One change, as a watch tells it."""

    version: int
    namespace: str
    plural: str
    kind: str
    item: Object


class Store:
    """Objects by namespace, plural and name; every method gives and takes copies.

    Attributes:
        changed: notified after each change, and by whoever wants the watches to look up.
    """

    def __init__(self) -> None:
        """Hold nothing, at version 1."""
        self.changed = threading.Condition(threading.RLock())
        self.version = 1
        self._objects: dict[tuple[str, str, str], Object] = {}
        self._changes: list[Change] = []
        self._oldest = 0

    def create(self, namespace: str, plural: str, item: Mapping[str, Any]) -> Object:
        """Add an object.

        Raises:
            ApiError: 409, its name is taken.
        """
        name = item["metadata"]["name"]
        with self.changed:
            if (namespace, plural, name) in self._objects:
                raise ApiError(409, "AlreadyExists", f'{plural} "{name}" already exists')
            made = copy.deepcopy(dict(item))
            made["metadata"] = {
                "uid": str(uuid.uuid4()),
                "creationTimestamp": now(),
                **made["metadata"],
                "namespace": namespace,
            }
            return self._write((namespace, plural, name), "ADDED", made)

    def get(self, namespace: str, plural: str, name: str) -> Object:
        """Return an object.

        Raises:
            ApiError: 404, there is none.
        """
        with self.changed:
            held = self._objects.get((namespace, plural, name))
            if held is None:
                raise ApiError(404, "NotFound", f'{plural} "{name}" not found')
            return copy.deepcopy(held)

    def select(self, namespace: str, plural: str, matches: Matches = lambda _: True) -> list[Object]:
        """Return the objects that match, by name."""
        with self.changed:
            held = [item for key, item in sorted(self._objects.items()) if key[:2] == (namespace, plural)]
            return copy.deepcopy([item for item in held if matches(item)])

    def namespaces(self) -> set[str]:
        """Return the namespaces that hold something."""
        with self.changed:
            return {namespace for namespace, _, _ in self._objects}

    def change(self, namespace: str, plural: str, name: str, edit: Callable[[Object], None]) -> Object:
        """Edit an object in place; an edit that changes nothing has no version, as in etcd.

        Raises:
            ApiError: 404, there is none.
        """
        with self.changed:
            held = self.get(namespace, plural, name)
            before = copy.deepcopy(held)
            edit(held)
            if held == before:
                return held
            return self._write((namespace, plural, name), "MODIFIED", held)

    def delete(self, namespace: str, plural: str, name: str) -> None:
        """Remove an object.

        Raises:
            ApiError: 404, there is none.
        """
        with self.changed:
            held = self.get(namespace, plural, name)
            self._write((namespace, plural, name), "DELETED", held)

    def since(self, version: int, namespace: str, plural: str, matches: Matches) -> list[Change]:
        """Return what happened after a version, oldest first.

        Raises:
            ApiError: 410, the changes from there on are no longer kept.
        """
        with self.changed:
            if version < self._oldest:
                raise ApiError(410, "Expired", f"too old resource version: {version} ({self.version})")
            return [
                copy.deepcopy(change)
                for change in self._changes
                if change.version > version
                and (change.namespace, change.plural) == (namespace, plural)
                and matches(change.item)
            ]

    def compact(self) -> None:
        """Forget all changes so far: a watch from any version up to now is answered with 410 Gone."""
        with self.changed:
            self.version += 1
            self._oldest = self.version
            self._changes.clear()
            self.changed.notify_all()

    def _write(self, key: tuple[str, str, str], kind: str, item: Object) -> Object:
        self.version += 1
        item["metadata"]["resourceVersion"] = str(self.version)
        if kind == "DELETED":
            del self._objects[key]
        else:
            self._objects[key] = copy.deepcopy(item)
        self._changes.append(Change(self.version, key[0], key[1], kind, copy.deepcopy(item)))
        self.changed.notify_all()
        return item


def now() -> str:
    """Return the present as the API server writes it: whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
