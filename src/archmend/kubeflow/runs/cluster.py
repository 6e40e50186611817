"""What is asked of Kubernetes itself: a way to the API server of Kubeflow Pipelines, and its clock's zone."""

from __future__ import annotations

from typing import Any

from archmend.errors import BadInput, Unavailable
from archmend.kubeflow.kube import kube_settings

SERVICE = "ml-pipeline"
SCHEDULER = "ml-pipeline-scheduledworkflow"
ZONE = "CRON_SCHEDULE_TIMEZONE"
PORT = 8888


class Cluster:
    """The cluster of the current kube context, or the one this pod runs in."""

    def __init__(self, namespace: str) -> None:
        """Connect.

        Args:
            namespace: where Kubeflow Pipelines is.

        Raises:
            MissingExtra: the Kubernetes client is not installed. BadInput: there is no context.
        """
        settings, _ = kube_settings("give --host, or set KUBECONFIG")
        from kubernetes import client

        self.namespace = namespace
        # A cluster that is away is said at once; the library would try three times.
        settings.retries = False
        self._settings = settings
        self._client = client
        self._where = settings.host

    def channel(self) -> Any:
        """Open a connection to a ready pod of the API server of Kubeflow Pipelines.

        Raises:
            Unavailable: there is none, or the cluster does not answer or refuses.
        """
        from kubernetes.stream import portforward

        # The library changes the API client it forwards with; so each channel has its own.
        core = self._client.CoreV1Api(self._client.ApiClient(self._settings))
        forward = self._ask(
            lambda: portforward(
                core.connect_get_namespaced_pod_portforward,
                self.pod(),
                self.namespace,
                ports=str(PORT),
            ),
            f"forward a port to {SERVICE}",
        )
        end = forward.socket(PORT)
        end.setblocking(True)
        return end

    def pod(self) -> str:
        """Return the name of a ready pod of the API server of Kubeflow Pipelines.

        Raises:
            BadInput: there is no such service. Unavailable: none of its pods is ready.
        """
        core = self._client.CoreV1Api(self._client.ApiClient(self._settings))
        found = self._ask(
            lambda: core.read_namespaced_endpoints(SERVICE, self.namespace, _request_timeout=(5, 15)),
            f"find the service {SERVICE} in namespace {self.namespace}",
        )
        for subset in found.subsets or ():
            for address in subset.addresses or ():
                if address.target_ref is not None and address.target_ref.kind == "Pod":
                    return str(address.target_ref.name)
        raise Unavailable(
            f"no pod of service {SERVICE} in namespace {self.namespace} is ready; see kubectl get pods"
        )

    def time_zone(self) -> str | None:
        """Return the zone of the controller of recurring runs, None where that cannot be seen."""
        api = self._client.ApiClient(self._settings)
        try:
            deployment = self._client.AppsV1Api(api).read_namespaced_deployment(
                SCHEDULER, self.namespace, _request_timeout=(5, 15)
            )
            variables = {each.name: each for each in deployment.spec.template.spec.containers[0].env or []}
            # Without its own variable the controller takes the zone of its container.
            return self._value(variables.get(ZONE)) or self._value(variables.get("TZ")) or "UTC"
        except Exception:  # only those who name a zone need it, and they are told that it is unknown
            return None

    def _value(self, variable: Any) -> str:
        if variable is None or variable.value_from is None:
            return str((variable and variable.value) or "")
        source = variable.value_from.config_map_key_ref
        core = self._client.CoreV1Api(self._client.ApiClient(self._settings))
        held = core.read_namespaced_config_map(source.name, self.namespace, _request_timeout=(5, 15))
        return str((held.data or {}).get(source.key) or "")

    def _ask(self, call: Any, what: str) -> Any:
        from urllib3.exceptions import HTTPError

        try:
            return call()
        except self._client.ApiException as error:
            if error.status == 404:
                raise BadInput(
                    f"there is no Kubeflow Pipelines in namespace {self.namespace} of {self._where}; give "
                    "--host, or ARCHMEND_KUBEFLOW_NAMESPACE"
                ) from error
            if error.status in (401, 403):
                raise Unavailable(
                    f"this account may not {what} at {self._where} ({error.reason}); log in, or give --host"
                ) from error
            raise Unavailable(f"{self._where} answered {error.status} {error.reason} to {what}") from error
        except (HTTPError, OSError) as error:
            raise Unavailable(
                f"the cluster at {self._where} does not answer; is it up? If Kubeflow Pipelines is "
                "elsewhere, give --host"
            ) from error
