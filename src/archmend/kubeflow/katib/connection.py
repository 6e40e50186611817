"""A question to the API server: asked again while it is away, and each failure said in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from archmend.kubeflow.katib.answers import is_passing, translated
from archmend.kubeflow.kube import in_pod, kube_settings

PATIENCE = 120.0
"""Seconds for which a question is asked again while the API server does not answer."""
FIRST = 10.0
"""The same outside a pod before its first answer: the address may be that of a cluster that is no more."""
TIMEOUT = (5, 30)
"""Seconds to connect, and to wait for an answer."""
_T = TypeVar("_T")


class Connection:
    """The cluster, and one namespace of it.

    Attributes:
        namespace: of what is asked for. where: the API server's address, for messages.
    """

    def __init__(self, namespace: str = "") -> None:
        """Find the cluster; nothing is asked yet.

        Args:
            namespace: empty is the pod's own, or the context's.

        Raises:
            MissingExtra: the Kubernetes client is not installed. BadInput: there is no cluster.
        """
        found, own = kube_settings()
        from kubernetes import client

        self.namespace = namespace or own
        self.where = str(found.host)
        self._patience = PATIENCE if in_pod() else min(FIRST, PATIENCE)
        connection = client.ApiClient(found)
        self._objects = client.CustomObjectsApi(connection)
        self._core = client.CoreV1Api(connection)

    def _ask(self, what: str, call: Callable[[], _T]) -> _T:
        """Ask again while the API server is away, as during a restart, and translate what remains."""
        again = Retrying(
            stop=stop_after_delay(self._patience),
            wait=wait_random_exponential(multiplier=0.2, max=10),
            retry=retry_if_exception(is_passing),
            reraise=True,
        )
        try:
            answer = again(call)
        except Exception as error:
            raise translated(error, what, self.namespace, self.where) from error
        self._patience = PATIENCE
        return answer
