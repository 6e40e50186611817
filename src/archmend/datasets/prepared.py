"""The prepared directory: three parts and data.json, which comes last."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import ValidationError

from archmend.datasets.features import row_count
from archmend.datasets.mapped import read_arrays, write_arrays
from archmend.datasets.types import DataInfo, Part, PartName, Prepared
from archmend.errors import BadInput
from archmend.storage import disk_errors, make_folder, open_atomic, write_atomic

DATA_FILE = "data.json"
_PARTS: tuple[PartName, ...] = ("train", "validation", "test")


def write_prepared(prepared: Prepared, directory: str | Path) -> Path:
    """Write the parts (.npz, not compressed, or .parquet) and then data.json; return the directory.

    A directory without data.json is no prepared data, so one that was cut off is never taken for a whole
    one and may be written again.

    Raises:
        BadInput: the directory holds something else or cannot be written. Unavailable: the disk is full.
    """
    folder = Path(directory)
    _refuse_foreign(folder, prepared.info)
    with disk_errors(folder):
        make_folder(folder)
        (folder / DATA_FILE).unlink(missing_ok=True)
    for name in _PARTS:
        part = prepared.part(name)
        if prepared.info.has_columns:
            from archmend.datasets.parquet import write_part

            write_part(folder / f"{name}.parquet", part, prepared.info)
        else:
            with open_atomic(folder / f"{name}.npz") as stream:
                write_arrays(stream, {"x": np.asarray(part.x), "y": part.y})
    write_atomic(folder / DATA_FILE, prepared.info.model_dump_json(indent=2) + "\n")
    return folder


def read_info(directory: str | Path) -> DataInfo:
    """Return what data.json says, without the rows.

    Raises:
        BadInput: no data.json, or one that is damaged or of another version.
    """
    path = Path(directory) / DATA_FILE
    if not path.is_file():
        raise BadInput(f"{str(directory)!r} holds no {DATA_FILE}, so it is no prepared data; run prepare")
    try:
        return DataInfo.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(key) for key in first["loc"])
        raise BadInput(
            f"{str(path)!r} is damaged or of another version ({where or 'text'}: {first['msg'].lower()}); "
            "prepare the data anew"
        ) from error


def read_prepared(directory: str | Path) -> Prepared:
    """Return prepared data; arrays are memory-mapped, tables are read.

    Raises:
        BadInput: no prepared data, or parts that are missing, damaged or not what data.json says.
    """
    folder = Path(directory)
    info = read_info(folder)
    train, validation, test = (_read_part(folder, name, info) for name in _PARTS)
    return Prepared(info, train, validation, test)


def _read_part(folder: Path, name: PartName, info: DataInfo) -> Part:
    table = info.has_columns
    path = folder / f"{name}.{'parquet' if table else 'npz'}"
    if not path.is_file():
        raise BadInput(f"{str(path)!r} is missing from the prepared data; prepare the source anew")
    if table:
        from archmend.datasets.parquet import read_part

        part = read_part(path, info)
    else:
        arrays = read_arrays(path)
        if set(arrays) != {"x", "y"}:
            raise BadInput(f"{str(path)!r} is damaged (it holds {sorted(arrays)}); prepare the source anew")
        part = Part(arrays["x"], np.array(arrays["y"]))
        if part.x.shape[1:] != info.shape or str(part.x.dtype) != info.dtype:  # type: ignore[union-attr]
            raise BadInput(f"{str(path)!r} has rows unlike those in {DATA_FILE}; prepare the source anew")
    if not row_count(part.x) == len(part.y) == info.rows[name]:
        raise BadInput(
            f"{str(path)!r} holds {len(part.y)} rows and {DATA_FILE} says "
            f"{info.rows[name]}; prepare the source anew"
        )
    if len(part.y) and not 0 <= part.y.min() <= part.y.max() < len(info.classes):
        raise BadInput(f"{str(path)!r} holds labels outside the classes; prepare the source anew")
    return part


def _refuse_foreign(folder: Path, info: DataInfo) -> None:
    """Refuse a folder that holds anything but an earlier try at the same data."""
    if not folder.is_dir():
        return
    with disk_errors(folder):
        held = sorted(path.name for path in folder.iterdir())
    ours = {f"{name}.{suffix}" for name in _PARTS for suffix in ("npz", "parquet")} | {DATA_FILE}
    foreign = [n for n in held if n not in ours and not (n.startswith(".") and n.endswith(".tmp"))]
    if foreign:
        raise BadInput(f"{str(folder)!r} holds something else ({foreign[0]!r}); choose another output folder")
    if DATA_FILE in held and read_info(folder).split_digest != info.split_digest:
        raise BadInput(f"{str(folder)!r} holds other prepared data; choose another output folder")
