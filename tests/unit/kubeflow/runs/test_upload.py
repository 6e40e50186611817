"""A pipeline's content is uploaded once."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.kubeflow.runs.conftest import SPEC

from archmend.errors import BadInput, Unavailable
from archmend.kubeflow.runs import Package, Server, Uploaded, connected, load_package, upload
from archmend.testing.pipelines import FakePipelines, Request


def test_the_same_content_is_uploaded_once(fake: FakePipelines, server: Server, package: Package) -> None:
    first = upload(server, package)
    again = upload(server, package)
    assert first.new
    assert not again.new
    assert (again.pipeline_id, again.version_id) == (first.pipeline_id, first.version_id)
    assert len(fake.objects.versions) == len(fake.objects.pipelines) == 1
    (version,) = fake.objects.versions.values()
    assert version["pipeline_spec"] == SPEC
    assert version["name"] == version["display_name"] == f"sha256-{package.digest[:16]}"
    assert package.digest in version["description"]
    assert first.link == f"{fake.url}/#/pipelines/details/{first.pipeline_id}/version/{first.version_id}"


def test_content_counts_and_not_how_it_is_written(tmp_path: Path, server: Server, package: Package) -> None:
    upload(server, package)
    other = tmp_path / "other.yaml"
    other.write_text(
        "# a comment\n" + yaml.safe_dump(dict(reversed(SPEC.items())), sort_keys=False, indent=4)
    )
    assert not upload(server, load_package(other)).new
    other.write_text(yaml.safe_dump({**SPEC, "sdkVersion": "kfp-2.18.0"}))
    changed = upload(server, load_package(other))
    assert changed.new
    assert changed.name != package.version_name


def test_a_change_of_the_platform_part_is_a_change(tmp_path: Path, package: Package) -> None:
    path = tmp_path / "platform.yaml"
    path.write_text(yaml.safe_dump_all([SPEC, {"platforms": {"kubernetes": {"deploymentSpec": {}}}}]))
    assert load_package(path).digest != package.digest


def test_a_version_among_hundreds_is_found(fake: FakePipelines, server: Server, package: Package) -> None:
    upload(server, package)
    (version,) = fake.objects.versions.values()
    for n in range(110):
        later = {"pipeline_version_id": str(n), "name": str(n), "display_name": str(n)}
        fake.objects.versions[str(n)] = {**version, **later, "created_at": "2030-01-01T00:00:00Z"}
    assert not upload(server, package).new


@pytest.mark.parametrize("deed", ["make the pipeline", "upload the pipeline"])
def test_of_two_at_the_same_moment_one_makes_it(fake: FakePipelines, package: Package, deed: str) -> None:
    """Both have looked, and found nothing, before either makes something."""
    barrier = threading.Barrier(2)
    found: list[Uploaded] = []

    def one() -> None:
        with connected(fake.url) as server:
            ask = server.ask

            def ask_together(what: str, *values: Any, **named: Any) -> Any:
                if what.startswith(deed):
                    barrier.wait(10)
                return ask(what, *values, **named)

            server.ask = ask_together  # type: ignore[method-assign]
            found.append(upload(server, package))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 2
    assert len({(each.pipeline_id, each.version_id) for each in found}) == 1
    assert len(fake.objects.pipelines) == len(fake.objects.versions) == 1


def test_an_upload_that_fails_says_what_the_server_said(
    fake: FakePipelines, server: Server, package: Package
) -> None:
    upload(server, package)
    fake.objects.versions.clear()

    def forget(request: Request) -> None:
        if request.path.endswith("upload_version"):
            fake.objects.pipelines.clear()

    fake.before = forget
    with pytest.raises(
        BadInput, match=r"refused to upload the pipeline .*small.yaml: Failed to create a pipeline"
    ):
        upload(server, package)


def test_a_server_that_loses_what_it_took(fake: FakePipelines, server: Server, package: Package) -> None:
    fake.after = lambda request: fake.objects.versions.clear()
    with pytest.raises(Unavailable, match="took the pipeline small and does not list it; try again"):
        upload(server, package)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read (No such file or directory); give a compiled pipeline"),
        (b"\xff\xfe\x00", "cannot be read (it is no text)"),
        (b"a: [", "is no YAML; give what `kfp` or archmend compiled"),
        (b"a: 2026-13-45", "is no YAML"),
        (b"", "is no compiled pipeline; make one by archmend pipeline compile"),
        (b"- 1", "is no compiled pipeline"),
        (b"kind: Workflow", "is no compiled pipeline"),
        (b"{pipelineInfo: {name: a}, root: [], schemaVersion: 2.1.0}", "is no compiled pipeline"),
        (b"{pipelineInfo: {}, root: {}, schemaVersion: 2.1.0}", "is no compiled pipeline"),
        (b"{pipelineInfo: {name: a}, root: {}, components: {b: 1}, schemaVersion: 2.1.0}", "is no compiled"),
        (b"{pipelineInfo: {name: a}, root: {}, schemaVersion: 2.1.0}\n---\n- 1", "is no compiled pipeline"),
    ],
)
def test_files_that_are_no_pipelines(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "p.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        load_package(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)
