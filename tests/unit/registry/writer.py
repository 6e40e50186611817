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

# What a process does to the file system, as Python's audit events name it.
_OPERATIONS = {"open", "os.link", "os.rename", "os.remove", "os.mkdir", "os.utime"}


def register(location: Path, tag: str, accuracy: float) -> Version:
    model = f"model {tag}".encode()
    path = location.parent / f"{tag}.keras"
    path.write_bytes(model)
    digest = hashlib.sha256(model).hexdigest()
    fields = {"accuracy": accuracy, "part": "test", "test_digest": "t", "model_digest": digest}
    return Registry(location).register(path, json.dumps(fields).encode(), name="digits")


def many(location: Path, who: str, count: int) -> None:
    for i in range(count):
        version = register(location, f"{who}-{i}", accuracy=(hash((who, i)) % 1000) / 1000)
        print(version.version, flush=True)


def killed_at_each_operation(folder: Path) -> None:
    """Register twice, in children that are killed before their first, second, ... file operation."""
    undecided = leftovers = blobs = 0
    for n in range(1, 1000):
        location = folder / str(n) / "registry"
        location.parent.mkdir()
        child = os.fork()
        if child == 0:
            _die_at(n)
            register(location, "first", 0.1)
            register(location, "second", 0.2)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0
            print(n - 1, undecided, leftovers, blobs)
            return
        done = versions_are_whole(location)
        undecided += sum(v.promoted is None for v in done)
        if (location / "registry.json").exists():
            gone = Registry(location, clock=lambda: time.time() + 10).gc(grace_seconds=0)
            leftovers += gone.leftovers
            blobs += gone.blobs
            assert not any((location / ".tmp").iterdir())
        assert versions_are_whole(location) == done
        after = register(location, "after", 0.9)
        assert (after.version, after.aliases) == (len(done) + 1, ("champion",))


def versions_are_whole(location: Path) -> tuple[Version, ...]:
    registry = Registry(location)
    if not (location / "registry.json").exists():
        return ()
    for version in registry.list():
        found = registry.verify("digits", version.version, replay=False)
        assert found.ok, found.problems
    return registry.list()


def _die_at(n: int) -> None:
    left = n

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in _OPERATIONS:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


if __name__ == "__main__":
    place = Path(sys.argv[2])
    if sys.argv[1] == "many":
        many(place, sys.argv[3], int(sys.argv[4]))
    else:
        killed_at_each_operation(place)
