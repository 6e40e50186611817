"""Files of schedules: YAML, one schedule a document."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from archmend.errors import BadInput, unknown_name
from archmend.kubeflow.runs.schedules import Schedule

_EXAMPLE = "2026-12-01T00:00:00Z"
_SENTENCES = {
    "timezone_aware": f"has no time zone; write it as {_EXAMPLE}",
    "datetime_type": f"is no time; write it as {_EXAMPLE}, without quotes",
    "string_pattern_mismatch": "may have letters, digits, blanks and . _ - only, at most 63, and begins with "
    "a letter or a digit",
}


class _Loader(yaml.SafeLoader):
    """YAML's own takes the last of two equal keys; here it is said."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        if isinstance(node, yaml.MappingNode):
            seen = set()
            for key, _ in node.value:
                if key.value in seen and isinstance(key, yaml.ScalarNode):
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value} is there twice", key.start_mark
                    )
                seen.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
        return super().construct_mapping(node, deep)


def load_schedules(path: Path) -> list[tuple[Schedule, Path | None]]:
    """Read a file of schedules.

    Returns:
        Each with the path of its pipeline, None for archmend's own.

    Raises:
        BadInput: the file cannot be read, or something in it is wrong.
    """
    documents = _documents(path)
    if not documents:
        raise BadInput(f"{path} holds no schedule; see schedules/example.yaml")
    found = [_parsed(path, document) for document in documents]
    names = [schedule.name for schedule, _ in found]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"{path} has two schedules named {name!r}; rename one")
    return found


def _documents(path: Path) -> list[object]:
    try:
        text = path.read_text(encoding="utf-8")
        return [each for each in yaml.load_all(text, _Loader) if each is not None]
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise BadInput(f"{path} cannot be read ({why}); give a file of schedules") from error
    except yaml.constructor.ConstructorError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadInput(f"{path}, line {line}: {error.problem}; mend that") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise BadInput(
            f"{path} is no YAML{where}; put a text that begins with * or has a colon into quotes"
        ) from error


def _parsed(path: Path, document: object) -> tuple[Schedule, Path | None]:
    if not isinstance(document, dict):
        raise BadInput(f"{path} holds {document!r} where a schedule should be; see schedules/example.yaml")
    name = document.get("name")
    where = f"{path}: schedule {name}" if name else str(path)
    for key in document:
        if key not in Schedule.model_fields:
            raise unknown_name(f"key in {where}:", str(key), Schedule.model_fields)
    try:
        schedule = Schedule.model_validate(document)
    except ValidationError as error:
        raise BadInput(f"{where}: {_sentence(error)}") from error
    return schedule, path.parent / schedule.pipeline if schedule.pipeline else None


def _sentence(error: ValidationError) -> str:
    wrong = error.errors()[0]
    cause = wrong.get("ctx", {}).get("error")
    name = ".".join(map(str, wrong["loc"]))
    if wrong["type"] == "missing":
        return f"{name} is missing; give it"
    value = wrong["input"]
    shown = value.isoformat() if isinstance(value, date) else repr(value)
    # What a validator of ours says is a sentence about the value, or one that already names everything.
    if cause is not None:
        return str(cause) if isinstance(cause, BadInput) or not name else f"{name}, {shown}, {cause}"
    words = _SENTENCES.get(str(wrong["type"]))
    if words is not None:
        return f"{name}, {shown}, {words}"
    words = str(wrong["msg"])
    return f"{name} is {shown}: {words[0].lower()}{words[1:]}"
