"""Run as a process of its own by test_processes.py: registers versions and says which, one a line."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path

from archmend.registry import Registry, Version
from archmend.storage import exists, is_remote, list_objects

# What a process does to the file system or asks a store for, as Python's audit events name it.
_OPERATIONS = {"open", "os.link", "os.rename", "os.remove", "os.mkdir", "os.utime"}
_REQUESTS = {"http.client.send"}


def register(place: str, scratch: Path, tag: str, accuracy: float) -> Version:
    model = f"model {tag}".encode()
    path = scratch / f"{tag}.keras"
    path.write_bytes(model)
    digest = hashlib.sha256(model).hexdigest()
    fields = {"accuracy": accuracy, "part": "test", "test_digest": "t", "model_digest": digest}
    return Registry(place).register(path, json.dumps(fields).encode(), name="digits")


def many(place: str, scratch: Path, who: str, count: int) -> None:
    for i in range(count):
        version = register(place, scratch, f"{who}-{i}", accuracy=(hash((who, i)) % 1000) / 1000)
        print(version.version, flush=True)


def killed_at_each_operation(top: str, scratch: Path, step: int) -> None:
    """Register twice, in children that are killed before their first, second, ... operation."""
    undecided = leftovers = blobs = 0
    for kills, n in enumerate(range(1, 1000, step)):
        place = f"{top}/{n}/registry"
        child = os.fork()
        if child == 0:
            _die_at(n, _REQUESTS if is_remote(place) else _OPERATIONS)
            register(place, scratch, "first", 0.1)
            register(place, scratch, "second", 0.2)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0
            print(kills, undecided, leftovers, blobs)
            return
        done = versions_are_whole(place)
        undecided += sum(v.promoted is None for v in done)
        if exists(f"{place}/registry.json"):
            gone = Registry(place, clock=lambda: time.time() + 10).gc(grace_seconds=0)
            leftovers += gone.leftovers
            blobs += gone.blobs
            assert not [o for o in list_objects(place) if ".tmp" in o.uri]
        assert versions_are_whole(place) == done
        after = register(place, scratch, "after", 0.9)
        assert (after.version, after.aliases) == (len(done) + 1, ("champion",))


def versions_are_whole(place: str) -> tuple[Version, ...]:
    if not exists(f"{place}/registry.json"):
        return ()
    registry = Registry(place)
    for version in registry.list():
        found = registry.verify("digits", version.version, replay=False)
        assert found.ok, found.problems
    return registry.list()


def _die_at(n: int, operations: set[str]) -> None:
    left = n

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in operations:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


if __name__ == "__main__":
    task, place, scratch = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if task == "many":
        many(place, scratch, sys.argv[4], int(sys.argv[5]))
    else:
        killed_at_each_operation(place, scratch, int(sys.argv[4]))
