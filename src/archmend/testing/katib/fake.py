"""The fake as a user holds it: started, given a script, disturbed, and looked into."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Mapping
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from archmend.testing.katib.controller import OF_EXPERIMENT, OF_TRIAL, Controller, Script, Suggest, suggest
from archmend.testing.katib.outcomes import Outcome
from archmend.testing.katib.server import Handler
from archmend.testing.katib.store import ApiError, Object, Store

TICK = 0.02
"""Seconds between two steps of the controller."""


class FakeKatib:
    """An API server with Katib on a free port of this machine, from `with` to the end of its block.

    Attributes:
        url: of the API server. requests: every one so far, as (verb, plural, name).
        defects: what a script raised; looked at on leaving the block.
    """

    def __init__(
        self, script: Script = lambda run: Outcome(metrics={"accuracy": 0.5}), *, suggest: Suggest = suggest
    ) -> None:
        """Take what becomes of each trial, and what a suggestion service would say.

        Args:
            script: a trial that begins -> how it ends; called in the controller's thread.
            suggest: an Experiment and a trial's number -> its parameters; may raise `Refusal`.
        """
        self._store = Store()
        self._logs: dict[tuple[str, str], str] = {}
        self._controller = Controller(self._store, self._logs, script, suggest)
        self._faults: list[tuple[str, str, ApiError]] = []
        self._watches = 0
        self._server: _Server | None = None
        self._port = 0
        self._over = threading.Event()
        self._paused = threading.Event()
        self._thread = threading.Thread(target=self._control, name="katib-controller", daemon=True)
        self.requests: list[tuple[str, str, str]] = []
        self.defects: list[Exception] = []

    def __enter__(self) -> Self:
        self.start()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        self.stop()
        if kind is None and self.defects:
            raise self.defects[0]

    @property
    def url(self) -> str:
        """Address of the API server."""
        return f"http://127.0.0.1:{self._port}"

    def write_kubeconfig(self, folder: Path, namespace: str = "default") -> Path:
        """Write a kubeconfig whose context is this server and a namespace, and return where it lies."""
        path = folder / "kubeconfig"
        # JSON is YAML.
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "fake", "cluster": {"server": self.url}}],
            "users": [{"name": "fake", "user": {}}],
            "contexts": [
                {"name": "fake", "context": {"cluster": "fake", "user": "fake", "namespace": namespace}}
            ],
            "current-context": "fake",
        }
        path.write_text(json.dumps(config))
        return path

    def start(self) -> None:
        """Serve, on the same port as before."""
        handler = type(
            "_Handler",
            (Handler,),
            {
                "store": self._store,
                "logs": self._logs,
                "before": staticmethod(self._before),
                "watch_number": staticmethod(lambda: self._watches),
                "removed": staticmethod(self._collect),
            },
        )
        self._server = _Server(("127.0.0.1", self._port), handler)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Serve no more: every connection breaks, the next ones are refused. What is stored stays."""
        if self._server is not None:
            self._server.shutdown()
            self.break_watches()
            self._server.server_close()
            self._server.break_connections()
            self._server = None

    def pause(self) -> None:
        """Let Katib's controller sleep, as one that restarts; the API server answers on."""
        self._paused.set()

    def resume(self) -> None:
        """Wake the controller."""
        self._paused.clear()

    def break_watches(self) -> None:
        """End every watch in the middle of a line."""
        with self._store.changed:
            self._watches += 1
            self._store.changed.notify_all()

    def forget(self) -> None:
        """Forget what happened so far: watches from earlier versions get 410 Gone."""
        self._store.compact()

    def fail(
        self, verb: str, plural: str, code: int, message: str, *, reason: str = "", times: int = 1
    ) -> None:
        """Answer the next requests of a kind with an error.

        Args:
            verb: get, list, watch, create, patch or delete.
            plural: such as trials.
            code: of HTTP.
            message: of the Status.
            reason: of the Status, such as Conflict.
            times: how many requests.
        """
        self._faults += [(verb, plural, ApiError(code, reason, message))] * times

    def put(self, plural: str, item: Mapping[str, Any], namespace: str = "default") -> None:
        """Put an object there, in place of one of the same name."""
        with contextlib.suppress(ApiError):
            self._store.delete(namespace, plural, item["metadata"]["name"])
        self._store.create(namespace, plural, item)

    def remove(self, plural: str, name: str, namespace: str = "default") -> None:
        """Remove an object, as somebody else may; an Experiment goes with its trials."""
        self._store.delete(namespace, plural, name)
        self._collect(namespace)

    def objects(self, plural: str, namespace: str = "default") -> dict[str, Object]:
        """Return the objects of a kind by name."""
        return {item["metadata"]["name"]: item for item in self._store.select(namespace, plural)}

    def _before(self, verb: str, plural: str, name: str) -> None:
        self.requests.append((verb, plural, name))
        for number, (of_verb, of_plural, error) in enumerate(self._faults):
            if (of_verb, of_plural) == (verb, plural):
                del self._faults[number]
                raise error

    def _collect(self, namespace: str) -> None:
        """Do what owner references do: what belongs to something that is gone goes too."""
        for label, owned, owner in ((OF_EXPERIMENT, "trials", "experiments"), (OF_TRIAL, "pods", "trials")):
            owners = self.objects(owner, namespace)
            for name, item in self.objects(owned, namespace).items():
                held = (item["metadata"].get("labels") or {}).get(label)
                if held is not None and held not in owners:
                    with contextlib.suppress(ApiError):
                        self._store.delete(namespace, owned, name)

    def _control(self) -> None:
        while not self._over.wait(TICK):
            if self._paused.is_set():
                continue
            try:
                self._controller.tick()
            except Exception as error:
                self.defects.append(error)
                return


class _Server(ThreadingHTTPServer):
    """Knows its connections, so that it can break them."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], handler: type) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of connections that broke, which is what this server is for."""

    def break_connections(self) -> None:
        for held in list(self._open):
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
