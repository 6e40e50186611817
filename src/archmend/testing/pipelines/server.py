"""The HTTP side: a server in a thread of its own that answers as the API server does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import HTTP
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from archmend.testing.pipelines.objects import Json, Objects, Refused, stamp
from archmend.testing.pipelines.routes import answer


@dataclass(frozen=True)
class Request:
    """A request that came in.

    Attributes:
        method: of it. path: after /apis. query: of its address. body: its JSON; of an upload, the file in it.
        changes: whether it is one that changes something.
    """

    method: str
    path: str
    query: Mapping[str, str]
    body: Any

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        return self.method != "GET"


class FakePipelines:
    """A Kubeflow Pipelines in a thread, for the time of a block.

    Attributes:
        url: of it. objects: what it holds. requests: all that came in. clock: what it tells as its time.
        before: is called with each request; may raise `ConnectionError` to answer nothing.
        after: is called when a request is done and not answered yet; may raise `ConnectionError` likewise.
        canned: answers (status, headers, body) that stand before every other, by their paths' beginnings.
    """

    def __init__(
        self,
        *,
        tokens: Collection[str] = (),
        profiles: Collection[str] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare one.

        Args:
            tokens: that are taken; without any, none is asked for.
            profiles: namespaces of multi-user mode; without any, that is off.
            clock: tells its time.
        """
        self.tokens, self.profiles, self.clock = set(tokens), tuple(profiles), clock
        self.objects = Objects(lambda: self.clock())
        self.requests: list[Request] = []
        self.before: Callable[[Request], None] = lambda request: None
        self.after: Callable[[Request], None] = lambda request: None
        self.canned: dict[str, tuple[int, Mapping[str, str], bytes]] = {}
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Its address; the same when it comes back."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def is_away(self) -> bool:
        """Whether it answers nothing just now."""
        return self._server is None

    def __enter__(self) -> Self:
        self.come()
        return self

    def __exit__(self, *_: object) -> None:
        self.go()

    def come(self) -> None:
        """Begin to answer, or begin again."""
        fake = self

        class Handler(_Handler):
            owner = fake

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def go(self) -> None:
        """Be away; what it holds stays."""
        if self._server is not None:
            running, self._server = self._server, None
            running.shutdown()
            running.server_close()

    def end(self, run: str, state: str, *, message: str = "", steps: Sequence[Json] = ()) -> None:
        """End a run.

        Args:
            run: its id.
            state: SUCCEEDED, FAILED, CANCELED or SKIPPED.
            message: the server's words on its error.
            steps: see `show`.
        """
        found = self.objects.runs[run]
        if message:
            found["error"] = {"code": 13, "message": message}
        self.show(run, *steps)
        found["state"], found["finished_at"] = state, stamp(self.clock())

    def show(self, run: str, *steps: Json) -> None:
        """Add steps to a run, or change those of the same name: display_name, state, log and more.

        What a `log` holds is what the pod of that step has printed.
        """
        found = self.objects.runs[run]
        found["state"] = "RUNNING"
        known: list[Json] = found.setdefault("run_details", {}).setdefault("task_details", [])
        for step in steps:
            name = step["display_name"]
            task: Json = {"task_id": f"task-{name}", "start_time": stamp(self.clock()), **step}
            if (log := task.pop("log", None)) is not None:
                task["child_tasks"] = [{"pod_name": f"pod-{name}"}]
                self.objects.logs[run, f"pod-{name}"] = log
            known[:] = [each for each in known if each["display_name"] != name] + [task]

    def enabled(self, name: str) -> list[Json]:
        """Return the recurring runs of a name that are enabled."""
        held = self.objects.recurring.values()
        return [each for each in held if each["display_name"] == name and each["status"] == "ENABLED"]

    def handle(self, request: Request, token: str) -> Any:
        """Return the answer to a request; one after the other."""
        with self._lock:
            self.requests.append(request)
            self.before(request)
            if self.tokens and request.path != "v2beta1/healthz" and token not in self.tokens:
                raise Refused(401, "Request header error: there is no user identity header")
            found = answer(
                self.objects, self.profiles, request.method, request.path, request.query, request.body
            )
            self.after(request)
            return found


class _Handler(BaseHTTPRequestHandler):
    owner: FakePipelines
    protocol_version = "HTTP/1.1"
    # An answer goes out in one piece: the other side would wait for its second one.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        if self.owner.is_away:
            # A connection that was kept open; whoever asks by it hears nothing either.
            self.close_connection = True
            return None
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.path)
        path = unquote(address.path).removeprefix("/apis/")
        for beginning, (status, headers, body) in self.owner.canned.items():
            if path.startswith(beginning):
                return self._send(status, body, headers)
        request = Request(self.command, path, dict(parse_qsl(address.query)), self._body(content))
        token = str(self.headers.get("Authorization") or "").removeprefix("Bearer ")
        try:
            found = self.owner.handle(request, token)
        except Refused as error:
            status, upload = error.status, path.endswith("/upload_version")
            # An upload's refusal has another shape, and says less.
            said = (
                {"error_message": "Failed to create a pipeline version", "error_details": str(error)}
                if upload
                else {
                    "error": str(error),
                    "code": status,
                    "message": str(error),
                    "details": [{"@type": "type.googleapis.com/google.rpc.Status", "message": str(error)}],
                }
            )
            return self._send(status, json.dumps(said).encode())
        except ConnectionError:
            self.close_connection = True
            return None
        if isinstance(found, str):
            return self._send(200, found.encode(), {"Content-Type": "text/plain"})
        return self._send(200, json.dumps(found).encode())

    def _body(self, content: bytes) -> Any:
        kind = str(self.headers.get("Content-Type") or "")
        if kind.startswith("multipart/"):
            head = f"Content-Type: {kind}\r\n\r\n".encode()
            parts = BytesParser(policy=HTTP).parsebytes(head + content)
            (file,) = [
                p
                for p in parts.iter_parts()
                if p.get_param("name", header="content-disposition") == "uploadfile"
            ]
            return file.get_payload(decode=True)
        return json.loads(content) if content else None

    def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response_only(status)
        kept = {
            "Content-Type": "application/json",
            "Date": format_datetime(self.owner.clock().astimezone(UTC), usegmt=True),
            "Content-Length": str(len(body)),
            **(headers or {}),
        }
        for name, value in kept.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
