"""The gRPC server of the Suggestion service."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from archmend.errors import Unavailable
from archmend.kubeflow.suggestion.names import HEALTH
from archmend.kubeflow.suggestion.service import handler

_LOG = logging.getLogger(__name__)
_THREADS = 8
_OPTIONS = (
    # gRPC's own default, for 5,000 trials; more of empty ones would not fit the pod's memory.
    ("grpc.max_receive_message_length", 4 * 2**20),
    # Else a second server on the same port would start, and take half of the calls.
    ("grpc.so_reuseport", 0),
)


class Draining(grpc.ServerInterceptor):
    """Counts the calls that run, and refuses new ones once the service stops."""

    def __init__(self) -> None:
        """Let calls in."""
        self._changed = threading.Condition()
        self._running = 0
        self._closed = False

    def intercept_service(
        self, continuation: Callable[[Any], grpc.RpcMethodHandler], details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler:
        """Count a call of ours from its first to its last moment; health answers to the end."""
        found = continuation(details)
        if found is None or found.unary_unary is None or "health" in details.method:
            return found
        inner = found.unary_unary

        def counted(request: bytes, context: grpc.ServicerContext) -> Any:
            with self._changed:
                closed = self._closed
                self._running += not closed
            if closed:
                context.abort(grpc.StatusCode.UNAVAILABLE, "the service is stopping; ask again")
            try:
                return inner(request, context)
            finally:
                with self._changed:
                    self._running -= 1
                    self._changed.notify_all()

        return grpc.unary_unary_rpc_method_handler(
            counted, found.request_deserializer, found.response_serializer
        )

    def close(self, seconds: float) -> bool:
        """Let no more calls in and wait for those that run; return whether all ended in time."""
        with self._changed:
            self._closed = True
            return self._changed.wait_for(lambda: self._running == 0, seconds)


class SuggestionServer:
    """Serves the Suggestion service and its health.

    Attributes:
        port: on all addresses of the machine.
    """

    def __init__(self, port: int) -> None:
        """Take the port; 0 takes a free one.

        Raises:
            Unavailable: it is taken.
        """
        self._draining = Draining()
        self._server = grpc.server(
            ThreadPoolExecutor(_THREADS, "suggestion"), interceptors=(self._draining,), options=_OPTIONS
        )
        self._server.add_generic_rpc_handlers((handler(),))
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        try:
            self.port: int = self._server.add_insecure_port(f"[::]:{port}")
        except RuntimeError as error:
            raise Unavailable(
                f"port {port} cannot be taken; end what listens there, or give another --port"
            ) from error

    def start(self) -> None:
        """Serve in threads, and say so to those who ask for the health."""
        # Strategies with a model import these at their first question, which then took seconds on a slow
        # node; Katib waits for the health first.
        for module in ("scipy.linalg", "scipy.optimize", "scipy.special", "scipy.stats", "optuna.samplers"):
            import_module(module)
        self._server.start()
        for name in ("", HEALTH):
            self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        _LOG.info("serving on port %d", self.port)

    def stop(self, grace: float) -> None:
        """Turn NOT_SERVING, wait `grace` seconds for the calls that run, and end."""
        self._health.enter_graceful_shutdown()
        if not self._draining.close(grace):
            _LOG.warning("calls still ran after %g s and are cut", grace)
        self._server.stop(0.5).wait()
        _LOG.info("stopped")
