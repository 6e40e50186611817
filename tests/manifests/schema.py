"""Holds an object against Kubernetes' own schema: the models that its Python client was generated with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any


def problems(each: dict[str, Any]) -> list[str]:
    """Return what an object of a built-in kind has wrong: unknown fields, wrong types, missing fields."""
    group, _, version = each["apiVersion"].rpartition("/")
    group = "" if group in ("", "apps", "batch", "policy") else group.split(".")[0].capitalize()
    name = f"{version.capitalize()}{each['kind']}"
    return list(_walk(each, name, each["kind"]))


def known(each: dict[str, Any]) -> bool:
    """Whether the kind is one of Kubernetes itself, not of a custom resource."""
    return re.fullmatch(r"(.*\.k8s\.io/)?v1|(apps|batch|policy)/v1", each["apiVersion"]) is not None


def _walk(value: Any, kind: str, path: str) -> Iterator[str]:
    if match := re.fullmatch(r"list\[(.*)\]", kind):
        if not isinstance(value, list):
            yield f"{path}: {value!r} is no list"
            return
        for number, item in enumerate(value):
            yield from _walk(item, match[1], f"{path}[{number}]")
    elif match := re.fullmatch(r"dict\(str, (.*)\)", kind):
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no mapping"
            return
        for key, item in value.items():
            yield from _walk(item, match[1], f"{path}.{key}")
    elif kind in _PLAIN:
        if not isinstance(value, _PLAIN[kind]) or (kind == "int" and isinstance(value, bool)):
            yield f"{path}: {value!r} is no {kind}"
    else:
        yield from _model(value, kind, path)


def _model(value: Any, kind: str, path: str) -> Iterator[str]:
    from kubernetes.client import models

    model = getattr(models, kind)
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no {kind}"
        return
    fields = {outside: inside for inside, outside in model.attribute_map.items()}
    for key, item in value.items():
        if key not in fields:
            yield f"{path}.{key}: no field of {kind}"
        else:
            yield from _walk(item, model.openapi_types[fields[key]], f"{path}.{key}")
    try:
        model(**{fields[key]: item for key, item in value.items() if key in fields})
    except ValueError as error:
        yield f"{path}: {error}"


_PLAIN: dict[str, Any] = {
    "str": str,
    "int": int,
    "bool": bool,
    "float": (int, float),
    "object": object,
    "datetime": str,
}
