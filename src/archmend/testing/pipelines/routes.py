"""Which request is which deed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from archmend.testing.pipelines.objects import Json, Objects, Refused


def answer(
    objects: Objects,
    profiles: Collection[str],
    method: str,
    path: str,
    query: Mapping[str, str],
    body: Any,
) -> Any:
    """Do what a request asks for, and return the answer's JSON; a text is a log.

    Raises:
        Refused: with the status that the API server would give.
    """
    if path == "v2beta1/healthz":
        return {"multi_user": bool(profiles), "pipeline_store": "database"}
    namespace = _namespace(profiles, method, path, query, body)
    for verb, pattern, deed in _ROUTES:
        found = re.fullmatch(pattern, path)
        if verb == method and found:
            return deed(objects, namespace, query, body, *found.groups())
    raise Refused(404, "Not Found")


def _namespace(profiles: Collection[str], method: str, path: str, query: Mapping[str, str], body: Any) -> str:
    """Return the namespace of a request that must name one; one of somebody else is refused."""
    named = str(query.get("namespace") or (body.get("namespace") if isinstance(body, dict) else None) or "")
    if not profiles:
        return ""
    if named and named not in profiles:
        raise Refused(403, f"User cannot access namespace {named}")
    collection = re.fullmatch(r"v2beta1/(pipelines|experiments|recurringruns|runs)", path)
    # A run's namespace is its experiment's.
    if not named and collection and (method, collection[1]) != ("POST", "runs"):
        raise Refused(400, "Invalid input error: the namespace is empty")
    return named


def _listing(field: str, answered: str = "") -> Callable[..., Json]:
    def listed(objects: Objects, namespace: str, query: Mapping[str, str], _: Any) -> Json:
        among: Mapping[str, Json] = getattr(objects, field)
        found = [each for each in among.values() if each.get("namespace", "") == namespace]
        page, token = objects.page(found, query)
        return {answered or field: page, "next_page_token": token, "total_size": len(found)}

    return listed


def _versions(o: Objects, _: str, query: Mapping[str, str], __: Any, pipeline: str) -> Json:
    found = [each for each in o.versions.values() if each["pipeline_id"] == pipeline]
    page, token = o.page(found, query)
    return {"pipeline_versions": page, "next_page_token": token}


def _upload(o: Objects, _: str, query: Mapping[str, str], body: bytes) -> Json:
    return o.create_version(query["pipelineid"], query["name"], body, query)


def _switch(o: Objects, _: str, __: Mapping[str, str], ___: Any, recurring: str, how: str) -> Json:
    o.switch(recurring, how == "enable")
    return {}


def _delete(o: Objects, _: str, query: Mapping[str, str], __: Any, recurring: str) -> Json:
    o.delete_recurring(recurring, query.get("propagation_policy", ""))
    return {}


def _log(o: Objects, _: str, __: Mapping[str, str], ___: Any, run: str, pod: str) -> str:
    if (run, pod) not in o.logs:
        raise Refused(500, f"Failed to read logs from pod {pod}")
    return o.logs[run, pod]


_ID = "([^/:]+)"
_ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", "v2beta1/pipelines/names/([^/]+)", lambda o, space, q, b, name: o.pipeline_named(name, space)),
    ("POST", "v2beta1/pipelines", lambda o, space, q, b: o.create_pipeline(b)),
    ("POST", "v2beta1/pipelines/upload_version", _upload),
    ("GET", f"v2beta1/pipelines/{_ID}/versions", _versions),
    ("GET", "v2beta1/experiments", _listing("experiments")),
    ("POST", "v2beta1/experiments", lambda o, space, q, b: o.create_experiment(b)),
    ("GET", "v2beta1/runs", _listing("runs")),
    ("POST", "v2beta1/runs", lambda o, space, q, b: o.create_run(b)),
    ("GET", f"v2beta1/runs/{_ID}", lambda o, space, q, b, run: o.one(o.runs, run)),
    ("GET", "v2beta1/recurringruns", _listing("recurring", "recurringRuns")),
    ("POST", "v2beta1/recurringruns", lambda o, space, q, b: o.create_recurring(b)),
    ("GET", f"v2beta1/recurringruns/{_ID}", lambda o, space, q, b, key: o.one(o.recurring, key)),
    ("POST", f"v2beta1/recurringruns/{_ID}:(enable|disable)", _switch),
    ("DELETE", f"v2beta1/recurringruns/{_ID}", _delete),
    ("GET", f"v1alpha1/runs/{_ID}/nodes/{_ID}/log", _log),
)
