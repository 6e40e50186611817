"""A local port whose connections end in a pod, as `kubectl port-forward` makes one."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any, Self

_CHUNK = 1 << 16
_LOG = logging.getLogger(__name__)


class Forward:
    """Listens on a port of this machine for the time of a block; each connection opens a channel of its own.

    Attributes:
        port: that was free.
    """

    def __init__(self, open_channel: Callable[[], Any]) -> None:
        """Begin to listen.

        Args:
            open_channel: gives something with `recv`, `sendall` and `close` that ends in the pod.
        """
        self._open = open_channel
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True, name="port-forward").start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # A thread that waits in accept holds the socket open; shutting it down wakes that thread.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = self._open()
            except Exception as error:  # whatever it is, this side sees a connection that ends
                _LOG.debug("no channel to the pod: %s", error)
                near.close()
                continue
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: Any, sink: Any) -> None:
    try:
        while data := source.recv(_CHUNK):
            sink.sendall(data)
    except (OSError, ValueError):
        pass  # the other direction has closed both
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            end.close()
