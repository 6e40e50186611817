"""The stages of `make kind-up`, with a kubectl, a kind and a git of the test's own on the PATH."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from kind import cluster, pins, platform
from kind.shell import Failed, found, kubectl, stage, unwell, wait_for

Program = Callable[[str, str], None]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Makes a program of a shell script; each call's arguments and input land in calls.txt."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls.txt"))

    def made(name: str, script: str) -> None:
        file = tmp_path / name
        file.write_text(f'#!/bin/sh\necho "{name} $*" >> "$CALLS"\n{script}\n')
        file.chmod(0o755)

    return made


def _calls(tmp_path: Path) -> list[str]:
    return (tmp_path / "calls.txt").read_text().splitlines()


def _pod(phase: str, *ready: bool) -> dict[str, Any]:
    return {
        "metadata": {"name": "one", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "status": {"phase": phase, "containerStatuses": [{"ready": each} for each in ready]},
    }


@pytest.mark.parametrize(
    ("pod", "bad"),
    [
        (_pod("Running", True, True), False),
        (_pod("Succeeded", False), False),
        (_pod("Running", True, False), True),
        (_pod("Pending"), True),
        (_pod("Failed", False), True),
    ],
)
def test_which_pods_are_not_well(pod: dict[str, Any], bad: bool) -> None:
    assert unwell(pod) is bad


def test_a_failing_stage_ends_with_its_name_and_the_pods_events(
    program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    pods = json.dumps({"items": [_pod("Pending"), _pod("Running", True), _pod("Failed")]})
    events = json.dumps({"items": [{"reason": "FailedScheduling", "message": "0/1 nodes are available"}]})
    program("kubectl", f"case \"$*\" in *pods*) echo '{pods}';; *events*) echo '{events}';; *) exit 3;; esac")

    with pytest.raises(SystemExit) as end, stage("pipelines"):
        kubectl("apply")

    said = capsys.readouterr().err
    assert end.value.code == 1
    assert "stage pipelines failed: kubectl apply ended with 3" in said
    assert said.count("pod one") == 1, "what failed before this stage is another story"
    assert "FailedScheduling: 0/1 nodes are available" in said


def test_a_failure_without_a_cluster_is_still_told(
    program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    program("kubectl", "echo 'connection refused' >&2; exit 1")

    with pytest.raises(SystemExit), stage("context"):
        kubectl("version")

    assert "connection refused" in capsys.readouterr().err


def test_what_takes_too_long() -> None:
    with pytest.raises(Failed, match="pods are not ready after 0 s"):
        wait_for("pods are not ready", lambda: False, 0)


def test_a_reason_is_asked_for_when_the_time_is_over() -> None:
    said = ["too early"]

    def done() -> bool:
        said.append("the last word")
        return False

    with pytest.raises(Failed, match="the last word after 0 s"):
        wait_for(lambda: said[-1], done, 0)


def test_an_object_that_is_absent(program: Program) -> None:
    program("kubectl", "true")

    assert found("secret", "none") is None


@pytest.mark.parametrize("left", ['{"status":{"conditions":[{"type":"Complete","status":"True"}]}}', ""])
def test_a_job_has_ended_when_it_says_so_and_when_kubernetes_has_removed_it(
    program: Program, left: str, capsys: pytest.CaptureFixture[str]
) -> None:
    program("kubectl", f"case \"$*\" in get*) echo '{left}';; *) echo 'Error: not found' >&2; exit 1;; esac")

    platform.finish("archmend-buckets")

    assert "it has no log" in capsys.readouterr().out


def test_a_job_that_fails_says_its_last_words(program: Program) -> None:
    status = '{"status":{"conditions":[{"type":"Failed","status":"True"}]}}'
    program("kubectl", f"case \"$*\" in get*) echo '{status}';; *) echo 'the store is full';; esac")

    with pytest.raises(Failed, match="Job archmend-buckets: the store is full"):
        platform.finish("archmend-buckets")


def test_a_job_without_end_says_what_it_said_last(program: Program) -> None:
    program("kubectl", "case \"$*\" in get*) echo '{\"status\":{}}';; *) echo 'no answer yet';; esac")

    with pytest.raises(Failed, match="has not ended: no answer yet after 0 s"):
        platform.finish("archmend-buckets", 0)


def test_the_buckets_job_is_awaited_before_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is removed five minutes after its end, and the pods may take longer than that."""
    seen: list[str] = []
    for name in ("make_keys", "apply", "finish"):
        monkeypatch.setattr(platform, name, lambda *given, name=name: seen.append(f"{name} {given[:1]}"))
    monkeypatch.setattr(platform, "wait_for", lambda *given: seen.append(f"wait_for {given[0]}"))
    monkeypatch.setattr(platform, "need", lambda *given: None)
    monkeypatch.setattr(platform, "kubectl", lambda *given: '{"serverVersion": {"gitVersion": "v1"}}')

    platform.up()

    assert seen.index("finish ('archmend-buckets',)") < seen.index("wait_for pods are not ready")


def test_keys_are_made_once_and_never_in_a_command(program: Program, tmp_path: Path) -> None:
    kept = 'case "$*" in apply*) cat >> "$CALLS.in";; *) cat "$CALLS.secret" 2>/dev/null || true;; esac'
    program("kubectl", kept)
    platform.make_keys()
    (made,) = json.loads((tmp_path / "calls.txt.in").read_text())["items"]
    (tmp_path / "calls.txt.secret").write_text(json.dumps(made))
    platform.make_keys()

    key = made["stringData"]["secretkey"]
    assert len(key) == 32
    assert key not in (tmp_path / "calls.txt").read_text()
    assert len([call for call in _calls(tmp_path) if " apply" in call]) == 1


def test_katibs_configuration_stays_where_it_is_of_this_version() -> None:
    def config(*images: str) -> dict[str, Any]:
        entries = [{"algorithmName": str(number), "image": image} for number, image in enumerate(images)]
        text = yaml.safe_dump({"runtime": {"suggestions": entries}})
        return {
            "kind": "ConfigMap",
            "metadata": {"name": "katib-config"},
            "data": {"katib-config.yaml": text},
        }

    upstream = config("tpe:1", "random:1")

    assert platform.stays(config("tpe:1", "random:1", "ours:1"), upstream)
    assert not platform.stays(config("tpe:0", "random:1", "ours:1"), upstream)
    assert not platform.stays(None, upstream)


def test_a_moved_tag_is_refused(program: Program) -> None:
    listed = " ".join(f"'{commit}\trefs/tags/x'" for commit in pins.TAGS.values())
    program("git", f"printf '%s\\n' {listed}")
    cluster.check_tags()

    program("git", "printf '0000\trefs/tags/x\n'")
    with pytest.raises(Failed, match=r"is 0000, not [0-9a-f]{40}"):
        cluster.check_tags()


def test_another_kind_is_refused(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("docker", "kubectl", "git"):
        program(name, "true")
    program("kind", "echo kind version 0.1.0")

    with pytest.raises(SystemExit):
        cluster.up()

    assert f"kind 0.1.0 is not the {pins.KIND}" in capsys.readouterr().err
