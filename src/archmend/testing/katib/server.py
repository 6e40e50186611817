"""The API server's HTTP: which request asks what of the store, and how a watch is streamed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from archmend.testing.katib.store import ApiError, Change, Matches, Object, Store

KINDS = {
    "experiments": ("kubeflow.org/v1beta1", "Experiment"),
    "trials": ("kubeflow.org/v1beta1", "Trial"),
    "workflows": ("argoproj.io/v1alpha1", "Workflow"),
    "pods": ("v1", "Pod"),
    "events": ("v1", "Event"),
}
_PATH = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/(?P<version>[^/]+)/namespaces/(?P<namespace>[^/]+)/(?P<plural>[a-z]+)"
    r"(?:/(?P<name>[^/]+))?(?:/(?P<part>status|log))?"
)
_MERGE = "application/merge-patch+json"


class Handler(BaseHTTPRequestHandler):
    """One connection.

    Attributes:
        store: that is asked. logs: of containers by pod and container. before: is told of each request (verb,
            plural, name) and may raise an `ApiError` instead of it. watch_number: changes when the watches
            are to break. removed: is told of the namespace from which an object was deleted.
    """

    protocol_version = "HTTP/1.1"
    store: ClassVar[Store]
    logs: ClassVar[Mapping[tuple[str, str], str]]
    before: ClassVar[Callable[[str, str, str], None]]
    watch_number: ClassVar[Callable[[], int]]
    removed: ClassVar[Callable[[str], None]]

    def do_GET(self) -> None:
        """Read, list, watch, or give a log."""
        self._answer("get")

    def do_POST(self) -> None:
        """Create."""
        self._answer("create")

    def do_PATCH(self) -> None:
        """Merge into an object, or into its status."""
        self._answer("patch")

    def do_DELETE(self) -> None:
        """Remove."""
        self._answer("delete")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on standard error."""

    def _answer(self, verb: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            url = urlsplit(self.path)
            asked = _PATH.fullmatch(url.path)
            if asked is None or asked["plural"] not in KINDS or not _known(asked):
                raise ApiError(404, "NotFound", "404 page not found")
            query = dict(parse_qsl(url.query))
            space, plural, name, part = asked["namespace"], asked["plural"], asked["name"], asked["part"]
            if verb == "get" and not name:
                verb = "watch" if query.get("watch") in ("true", "True") else "list"
            type(self).before(verb, plural, name or "")
            if verb == "watch":
                self._watch(space, plural, query)
            elif part == "log":
                self._log(space, name, query)
            else:
                answer = self._object(verb, space, plural, name, part, query, body)
                self._send(201 if verb == "create" else 200, answer)
        except ApiError as error:
            self._send(error.code, error.status())
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _object(
        self, verb: str, space: str, plural: str, name: str, part: str, query: Mapping[str, str], body: bytes
    ) -> Object:
        if verb == "list":
            with self.store.changed:
                items = self.store.select(space, plural, _selected(query))
                version = str(self.store.version)
            api, kind = KINDS[plural]
            return {
                "apiVersion": api,
                "kind": f"{kind}List",
                "metadata": {"resourceVersion": version},
                "items": items,
            }
        if verb == "create":
            made = json.loads(body)
            made.pop("status", None)  # only the status subresource writes it
            return self.store.create(space, plural, made)
        if verb == "patch":
            if self.headers.get("Content-Type") != _MERGE:
                raise ApiError(415, "UnsupportedMediaType", f"only {_MERGE} is understood")
            patch = json.loads(body)
            taken = {k: v for k, v in patch.items() if (k == "status") == (part == "status")}
            return self.store.change(space, plural, name, lambda item: merge(item, taken))
        if verb == "delete":
            self.store.delete(space, plural, name)
            type(self).removed(space)
            return {"kind": "Status", "apiVersion": "v1", "status": "Success"}
        return self.store.get(space, plural, name)

    def _log(self, space: str, name: str, query: Mapping[str, str]) -> None:
        self.store.get(space, "pods", name)
        text = self.logs.get((name, query.get("container", "")), "")
        lines = text.splitlines(keepends=True)
        if "tailLines" in query:
            lines = lines[-int(query["tailLines"]) :]
        self._send(200, "".join(lines).encode(), "text/plain")

    def _watch(self, space: str, plural: str, query: Mapping[str, str]) -> None:
        """Stream changes until the time asked for is over; the server's own end is a bookmark if wanted."""
        version = int(query.get("resourceVersion") or self.store.version)
        end = time.monotonic() + float(query.get("timeoutSeconds") or 3600)
        number, matches = type(self).watch_number(), _selected(query)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            with self.store.changed:
                try:
                    changes = self.store.since(version, space, plural, matches)
                except ApiError as error:
                    self._line({"type": "ERROR", "object": error.status()})
                    break
                left = end - time.monotonic()
                broken = type(self).watch_number() != number
                if not (changes or broken) and left > 0:
                    self.store.changed.wait(left)
                    continue
                reached = self.store.version
            if broken:
                self._break_off(changes)
                return
            for change in changes:
                self._line({"type": change.kind, "object": change.item})
                version = change.version
            if left <= 0:
                if query.get("allowWatchBookmarks") in ("true", "True"):
                    self._line({"type": "BOOKMARK", "object": _bookmark(plural, max(version, reached))})
                break
        self.wfile.write(b"0\r\n\r\n")

    def _line(self, event: Object) -> None:
        self._chunk(json.dumps(event).encode() + b"\n")

    def _chunk(self, line: bytes) -> None:
        self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
        self.wfile.flush()

    def _break_off(self, changes: list[Change]) -> None:
        """End the connection in the middle of a line, as a server that dies does."""
        line = json.dumps({"type": changes[0].kind, "object": changes[0].item}) if changes else '{"type":'
        self._chunk(line.encode()[: len(line) // 2 + 1])
        self.close_connection = True

    def _send(self, code: int, answer: Object | bytes, kind: str = "application/json") -> None:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def merge(item: Object, patch: Mapping[str, Any]) -> None:
    """Apply a JSON merge patch (RFC 7386) in place: objects are merged, null removes, all else replaces."""
    for key, value in patch.items():
        if value is None:
            item.pop(key, None)
        elif isinstance(value, Mapping):
            if not isinstance(item.get(key), dict):
                item[key] = {}
            merge(item[key], value)
        else:
            item[key] = value


def _known(asked: re.Match[str]) -> bool:
    api = "/".join(filter(None, (asked["group"], asked["version"])))
    return KINDS[asked["plural"]][0] == api


def _bookmark(plural: str, version: int) -> Object:
    api, kind = KINDS[plural]
    return {"apiVersion": api, "kind": kind, "metadata": {"resourceVersion": str(version)}}


def _selected(query: Mapping[str, str]) -> Matches:
    labels = _pairs(query.get("labelSelector", ""))
    fields = _pairs(query.get("fieldSelector", ""))

    def matches(item: Object) -> bool:
        held = item["metadata"].get("labels") or {}
        return all(held.get(k) == v for k, v in labels) and all(_field(item, k) == v for k, v in fields)

    return matches


def _pairs(selector: str) -> list[tuple[str, str]]:
    parts = (part.partition("=") for part in filter(None, selector.split(",")))
    return [(key, value.removeprefix("=")) for key, _, value in parts]


def _field(item: Object, path: str) -> Any:
    found: Any = item
    for key in path.split("."):
        found = (found or {}).get(key)
    return found
