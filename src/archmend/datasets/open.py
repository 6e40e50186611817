"""The one way to data: a raw source of any kind, or a prepared directory."""

from __future__ import annotations

from pathlib import Path

from archmend.datasets.prepare import check_impute, prepare
from archmend.datasets.prepared import DATA_FILE, read_prepared
from archmend.datasets.raw import Raw
from archmend.datasets.shards import read_npz_shards, shards_of
from archmend.datasets.types import DataInfo, Prepared, Split
from archmend.errors import BadInput, unknown_name
from archmend.storage import fetched, is_remote, local_path

BUILT_IN = ("digits",)
MNIST_PREFIX = "mnist:"
_KINDS = (
    "digits, mnist:PATH, .npz, .csv, .parquet, a folder of .npz or .parquet shards, "
    "a folder of class folders of images, a prepared directory"
)


def open_data(
    source: str | Path,
    *,
    target: str | None = None,
    text: str | None = None,
    split_seed: int | None = None,
    validation: float | None = None,
    test: float | None = None,
    impute: str | None = None,
) -> Prepared:
    """Read `source`, split it, and fit the encoding on its training part.

    A prepared directory is read as it is: what is given here must then agree with its data.json.

    Args:
        source: `digits`, `mnist:PATH`, or a path or URI (file://, s3://, minio://) of an .npz, .csv or
            .parquet file, a folder of .npz or .parquet shards or of class folders of images, or a directory
            that `prepare` wrote.
        target: a table's column of labels.
        text: a table's column of texts, which is then all that is read besides the labels. Without it a
            table whose only other column is evidently text is one of texts, too.
        split_seed: 0 unless given; the split depends on it, on the fractions and on the content alone.
        validation: fraction of the rows; 0.15 unless given.
        test: fraction of the rows; 0.15 unless given. Not used where the data brings its test part.
        impute: median, mean or zero: what stands for NaN and infinity; without it they are refused.

    Raises:
        BadInput: the source does not exist, cannot be read or cannot be classified, or a flag is wrong.
        Unavailable: a remote source cannot be reached.
    """
    check_impute(impute)
    name = str(source)
    if name in BUILT_IN:
        return prepare(_read_built_in(target, text), name, _split(split_seed, validation, test), impute)
    if name.startswith(MNIST_PREFIX):
        place = name.removeprefix(MNIST_PREFIX)
        with fetched(place) as path:
            raw = _read_mnist(path, target, text)
        return prepare(raw, name, _split(split_seed, validation, test), impute)
    _explain_unknown(name)
    with fetched(source) as path:
        if (path / DATA_FILE).is_file():
            prepared = read_prepared(path)
            _refuse_contradiction(name, prepared.info, target, text, split_seed, validation, test, impute)
            return prepared
        raw = _read(path, target, text)
    return prepare(raw, name, _split(split_seed, validation, test), impute)


def _split(seed: int | None, validation: float | None, test: float | None) -> Split:
    return Split(
        seed=0 if seed is None else seed,
        validation=0.15 if validation is None else validation,
        test=0.15 if test is None else test,
    )


def _read_built_in(target: str | None, text: str | None) -> Raw:
    from archmend.datasets.digits import read_digits

    _refuse_columns("digits", target, text)
    return read_digits()


def _read_mnist(path: Path, target: str | None, text: str | None) -> Raw:
    from archmend.datasets.npz import read_mnist

    _refuse_columns(str(path), target, text)
    return read_mnist(path)


def _read(path: Path, target: str | None, text: str | None) -> Raw:
    """Read a local source by its kind. The readers' libraries are loaded only where they are needed."""
    suffix = path.suffix.lower()
    if path.is_dir():
        shards = shards_of(path)
        if shards and shards[0].suffix.lower() != ".npz":
            from archmend.datasets.parquet import read_parquet

            return read_parquet(shards, target, text)
        if shards:
            _refuse_columns(str(path), target, text)
            return read_npz_shards(shards)
        from archmend.datasets.images import read_images

        _refuse_columns(str(path), target, text)
        return read_images(path)
    if suffix == ".npz":
        from archmend.datasets.npz import read_npz

        _refuse_columns(str(path), target, text)
        return read_npz(path)
    if suffix == ".csv":
        from archmend.datasets.csv import read_csv

        return read_csv(path, target, text)
    if suffix in (".parquet", ".pq"):
        from archmend.datasets.parquet import read_parquet

        return read_parquet([path], target, text)
    raise BadInput(f"{path.name!r} is of no known kind; archmend reads {_KINDS}")


def _explain_unknown(name: str) -> None:
    """Say what a bare word that is no path was probably meant to be."""
    bare = not is_remote(name) and "/" not in name and "." not in name
    if bare and not local_path(name).exists():
        raise unknown_name("data", name, (*BUILT_IN, f"{MNIST_PREFIX}PATH", "an existing file or folder"))


def _refuse_columns(name: str, target: str | None, text: str | None) -> None:
    if target is not None:
        raise BadInput(f"--target {target!r} is for tables (.csv, .parquet); {name!r} has its own labels")
    if text is not None:
        raise BadInput(f"--text {text!r} is for tables (.csv, .parquet); {name!r} has no columns")


def _refuse_contradiction(
    name: str,
    info: DataInfo,
    target: str | None,
    text: str | None,
    seed: int | None,
    validation: float | None,
    test: float | None,
    impute: str | None,
) -> None:
    asked = (
        ("--target", target, info.target),
        ("--text", text, info.text),
        ("--split-seed", seed, info.split.seed),
        ("--validation", validation, info.split.validation),
        ("--test", test, None if info.split.given_test else info.split.test),
        ("--impute", impute, info.impute),
    )
    for flag, given, stands in asked:
        if given is not None and stands is not None and given != stands:
            raise BadInput(
                f"{flag} {given} contradicts the prepared data {name!r}, which has {stands}; leave the flag "
                "out, or prepare the source anew"
            )
        if given is not None and stands is None and flag in ("--target", "--text", "--impute"):
            raise BadInput(
                f"{flag} {given} contradicts the prepared data {name!r}, which was prepared without; leave "
                "the flag out, or prepare the source anew"
            )
