"""What stands around an Experiment: the workflow of its run, and its trials' pods, logs and events."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from archmend.kubeflow.katib.connection import TIMEOUT, Connection

OF_TRIAL = "katib.kubeflow.org/trial"
_LOG = logging.getLogger(__name__)


class Surroundings(Connection):
    """Objects that are not Katib's and tell how its trials fare."""

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
                _request_timeout=TIMEOUT,
            ),
        )
        return next(iter(listed["items"]), None)

    def pods(self, trial: str) -> list[Any]:
        """Return the pods of a trial, the newest last."""
        found = self._ask(
            f"list the pods of trial {trial}",
            lambda: self._core.list_namespaced_pod(
                self.namespace, label_selector=f"{OF_TRIAL}={trial}", _request_timeout=TIMEOUT
            ),
        )
        return sorted(found.items, key=lambda pod: pod.metadata.creation_timestamp)

    def log(self, pod: str, container: str, lines: int) -> str:
        """Return the last lines of a container's log; empty where there is none any more."""
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        try:
            return str(
                self._core.read_namespaced_pod_log(
                    pod, self.namespace, container=container, tail_lines=lines, _request_timeout=TIMEOUT
                )
            )
        except (ApiException, HTTPError, OSError) as error:
            # The log is a courtesy: without it the failure is still told.
            _LOG.debug("no log of %s: %s", pod, error)
            return ""

    def events(self, kind: str, name: str) -> list[str]:
        """Return what the cluster's events say of an object, the newest last."""
        found = self._ask(
            f"list the events of {name}",
            lambda: self._core.list_namespaced_event(
                self.namespace,
                field_selector=f"involvedObject.kind={kind},involvedObject.name={name}",
                _request_timeout=TIMEOUT,
            ),
        )
        oldest = datetime.min.replace(tzinfo=UTC)
        ordered = sorted(found.items, key=lambda e: e.last_timestamp or e.event_time or oldest)
        return [event.message or "" for event in ordered]
