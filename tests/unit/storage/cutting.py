"""A proxy between a client and a store that loses answers, as a network does."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

Cut = Callable[[str, int], int | None]
"""Of a request's method and number (from 1): how many bytes of the answer's body pass; None is all of it."""


class Proxy:
    """Requests that came by, in order: method, path and headers."""

    def __init__(self, behind: str, cut: Cut, port: int) -> None:
        self.behind = behind
        self.cut = cut
        self.port = port
        self.requests: list[tuple[str, str, dict[str, str]]] = []


@contextmanager
def cutting(behind: str, cut: Cut) -> Iterator[Proxy]:
    """Run a proxy before the server at `behind` (host and port)."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = dict(self.headers.items())
            proxy.requests.append((self.command, self.path, headers))
            passing = proxy.cut(self.command, len(proxy.requests))
            body = self.rfile.read(int(headers.get("Content-Length", 0)))
            onward = http.client.HTTPConnection(behind)
            onward.request(self.command, self.path, body, headers)
            answer = onward.getresponse()
            data = answer.read()
            onward.close()
            self.close_connection = True
            if passing == 0:
                return  # not even a status
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data if passing is None else data[:passing])

        do_HEAD = do_PUT = do_POST = do_DELETE = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        proxy = Proxy(behind, cut, server.server_port)
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()
