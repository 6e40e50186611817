"""A Katib trial that ended as a result of the search: its own record, or what the cluster knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from pydantic import ValidationError

from archmend.errors import BadInput
from archmend.kubeflow.katib.client import KatibClient
from archmend.kubeflow.katib.experiment import Plan
from archmend.kubeflow.katib.pods import failure_of
from archmend.kubeflow.katib.states import TrialState
from archmend.search import TrialResult, objective_value
from archmend.spaces import Architecture, from_texts
from archmend.steps.katib_members import Member
from archmend.steps.katib_numbers import seed_of
from archmend.steps.records import TrialRecord
from archmend.steps.trial_record import record_uri
from archmend.storage import exists, read_bytes

_KILLED = "killed before it had handed anything in"


class TrialReader:
    """Reads the results of an Experiment's trials."""

    def __init__(self, client: KatibClient, plan: Plan, objectives: tuple[str, ...]) -> None:
        """Keep what is needed to read; nothing is asked yet."""
        self._client, self._plan, self._objectives = client, plan, objectives
        self._failures: dict[str, str] = {}

    def result(self, member: Member, numbers: Mapping[int, int]) -> TrialResult:
        """Return what came of a trial that ended.

        Args:
            member: the trial, as Katib knows it.
            numbers: what its record calls other trials, and their numbers in this search.

        Raises:
            Unavailable: the store or the cluster does not answer.
        """
        record = self._record(member.state)
        if record is not None:
            result = record.result(self._plan.space)
            parent = None if result.parent is None else numbers.get(result.parent, result.parent)
            return replace(result, id=member.number, parent=parent)
        return self._unrecorded(member)

    def cut(self, member: Member, numbers: Mapping[int, int], reason: str) -> TrialResult:
        """Return what came of a trial that was ended with the search: its record if it has one by now."""
        if self._record(member.state) is not None:
            return self.result(member, numbers)
        return self._without_value(member, "stopped", reason)

    def _record(self, trial: TrialState) -> TrialRecord | None:
        uri = record_uri(self._plan.records, trial.name)
        if not exists(uri):
            return None
        try:
            record = TrialRecord.model_validate_json(read_bytes(uri))
        except ValidationError as error:
            raise BadInput(f"{uri} is no record of a trial; remove it, or start another run") from error
        # An Experiment that was deleted and made anew has the same name, and its trials have the same ones.
        return record if record.architecture == str(self._architecture(trial)) else None

    def _unrecorded(self, member: Member) -> TrialResult:
        trial, number = member.state, member.number
        architecture = self._architecture(trial)
        if trial.kind in ("early_stopped", "succeeded") and self._objectives[0] in trial.metrics:
            measured = {name: trial.metrics.get(name) for name in (*trial.metrics, *self._objectives)}
            try:
                return TrialResult(
                    number,
                    architecture,
                    objective_value(self._objectives, measured),
                    "stopped" if trial.kind == "early_stopped" else "succeeded",
                    self._fidelity(trial),
                    metrics={
                        name: value
                        for name, value in trial.metrics.items()
                        if name in ("accuracy", "average_precision", "loss")
                    },
                    reason="stopped early by Katib" if trial.kind == "early_stopped" else None,
                    params=_whole(trial.metrics.get("params")),
                    flops=_whole(trial.metrics.get("flops")),
                    seconds=trial.metrics.get("seconds"),
                    seed=seed_of(self._plan, trial.name),
                )
            except BadInput:
                pass  # one of several objectives is missing: then it has no value
        if trial.kind == "killed":
            return self._without_value(member, "stopped", _KILLED)
        return self._without_value(member, "failed", self._failure(member))

    def _failure(self, member: Member) -> str:
        """Return why a trial's pod failed, asked for once for all that were in it."""
        name = member.pod.name
        if name not in self._failures:
            self._failures[name] = failure_of(self._client, member.pod)
        return self._failures[name]

    def _without_value(
        self, member: Member, status: Literal["failed", "stopped"], reason: str
    ) -> TrialResult:
        trial = member.state
        seed = seed_of(self._plan, trial.name)
        return TrialResult(
            member.number,
            self._architecture(trial),
            None,
            status,
            self._fidelity(trial),
            reason=reason,
            seed=seed,
        )

    def _fidelity(self, trial: TrialState) -> int | None:
        return int(trial.assignments["epochs"]) if self._plan.fidelities else None

    def _architecture(self, trial: TrialState) -> Architecture:
        if self._plan.algorithm.ours:
            return self._plan.space.parse(trial.assignments["architecture"])
        texts = {name: text for name, text in trial.assignments.items() if name != "epochs"}
        return from_texts(self._plan.space, texts)


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
