"""The objects of a Kubeflow Pipelines, and what may be done to them; each as its JSON."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]


class Refused(Exception):
    """What the server refuses, with the status and the sentence of its answer."""

    def __init__(self, status: int, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.status = status


def stamp(moment: datetime) -> str:
    """Return a time as the API writes it: whole seconds, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text: str) -> datetime:
    """Return the time that the API's text means."""
    return datetime.fromisoformat(text)


class Objects:
    """Pipelines, versions, experiments, runs and recurring runs by their ids.

    Attributes:
        pipelines, versions, experiments, runs, recurring: each as its JSON.
        logs: of a run's pods, by the run's id and the pod's name.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Begin without any.

        Args:
            clock: tells when something is made.
        """
        self._clock = clock
        self.pipelines: dict[str, Json] = {}
        self.versions: dict[str, Json] = {}
        self.experiments: dict[str, Json] = {}
        self.runs: dict[str, Json] = {}
        self.recurring: dict[str, Json] = {}
        self.logs: dict[tuple[str, str], str] = {}

    def create_pipeline(self, given: Json) -> Json:
        """Make a pipeline; its name must be new in its namespace."""
        self._only(self.pipelines.values(), "pipeline", "name", given)
        return self._add(self.pipelines, "pipeline_id", given)

    def pipeline_named(self, name: str, namespace: str) -> Json:
        """Return the pipeline of a name."""
        for each in self.pipelines.values():
            if each["name"] == name and each.get("namespace", "") == namespace:
                return each
        raise Refused(404, f"Pipeline {name} not found")

    def create_version(self, pipeline: str, name: str, content: bytes, query: Mapping[str, str]) -> Json:
        """Make a version of a pipeline; its name must be new in that."""
        if pipeline not in self.pipelines:
            raise Refused(400, "Failed to create a pipeline version")
        import yaml

        found = {
            "pipeline_id": pipeline,
            "name": name,
            "display_name": query.get("display_name", name),
            "description": query.get("description", ""),
            "pipeline_spec": next(iter(yaml.safe_load_all(content))),
        }
        self._only(self.versions.values(), "pipeline version", "name", found, "pipeline_id")
        return self._add(self.versions, "pipeline_version_id", found)

    def create_experiment(self, given: Json) -> Json:
        """Make an experiment; its name must be new in its namespace."""
        self._only(self.experiments.values(), "experiment", "display_name", given)
        return self._add(self.experiments, "experiment_id", given)

    def create_run(self, given: Json) -> Json:
        """Start a run."""
        self._source(given)
        # The namespace of a run is its experiment's.
        namespace = self._experiment(given).get("namespace", "")
        return self._add(self.runs, "run_id", {**given, "namespace": namespace, "state": "PENDING"})

    def start_scheduled(self, recurring: Json, due: datetime) -> Json:
        """Start a run of a recurring run, due at a time."""
        kept = ("experiment_id", "pipeline_version_reference", "pipeline_spec", "runtime_config")
        run = {key: recurring[key] for key in kept if key in recurring}
        run |= {
            "display_name": f"{recurring['display_name']} {stamp(due)}",
            "recurring_run_id": recurring["recurring_run_id"],
            "scheduled_at": stamp(due),
            "namespace": recurring.get("namespace", ""),
            "state": "RUNNING",
        }
        return self._add(self.runs, "run_id", run)

    def create_recurring(self, given: Json) -> Json:
        """Make a recurring run; names need not be unique."""
        self._source(given)
        self._experiment(given)
        if not given.get("display_name"):
            raise Refused(400, "Recurring run name is empty. Please specify a valid name")
        if not 1 <= int(given.get("max_concurrency", 0)) <= 10:
            raise Refused(400, "The max concurrency of the recurring run must be in [1, 10]")
        made = self._add(self.recurring, "recurring_run_id", dict(given))
        self.switch(made["recurring_run_id"], given.get("mode") == "ENABLE")
        return made

    def switch(self, recurring: str, on: bool) -> None:
        """Enable or disable a recurring run."""
        found = self.one(self.recurring, recurring)
        found["status"], found["mode"] = ("ENABLED", "ENABLE") if on else ("DISABLED", "DISABLE")

    def delete_recurring(self, recurring: str, policy: str) -> None:
        """Delete a recurring run, and its runs with it unless they are to be orphans."""
        self.one(self.recurring, recurring)
        del self.recurring[recurring]
        if policy != "ORPHAN":
            for key in [k for k, run in self.runs.items() if run.get("recurring_run_id") == recurring]:
                del self.runs[key]

    @staticmethod
    def one(among: Mapping[str, Json], key: str) -> Json:
        """Return an object, or refuse."""
        if key not in among:
            raise Refused(404, f"ResourceNotFoundError: {key} not found")
        return among[key]

    @staticmethod
    def page(found: Iterable[Json], query: Mapping[str, str]) -> tuple[list[Json], str]:
        """Return a page of a listing, and the token of the next; filters know equality only."""
        listed = list(found)
        for predicate in json.loads(query.get("filter") or "{}").get("predicates", ()):
            listed = [each for each in listed if each.get(predicate["key"]) == predicate["string_value"]]
        if query.get("sort_by") == "created_at desc":
            listed.sort(key=lambda each: str(each["created_at"]), reverse=True)
        begin, size = int(query.get("page_token") or 0), int(query.get("page_size") or 10)
        token = str(begin + size) if begin + size < len(listed) else ""
        return listed[begin : begin + size], token

    def _add(self, to: dict[str, Json], key: str, given: Json) -> Json:
        made = {**given, key: str(uuid.uuid4()), "created_at": stamp(self._clock())}
        to[made[key]] = made
        return made

    def _source(self, given: Json) -> None:
        reference = given.get("pipeline_version_reference")
        if reference is not None:
            self.one(self.versions, reference["pipeline_version_id"])
        elif not given.get("pipeline_spec"):
            raise Refused(400, "Pipeline spec source is missing")

    def _experiment(self, given: Json) -> Json:
        return self.one(self.experiments, str(given.get("experiment_id")))

    @staticmethod
    def _only(among: Iterable[Json], kind: str, key: str, given: Json, within: str = "namespace") -> None:
        for each in among:
            if each[key] == given[key] and each.get(within, "") == given.get(within, ""):
                raise Refused(409, f"Already exist error: the {kind} {given[key]} already exists")
