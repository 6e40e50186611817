"""A Model Registry's REST API as far as it is asked for, over real connections, in either version."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Entity = dict[str, Any]


class FakeModelRegistry(ThreadingHTTPServer):
    """Keeps what it is told in lists, gives ids, and refuses a name that is taken."""

    daemon_threads = True

    def __init__(self, version: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.base = f"/api/model_registry/{version}"
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.kept: dict[str, list[Entity]] = {
            "registered_models": [],
            "model_versions": [],
            "model_artifacts": [],
        }
        self.token = ""
        self.seen: list[str] = []
        self.writes: list[str] = []
        self.answers: dict[str, tuple[int, str]] = {}
        """What to say instead of the truth, by method and last part of the path."""
        self.rival: Entity | None = None
        """A version that another client makes just before the next one that is asked for."""
        self.ids = 0

    @property
    def models(self) -> list[Entity]:
        return self.kept["registered_models"]

    @property
    def versions(self) -> list[Entity]:
        return self.kept["model_versions"]

    @property
    def artifacts(self) -> list[Entity]:
        return self.kept["model_artifacts"]

    def add(self, kind: str, entity: Entity, parent: str = "") -> tuple[int, Entity]:
        taken = [e for e in self.kept[kind] if (e["name"], e["parent"]) == (entity["name"], parent)]
        if taken:
            return 409, {"code": "", "message": f"{kind} with name {entity['name']} already exists: conflict"}
        self.ids += 1
        self.kept[kind].append({"state": "LIVE", **entity, "id": str(self.ids), "parent": parent})
        return 201, self.kept[kind][-1]

    def find(self, kind: str, query: dict[str, str]) -> tuple[int, Entity]:
        wanted = (query["name"], query.get("parentResourceId", ""))
        for each in self.kept[kind]:
            if (each["name"], each["parent"]) == wanted:
                return 200, each
        return 404, {"code": "", "message": f"no {kind} found: not found"}


class _Handler(BaseHTTPRequestHandler):
    server: FakeModelRegistry

    def do_GET(self) -> None:
        kind, _, name = self._path()
        singular = {"registered_model", "model_version", "model_artifact"}
        if name in singular:
            return self._answer(*self.server.find(f"{name}s", self._query()))
        if name == "registered_models":
            return self._list(self.server.models)
        if (kind, name) == ("registered_models", "versions"):
            model = urlsplit(self.path).path.split("/")[-2]
            return self._list([e for e in self.server.versions if e["parent"] == model])
        return self._answer(404, {"code": "", "message": "page not found"})

    def do_POST(self) -> None:
        _, parent, name = self._path()
        body = self._body()
        if name == "registered_models":
            return self._answer(*self.server.add(name, body))
        if name == "model_versions":
            if self.server.rival:
                self.server.add(name, {**body, **self.server.rival}, body["registeredModelId"])
                self.server.rival = None
            return self._answer(*self.server.add(name, body, body["registeredModelId"]))
        if name == "artifacts":
            return self._answer(*self.server.add("model_artifacts", body, parent))
        return self._answer(404, {"code": "", "message": "page not found"})

    def do_PATCH(self) -> None:
        kind, _, given = self._path()
        (found,) = [e for e in self.server.kept[kind] if e["id"] == given]
        found.update(self._body())
        return self._answer(200, found)

    def _path(self) -> tuple[str, str, str]:
        """Return the kind, the parent's id and the last part of what is asked for."""
        path = urlsplit(self.path).path
        self.server.seen.append(f"{self.command} {path}")
        if not path.startswith(f"{self.server.base}/"):
            return "", "", ""
        parts = path.removeprefix(f"{self.server.base}/").split("/")
        return parts[0], parts[1] if len(parts) > 1 else "", parts[-1]

    def _query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    def _body(self) -> Entity:
        self.server.writes.append(f"{self.command} {urlsplit(self.path).path.removeprefix(self.server.base)}")
        body: Entity = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for value in body.get("customProperties", {}).values():
            # The server's own integers: int32, as text.
            if value["metadataType"] == "MetadataIntValue" and not re.fullmatch(
                r"-?\d{1,9}", value["int_value"]
            ):
                raise AssertionError(value)
        return body

    def _list(self, items: list[Entity]) -> None:
        size = int(self._query().get("pageSize", "20"))
        start = int(self._query().get("nextPageToken") or 0)
        more = str(start + size) if start + size < len(items) else ""
        page = items[start : start + size]
        self._answer(200, {"items": page, "nextPageToken": more, "pageSize": size, "size": len(page)})

    def _answer(self, status: int, body: Entity) -> None:
        told = json.dumps(body)
        if self.server.token and self.headers["Authorization"] != f"Bearer {self.server.token}":
            status, told = 401, json.dumps({"code": "", "message": "Unauthorized"})
        last = urlsplit(self.path).path.rsplit("/", 1)[-1]
        # The server writes a whole double without a point.
        told = re.sub(r'("double_value": -?\d+)\.0\b', r"\1", told)
        status, told = self.server.answers.get(f"{self.command} {last}", (status, told))
        data = told.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if told.startswith("{") else "text/html")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(version: str) -> Iterator[FakeModelRegistry]:
    """Run a server of this version of the API for the time of a block."""
    server = FakeModelRegistry(version)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
