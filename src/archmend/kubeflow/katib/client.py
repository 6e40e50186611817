"""Everything that is asked of the cluster about Experiments, each failure said in one sentence."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from typing import Any

from kubeflow_katib_api import models as api

from archmend.errors import Unavailable
from archmend.kubeflow.katib.adopting import changes
from archmend.kubeflow.katib.answers import AbsentError, TakenError, is_gone, is_passing, translated
from archmend.kubeflow.katib.connection import TIMEOUT
from archmend.kubeflow.katib.names import STOPPED
from archmend.kubeflow.katib.states import experiment_state, trial_state
from archmend.kubeflow.katib.surroundings import Surroundings

GROUP, VERSION = "kubeflow.org", "v1beta1"
EXPERIMENTS, TRIALS = "experiments", "trials"
OF_EXPERIMENT = "katib.kubeflow.org/experiment"
SETTLED = 2.0
"""Seconds after which a controller that was at work has seen that an Experiment has ended."""
GONE = 60.0
"""Seconds that a deletion may take."""


class KatibClient(Surroundings):
    """Katib's objects of one namespace, and what stands around them."""

    def create(self, experiment: api.V1beta1Experiment) -> bool:
        """Create an Experiment, or adopt the one of the same name and digest; say whether it is new.

        One that is adopted gets the number of trials and of workers that are asked for now.

        Raises:
            BadInput: Katib refuses it, or the name is taken by another one, or by one that cannot give what
                is asked for now.
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
                        GROUP, VERSION, self.namespace, EXPERIMENTS, body, _request_timeout=TIMEOUT
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
        changed = changes(held, body)
        if changed:
            self._patch(name, {"spec": changed})
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
        if experiment_state(held).kind == "running":
            with contextlib.suppress(AbsentError):  # somebody has deleted it meanwhile
                self._mark_stopped(name, held, reason)
        self.remove_unfinished(name)
        # A controller that had begun before it saw the end may make one more trial.
        time.sleep(SETTLED)
        self.remove_unfinished(name)

    def remove_unfinished(self, name: str) -> None:
        """Remove the trials of an Experiment that have not ended."""
        for item in self.list_trials(name)[0]:
            if not trial_state(item).finished:
                self._delete(TRIALS, item["metadata"]["name"])

    def delete(self, name: str) -> None:
        """Remove an Experiment with its trials; one that is not there is no error."""
        self._delete(EXPERIMENTS, name)

    def delete_and_wait(self, name: str) -> None:
        """Remove an Experiment, and wait until it and all that belongs to it are gone.

        Raises:
            Unavailable: it is still there after `GONE` seconds.
        """
        self._delete(EXPERIMENTS, name, propagation_policy="Foreground")
        end = time.monotonic() + GONE
        while self.experiment(name) is not None:
            if time.monotonic() > end:
                raise Unavailable(
                    f"experiment {name} in namespace {self.namespace} is still being deleted after "
                    f"{GONE:.0f} s; try again when it is gone"
                )
            time.sleep(0.2)

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
                GROUP, VERSION, self.namespace, EXPERIMENTS, name, dict(body), _request_timeout=TIMEOUT
            ),
        )

    def _get(self, plural: str, name: str) -> dict[str, Any] | None:
        try:
            return dict(
                self._ask(
                    f"read {plural[:-1]} {name}",
                    lambda: self._objects.get_namespaced_custom_object(
                        GROUP, VERSION, self.namespace, plural, name, _request_timeout=TIMEOUT
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
                        _request_timeout=TIMEOUT,
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

    def _delete(self, plural: str, name: str, **how: str) -> None:
        with contextlib.suppress(AbsentError):
            self._ask(
                f"delete {plural[:-1]} {name}",
                lambda: self._objects.delete_namespaced_custom_object(
                    GROUP, VERSION, self.namespace, plural, name, _request_timeout=TIMEOUT, **how
                ),
            )
