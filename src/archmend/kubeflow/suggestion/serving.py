"""The service as a process: a port, health, and an end in good order."""

from __future__ import annotations

import signal
import threading
from types import FrameType

from archmend.errors import MissingExtra, Unavailable
from archmend.kubeflow.suggestion.names import PORT


def serve(port: int = PORT, *, grace: float = 20.0) -> None:
    """Serve until SIGTERM or SIGINT, then finish what runs and return; only a main thread can.

    Args:
        port: 0 takes a free one.
        grace: seconds that running calls are waited for at the end.

    Raises:
        MissingExtra: grpc is not installed. Unavailable: the port is taken, or the installation is broken.
    """
    try:
        from archmend.kubeflow.suggestion.server import SuggestionServer
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "grpc", "suggestion") from error
    except ImportError as error:
        raise Unavailable(
            f"the gRPC messages cannot be imported ({error}); install archmend anew, which compiles them"
        ) from error
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server = SuggestionServer(port)
        server.start()
        stopped.wait()
        server.stop(grace)
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
