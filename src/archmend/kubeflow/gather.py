"""The files of one run, which lie in several artifacts, in one folder; and a folder's files as artifacts."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archmend.kubeflow.place import run_name


@contextmanager
def gathered(*folders: str | Path, data: str | Path) -> Iterator[Path]:
    """Give a folder that shows the files of several folders as a run's, for the time of a block.

    Args:
        folders: of the steps' artifacts; of files with one name the last counts.
        data: the prepared data, shown as `data`.
    """
    with tempfile.TemporaryDirectory(prefix="archmend-") as scratch:
        run = Path(scratch) / run_name()
        run.mkdir()
        (run / "data").symlink_to(Path(data).absolute())
        for folder in folders:
            for path in Path(folder).iterdir():
                if path.is_file():
                    (run / path.name).unlink(missing_ok=True)
                    (run / path.name).symlink_to(path.absolute())
        yield run


def hand_over(run: Path, files: str | Path, report: str | Path) -> None:
    """Leave a run's files in the folder of one artifact, and its page as another.

    Its folders are not among them: data and weights are kept elsewhere.
    """
    target = Path(files)
    target.mkdir(parents=True, exist_ok=True)
    for path in run.iterdir():
        if path.is_file():
            shutil.copyfile(path, target / path.name)
    write_page(run, report)


def write_page(run: Path, report: str | Path) -> None:
    """Write the page of a run as an artifact."""
    from archmend.reports import RunRecord, render

    Path(report).write_text(render(RunRecord.from_directory(run)))
