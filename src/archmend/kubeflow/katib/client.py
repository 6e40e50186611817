"""Everything that is asked of the cluster about Experiments, each failure said in one sentence."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from kubeflow_katib_api import models as api
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from archmend.errors import BadInput, MissingExtra, Unavailable
from archmend.kubeflow.katib.answers import AbsentError, TakenError, is_gone, is_passing, translated
from archmend.kubeflow.katib.names import DIGEST, STOPPED

GROUP, VERSION = "kubeflow.org", "v1beta1"
EXPERIMENTS, TRIALS = "experiments", "trials"
OF_EXPERIMENT = "katib.kubeflow.org/experiment"
OF_TRIAL = "katib.kubeflow.org/trial"
PATIENCE = 120.0
"""Seconds for which a question is asked again while the API server does not answer."""
_TIMEOUT = (5, 30)
_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_T = TypeVar("_T")
_LOG = logging.getLogger(__name__)


class KatibClient:
    """Katib's objects of one namespace, and the pods and events that belong to them.

    Attributes:
        namespace: of the Experiments. where: the API server's address, for messages.
    """

    def __init__(self, namespace: str = "") -> None:
        """Connect as a pod of the cluster, or else as the current kube context says.

        Args:
            namespace: empty is the pod's own, or the context's.

        Raises:
            MissingExtra: the Kubernetes client is not installed. Unavailable: there is no cluster.
        """
        try:
            from kubernetes import client, config
        except ModuleNotFoundError as error:
            raise MissingExtra("kubernetes", "kubeflow") from error
        own = "default"
        # One of its own: another client of this process may look at another cluster.
        found = client.Configuration()
        try:
            config.load_incluster_config(client_configuration=found)
            own = _NAMESPACE_FILE.read_text().strip() if _NAMESPACE_FILE.is_file() else own
        except config.ConfigException:
            # The client library has looked at this variable when it was imported, and never again.
            path = os.environ.get("KUBECONFIG")
            try:
                config.load_kube_config(path, client_configuration=found)
                _, context = config.list_kube_config_contexts(path)
                own = context["context"].get("namespace", own)
            except config.ConfigException as error:
                raise Unavailable(
                    f"there is no cluster to ask ({error}); run this in a pod, or set KUBECONFIG"
                ) from error
        self.namespace = namespace or own
        self.where = found.host
        connection = client.ApiClient(found)
        self._objects = client.CustomObjectsApi(connection)
        self._core = client.CoreV1Api(connection)

    def create(self, experiment: api.V1beta1Experiment) -> bool:
        """Create an Experiment, or adopt the one of the same name and digest; say whether it is new.

        Raises:
            BadInput: Katib refuses it, or the name is taken by another one.
            Unavailable: the cluster does not answer, has no Katib, or is just deleting the one of this name.
        """
        body = experiment.to_dict()
        body["metadata"]["namespace"] = self.namespace
        name = body["metadata"]["name"]
        with contextlib.suppress(TakenError):
            # A try whose answer was lost may have been heard: the next one then finds the name taken.
            try:
                self._ask(
                    f"create experiment {name}",
                    lambda: self._objects.create_namespaced_custom_object(
                        GROUP, VERSION, self.namespace, EXPERIMENTS, body, _request_timeout=_TIMEOUT
                    ),
                )
            except AbsentError as error:
                raise self._no_katib(EXPERIMENTS) from error
            return True
        held = self.experiment(name)
        if held is None or held["metadata"].get("deletionTimestamp"):
            raise Unavailable(
                f"experiment {name} in namespace {self.namespace} is being deleted; try again when it is gone"
            )
        if (held["metadata"].get("annotations") or {}).get(DIGEST) != body["metadata"]["annotations"][DIGEST]:
            raise BadInput(
                f"experiment {name} in namespace {self.namespace} is there already and was made with other "
                "settings; delete it, or start under another run"
            )
        return False

    def experiment(self, name: str) -> dict[str, Any] | None:
        """Return an Experiment, None where there is none."""
        return self._get(EXPERIMENTS, name)

    def experiments(self, selector: str) -> list[dict[str, Any]]:
        """Return the Experiments with these labels."""
        return list(self._list(EXPERIMENTS, selector)["items"])

    def list_trials(self, experiment: str) -> tuple[list[dict[str, Any]], str]:
        """Return an Experiment's trials, and the version of the list to watch from."""
        listed = self._list(TRIALS, f"{OF_EXPERIMENT}={experiment}")
        return list(listed["items"]), str(listed["metadata"]["resourceVersion"])

    def watch_trials(self, experiment: str, version: str, seconds: int) -> Generator[dict[str, Any]]:
        """Yield what happens to an Experiment's trials after a version, for so many seconds.

        Each event is `{"type": ..., "object": ...}`.

        Raises:
            Unavailable: the cluster refuses. What passes or is gone is the client library's own.
        """
        from kubernetes import watch

        try:
            yield from watch.Watch().stream(
                self._objects.list_namespaced_custom_object,
                GROUP,
                VERSION,
                self.namespace,
                TRIALS,
                label_selector=f"{OF_EXPERIMENT}={experiment}",
                resource_version=version,
                # So the version stays one that is known, however long nothing happens here.
                allow_watch_bookmarks=True,
                timeout_seconds=seconds,
                # Where the connection dies silently, the server's own time-out never arrives.
                _request_timeout=(5, seconds + 10),
            )
        except Exception as error:
            if is_gone(error) or is_passing(error):
                raise
            what = f"watch the trials of {experiment}"
            raise translated(error, what, self.namespace, self.where) from error

    def stop(self, name: str, reason: str) -> None:
        """End an Experiment where it is: no new trials, the unfinished ones removed, the rest kept.

        Katib has no word for it. Its controller leaves an Experiment alone that has an end among its
        conditions, so that is what is written; it then removes the suggestion service by itself.
        """
        held = self.experiment(name)
        if held is None:
            return
        from archmend.kubeflow.katib.states import experiment_state, trial_state

        if experiment_state(held).kind == "running":
            with contextlib.suppress(AbsentError):  # somebody has deleted it meanwhile
                self._mark_stopped(name, held, reason)
        for item in self.list_trials(name)[0]:
            if not trial_state(item).finished:
                self._delete(TRIALS, item["metadata"]["name"])

    def delete(self, name: str) -> None:
        """Remove an Experiment with its trials; one that is not there is no error."""
        self._delete(EXPERIMENTS, name)

    def workflow(self, run: str) -> dict[str, Any] | None:
        """Return the Argo Workflow of a pipeline run, None where there is none any more."""
        listed = self._ask(
            f"look up the workflow of run {run}",
            lambda: self._objects.list_namespaced_custom_object(
                "argoproj.io",
                "v1alpha1",
                self.namespace,
                "workflows",
                label_selector=f"pipeline/runid={run}",
                _request_timeout=_TIMEOUT,
            ),
        )
        return next(iter(listed["items"]), None)

    def pods(self, trial: str) -> list[Any]:
        """Return the pods of a trial, the newest last."""
        found = self._ask(
            f"list the pods of trial {trial}",
            lambda: self._core.list_namespaced_pod(
                self.namespace, label_selector=f"{OF_TRIAL}={trial}", _request_timeout=_TIMEOUT
            ),
        )
        return sorted(found.items, key=lambda pod: pod.metadata.creation_timestamp)

    def log(self, pod: str, container: str, lines: int) -> str:
        """Return the last lines of a container's log; empty where there is none any more."""
        try:
            return str(
                self._core.read_namespaced_pod_log(
                    pod, self.namespace, container=container, tail_lines=lines, _request_timeout=_TIMEOUT
                )
            )
        except Exception as error:  # the log is a courtesy: without it the failure is still told
            _LOG.debug("no log of %s: %s", pod, error)
            return ""

    def events(self, kind: str, name: str) -> list[str]:
        """Return what the cluster's events say of an object, the newest last."""
        found = self._ask(
            f"list the events of {name}",
            lambda: self._core.list_namespaced_event(
                self.namespace,
                field_selector=f"involvedObject.kind={kind},involvedObject.name={name}",
                _request_timeout=_TIMEOUT,
            ),
        )
        oldest = datetime.min.replace(tzinfo=UTC)
        ordered = sorted(found.items, key=lambda e: e.last_timestamp or e.event_time or oldest)
        return [event.message or "" for event in ordered]

    def _mark_stopped(self, name: str, held: Mapping[str, Any], reason: str) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        earlier = (held.get("status") or {}).get("conditions") or []
        running = [
            {**c, "status": "False", "lastTransitionTime": now, "lastUpdateTime": now}
            if c["type"] == "Running"
            else c
            for c in earlier
            if c["type"] != "Succeeded"
        ]
        ended = {
            "type": "Succeeded",
            "status": "True",
            "reason": "ExperimentStopped",
            "message": f"archmend stopped it: {reason}",
            "lastTransitionTime": now,
            "lastUpdateTime": now,
        }
        self._patch(name, {"metadata": {"annotations": {STOPPED: reason}}})
        self._patch(name, {"status": {"conditions": [*running, ended], "completionTime": now}}, "/status")

    def _patch(self, name: str, body: Mapping[str, Any], part: str = "") -> None:
        call = (
            self._objects.patch_namespaced_custom_object_status
            if part
            else self._objects.patch_namespaced_custom_object
        )
        self._ask(
            f"patch experiment {name}",
            lambda: call(
                GROUP, VERSION, self.namespace, EXPERIMENTS, name, dict(body), _request_timeout=_TIMEOUT
            ),
        )

    def _get(self, plural: str, name: str) -> dict[str, Any] | None:
        try:
            return dict(
                self._ask(
                    f"read {plural[:-1]} {name}",
                    lambda: self._objects.get_namespaced_custom_object(
                        GROUP, VERSION, self.namespace, plural, name, _request_timeout=_TIMEOUT
                    ),
                )
            )
        except AbsentError:
            return None

    def _list(self, plural: str, selector: str) -> dict[str, Any]:
        try:
            return dict(
                self._ask(
                    f"list {plural}",
                    lambda: self._objects.list_namespaced_custom_object(
                        GROUP,
                        VERSION,
                        self.namespace,
                        plural,
                        label_selector=selector,
                        _request_timeout=_TIMEOUT,
                    ),
                )
            )
        except AbsentError as error:
            raise self._no_katib(plural) from error

    def _no_katib(self, plural: str) -> Unavailable:
        return Unavailable(
            f"the cluster at {self.where} has no Katib, or no namespace {self.namespace} ({plural}.{GROUP} "
            "is unknown there); install it, or name another namespace"
        )

    def _delete(self, plural: str, name: str) -> None:
        with contextlib.suppress(AbsentError):
            self._ask(
                f"delete {plural[:-1]} {name}",
                lambda: self._objects.delete_namespaced_custom_object(
                    GROUP, VERSION, self.namespace, plural, name, _request_timeout=_TIMEOUT
                ),
            )

    def _ask(self, what: str, call: Callable[[], _T]) -> _T:
        """Ask again while the API server is away, as during a restart, and translate what remains."""
        again = Retrying(
            stop=stop_after_delay(PATIENCE),
            wait=wait_random_exponential(multiplier=0.2, max=10),
            retry=retry_if_exception(is_passing),
            reraise=True,
        )
        try:
            return again(call)
        except Exception as error:
            raise translated(error, what, self.namespace, self.where) from error
