"""An Experiment watched as an informer does: a list, then its changes, and a new list after a gap."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from archmend.errors import Unavailable
from archmend.kubeflow.katib.answers import is_gone, is_passing
from archmend.kubeflow.katib.client import KatibClient
from archmend.kubeflow.katib.states import ExperimentState, TrialState, experiment_state, trial_state
from archmend.kubeflow.kube import cause_of

PERIOD = 5
"""Seconds of one watch: how long nothing may happen before whoever follows is heard from again."""
LOST = 600.0
"""Seconds without an answer after which the cluster counts as gone."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """An Experiment at one moment.

    Attributes:
        experiment: its state; None once it was deleted. trials: all of them by name.
    """

    experiment: ExperimentState | None
    trials: Mapping[str, TrialState]


class Following:
    """Snapshots of an Experiment, one after each change and at least one each `PERIOD` seconds.

    In a snapshot in which the Experiment has ended, every trial that led to its end has ended too.
    """

    def __init__(self, client: KatibClient, name: str, *, period: int = PERIOD, lost: float = LOST) -> None:
        """Ask nothing yet.

        Args:
            client: of the Experiment's namespace.
            name: of the Experiment.
            period: seconds, see `PERIOD`.
            lost: seconds, see `LOST`.
        """
        self._client, self._name, self._period, self._lost = client, name, period, lost
        self._trials: dict[str, TrialState] = {}
        self._version: str | None = None
        self._complete = False

    def __iter__(self) -> Iterator[Snapshot]:
        """Yield snapshots without an end; the caller stops when it has seen enough.

        Raises:
            Unavailable: the cluster does not answer for `lost` seconds, or refuses.
        """
        heard = time.monotonic()
        delay = 0.2
        while True:
            try:
                if self._version is None:
                    self._list()
                yield self._snapshot()
                heard = time.monotonic()
                complete = self._complete
                watched = self._client.watch_trials(self._name, self._version or "", self._period)
                with closing(watched) as events:
                    for event in events:
                        if self._take(event):
                            yield self._snapshot()
                        heard = time.monotonic()
                        if self._complete != complete:
                            break  # the list is newer than what this watch has still to tell
                delay = 0.2
            except Exception as error:
                if not (is_gone(error) or is_passing(error)):
                    raise
                if time.monotonic() - heard > self._lost:
                    raise Unavailable(
                        f"{self._client.where} has not answered for {self._lost:.0f} s while experiment "
                        f"{self._name} was followed ({cause_of(error)}); the same command goes on with it "
                        "later"
                    ) from error
                _LOG.info("the watch of %s broke (%s); again in %.1f s", self._name, cause_of(error), delay)
                time.sleep(delay)
                delay = min(delay * 2, 10.0)
                # What happened since may no longer be kept, and a server that restarted may not know the
                # version any more: only a new list tells.
                self._version = None

    def _list(self) -> None:
        items, self._version = self._client.list_trials(self._name)
        self._trials = {state.name: state for state in map(trial_state, items)}

    def _take(self, event: Mapping[str, Any]) -> bool:
        """Take an event in, and say whether it changed anything."""
        item = event["object"]
        self._version = item["metadata"]["resourceVersion"]
        if event["type"] == "BOOKMARK":
            return False
        state = trial_state(item)
        if event["type"] == "DELETED":
            self._trials.pop(state.name, None)
        else:
            self._trials[state.name] = state
        return True

    def _snapshot(self) -> Snapshot:
        held = self._client.experiment(self._name)
        experiment = None if held is None else experiment_state(held)
        if experiment is not None and experiment.kind != "running" and not self._complete:
            # The Experiment's end is written after its trials' ends, which the watch may not have told yet.
            self._list()
            self._complete = True
        return Snapshot(experiment, dict(self._trials))
