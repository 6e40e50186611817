"""Files of schedules: what they may say, and what is said of what they may not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from archmend.errors import BadInput
from archmend.kubeflow.runs import load_schedules
from archmend.kubeflow.runs.package import load_package
from archmend.kubeflow.runs.parameters import checked_parameters
from archmend.kubeflow.runs.schedules import Schedule

EXAMPLES = Path(__file__).parents[4] / "schedules"


def written(folder: Path, text: str) -> Path:
    path = folder / "s.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_the_examples_are_right(path: Path) -> None:
    for schedule, pipeline in load_schedules(path):
        checked_parameters(schedule.parameters, load_package(pipeline).inputs)


def test_every_field(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
name: nightly 2
description: words
cron: "30 2 * * *"
time_zone: UTC
start: 2026-12-01T00:00:00+02:00
end: 2027-12-01T00:00:00Z
max_concurrency: 10
catch_up: true
enabled: false
pipeline: sub/p.yaml
experiment: group
caching: false
service_account: someone
parameters: {data: digits, trials: 3}
---
name: often
every: 90m
""",
    )
    (first, pipeline), (second, own) = load_schedules(path)
    assert pipeline == tmp_path / "sub" / "p.yaml"
    assert first.start == datetime(2026, 11, 30, 22, tzinfo=UTC)
    assert first.parameters == {"data": "digits", "trials": 3}
    assert own is None
    assert second == Schedule(name="often", every="90m")  # type: ignore[arg-type]
    assert (second.every, second.max_concurrency, second.catch_up, second.enabled) == (5400, 1, False, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "s.yaml holds no schedule; see schedules/example.yaml"),
        ("--- \n---\n", "holds no schedule"),
        ("- a", "holds ['a'] where a schedule should be"),
        ("word", "holds 'word' where a schedule should be"),
        (
            "name: a\ncron: * * * * *",
            "is no YAML at line 2; put a text that begins with * or has a colon into quotes",
        ),
        ("name: a\nstart: 2026-13-45", "is no YAML"),
        ("name: a\ncron: 0 1 * * *\nname: b", "line 3: the key name is there twice; mend that"),
        ("name: a\nevery: 1h\nparameters:\n  k: 1\n  k: 2", "line 5: the key k is there twice"),
        ("name: !!python/object:os.system a", "line 1: could not determine a constructor"),
        ("name: a\ncorn: 0 1 * * *", "unknown key in {path}: schedule a: 'corn': did you mean 'cron'?"),
        ("cron: 0 1 * * *", "name is missing; give it"),
        ("name: a", "schedule a: it needs one of cron and every, and not both; mend that"),
        ("name: a\ncron: 0 1 * * *\nevery: 1h", "it needs one of cron and every, and not both"),
        ("name: a\ncron: ''", "the cron expression '' has 0 fields; give five"),
        ("name: a\ncron: 0 25 * * *", "schedule a: the hour of a cron expression is '25': 25 is not between"),
        ("name: a\ncron: 5", "cron is 5: input should be a valid string"),
        ("name: a\nevery: 90", "every, 90, is no duration; write a number and s, m, h or d, such as 90m"),
        ("name: a\nevery: 1w", "every, '1w', is no duration"),
        ("name: a\nevery: 1.5h", "every, '1.5h', is no duration"),
        ("name: a\nevery: -1h", "every, '-1h', is no duration"),
        ("name: a\nevery: 30s", "every, '30s', is shorter than 60 s; give at least 1m"),
        ("name: a\nevery: 999999d", "every, '999999d', is longer than a year; give at most 366d"),
        ("name: ''\nevery: 1h", "name, '', may have letters, digits, blanks and . _ - only, at most 63"),
        ("name: a/b\nevery: 1h", "name, 'a/b', may have letters"),
        (f"name: {'a' * 64}\nevery: 1h", "may have letters, digits, blanks and . _ - only, at most 63"),
        ("name: 5\nevery: 1h", "name is 5: input should be a valid string"),
        (
            "name: a\nevery: 1h\nmax_concurrency: 0",
            "max_concurrency is 0: input should be greater than or equal to 1",
        ),
        (
            "name: a\nevery: 1h\nmax_concurrency: 11",
            "max_concurrency is 11: input should be less than or equal to 10",
        ),
        (
            "name: a\nevery: 1h\nmax_concurrency: two",
            "max_concurrency is 'two': input should be a valid integer",
        ),
        (
            "name: a\nevery: 1h\ncatch_up: sometimes",
            "catch_up is 'sometimes': input should be a valid boolean",
        ),
        ("name: a\nevery: 1h\nenabled: 1", "enabled is 1: input should be a valid boolean"),
        (
            "name: a\nevery: 1h\nstart: 2026-12-01T00:00:00",
            "start, 2026-12-01T00:00:00, has no time zone; write it as",
        ),
        (
            "name: a\nevery: 1h\nstart: 2026-12-01",
            "start, 2026-12-01, is no time; write it as 2026-12-01T00:00:00Z",
        ),
        (
            "name: a\nevery: 1h\nstart: '2026-12-01T00:00:00Z'",
            "is no time; write it as 2026-12-01T00:00:00Z, without quotes",
        ),
        (
            "name: a\nevery: 1h\nstart: 2026-12-02T00:00:00Z\nend: 2026-12-01T00:00:00Z",
            "it ends at 2026-12-01T00:00:00+00:00, which is not after its start; change one of them",
        ),
        ("name: a\nevery: 1h\nexperiment: ''", "experiment is '': string should have at least 1 character"),
        ("name: a\nevery: 1h\nparameters: [1]", "parameters is [1]: input should be a valid dictionary"),
        ("name: a\nevery: 1h\n---\nname: a\nevery: 2h", "has two schedules named 'a'; rename one"),
    ],
)
def test_bad_files(tmp_path: Path, text: str, words: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadInput) as caught:
        load_schedules(path)
    assert words.replace("{path}", str(path)) in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none.yaml cannot be read \(No such file or directory\)"):
        load_schedules(tmp_path / "none.yaml")
    with pytest.raises(BadInput, match=r"cannot be read \(Is a directory\)"):
        load_schedules(tmp_path)
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="it is no text"):
        load_schedules(tmp_path / "b.yaml")
