"""From a read source to prepared data: checks, fingerprint, split, encoding and report."""

from __future__ import annotations

from typing import Literal

import numpy as np

from archmend.datasets.digest import content_digest, mixed_with_labels, row_hashes, split_digest
from archmend.datasets.encoding import fit_encoding
from archmend.datasets.features import row_count, take
from archmend.datasets.labels import index_labels, label_names, rows_index
from archmend.datasets.raw import Raw
from archmend.datasets.split import check_split, split_rows
from archmend.datasets.types import DataInfo, DataReport, Part, PartName, Prepared, Split
from archmend.errors import BadInput, unknown_name

IMPUTATIONS = ("median", "mean", "zero")
_HELD_OUT: tuple[Literal["validation", "test"], ...] = ("validation", "test")


def check_impute(impute: str | None) -> None:
    """Refuse an unknown way of imputing.

    Raises:
        BadInput: with the nearest known one.
    """
    if impute is not None and impute not in IMPUTATIONS:
        raise unknown_name("imputation", impute, IMPUTATIONS)


def prepare(raw: Raw, source: str, split: Split, impute: str | None) -> Prepared:
    """Split a source, fit the encoding on its training part and count what a person should know.

    Args:
        raw: what a reader made of the source.
        source: its name for messages and data.json.
        split: seed and fractions as asked for; what the source brings itself is taken into account here.
        impute: median, mean or zero: replaces NaN and infinity; None refuses them.

    Raises:
        BadInput: the data cannot be classified, or cannot be split.
    """
    if raw.x_test is not None:
        split = split.model_copy(update={"given_test": True, "test": 0.0})
    check_split(split)
    _refuse_non_finite(raw, source, impute)
    what = f"column {raw.target!r} of {source!r}" if raw.target else f"the labels of {source!r}"
    classes, y = index_labels(raw.labels, what)
    wholes = [(raw.x, y)]
    y_test = np.empty(0, dtype=np.int64)
    if raw.x_test is not None and raw.labels_test is not None:
        y_test = rows_index(label_names(raw.labels_test), classes, f"the test part of {source!r}")
        wholes.append((raw.x_test, y_test))
    digest = content_digest(*wholes, classes=classes)
    rows = split_rows(y, classes, digest, split)

    parts = {name: Part(take(raw.x, r), y[r], _frame_rows(raw, r)) for name, r in rows.items()}
    hashes = row_hashes(raw.x)
    part_hashes = {name: hashes[r] for name, r in rows.items()}
    if raw.x_test is not None:
        parts["test"] = Part(raw.x_test, y_test)
        part_hashes["test"] = row_hashes(raw.x_test)
    encoding, notes = fit_encoding(parts["train"].x, raw.format, impute)
    report = _report(raw, classes, parts, part_hashes, notes)
    info = DataInfo(
        source=source,
        format=raw.format,
        shape=() if isinstance(raw.x, dict) else tuple(int(n) for n in raw.x.shape[1:]),
        dtype="" if isinstance(raw.x, dict) else str(raw.x.dtype),
        classes=classes,
        target=raw.target,
        rows={name: row_count(part.x) for name, part in parts.items()},
        digest=digest,
        split_digest=split_digest(digest, split),
        test_digest=content_digest((parts["test"].x, parts["test"].y), classes=classes),
        split=split,
        impute=impute,
        encoding=encoding,
        report=report,
    )
    return Prepared(info, parts["train"], parts["validation"], parts["test"])


def _frame_rows(raw: Raw, rows: np.ndarray) -> object:
    return None if raw.frame is None else raw.frame.take(rows)


def _refuse_non_finite(raw: Raw, source: str, impute: str | None) -> None:
    if raw.non_finite and impute is None:
        values = "value is" if raw.non_finite == 1 else "values are"
        raise BadInput(
            f"{raw.non_finite} {values} NaN or infinite in {source!r}; correct them, or replace them with "
            "--impute median, mean or zero"
        )


def _report(
    raw: Raw,
    classes: tuple[str, ...],
    parts: dict[PartName, Part],
    hashes: dict[PartName, np.ndarray],
    notes: tuple[str, ...],
) -> DataReport:
    both = np.concatenate([mixed_with_labels(hashes[name], part.y) for name, part in parts.items()])
    duplicates = len(both) - len(np.unique(both))
    leaked = {name: int(np.isin(hashes[name], hashes["train"]).sum()) for name in _HELD_OUT}
    sentences = [*raw.notes, *notes]
    if duplicates:
        sentences.append(f"{duplicates} rows repeat another row, label included.")
    for name in _HELD_OUT:
        if leaked[name]:
            sentences.append(
                f"{leaked[name]} of {len(parts[name].y)} {name} rows also stand in the training part, so "
                f"that the {name} figures flatter the model; remove duplicate rows before preparing."
            )
    if raw.non_finite:
        sentences.append(f"{raw.non_finite} NaN or infinite values are replaced.")
    return DataReport(
        class_counts={
            name: dict(zip(classes, np.bincount(part.y, minlength=len(classes)).tolist(), strict=True))
            for name, part in parts.items()
        },
        duplicate_rows=duplicates,
        leaked_rows=leaked,
        missing=raw.missing,
        non_finite=raw.non_finite,
        notes=tuple(sentences),
    )
