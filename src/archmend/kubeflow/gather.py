"""The files of one run, which lie in several artifacts, in one folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def gathered(*folders: str | Path, data: str | Path) -> Iterator[Path]:
    """Give a folder that shows the files of several folders as a run's, for the time of a block.

    Args:
        folders: of the steps' artifacts; of files with one name the last counts.
        data: the prepared data, shown as `data`.
    """
    with tempfile.TemporaryDirectory(prefix="archmend-") as scratch:
        run = Path(scratch) / "run"
        run.mkdir()
        (run / "data").symlink_to(Path(data).absolute())
        for folder in folders:
            for path in Path(folder).iterdir():
                if path.is_file():
                    (run / path.name).unlink(missing_ok=True)
                    (run / path.name).symlink_to(path.absolute())
        yield run


def copy_files(folder: Path, target: Path) -> None:
    """Copy the files of a folder, but none of its folders: data and weights are kept elsewhere."""
    target.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.is_file():
            shutil.copyfile(path, target / path.name)
