"""Tables with a column of texts: what is one, what is read of it, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from archmend.datasets import TextEncoding, encode, open_data, read_prepared, write_prepared
from archmend.datasets.text import looks_like_text, words_of
from archmend.errors import BadInput

WORDS = ("ship", "crane", "harbour", "rope", "sail", "deck", "mast", "anchor")


def _reviews(folder: Path, rows: int = 80, **columns: list[str]) -> Path:
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, size=int(rng.integers(3, 9)))) for _ in range(rows)]
    table = {"review": texts, "label": [("bad", "good")[i % 2] for i in range(rows)], **columns}
    path = folder / "reviews.csv"
    names = list(table)
    lines = [",".join(names), *(",".join(row) for row in zip(*table.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_text_that_is_alone_is_recognised(tmp_path: Path) -> None:
    data = open_data(_reviews(tmp_path), target="label")
    assert (data.info.format, data.info.text) == ("text", "review")
    encoding = data.info.encoding
    assert isinstance(encoding, TextEncoding)
    assert set(encoding.vocabulary) == set(WORDS)
    assert data.info.encoded_shape == (encoding.length,)
    assert data.info.report.notes[0].startswith("Column 'review' is read as text of 8 different words")


def test_beside_other_columns_a_text_has_to_be_named(tmp_path: Path) -> None:
    path = _reviews(tmp_path, stars=[str(i % 5) for i in range(80)])
    table = open_data(path, target="label").info
    assert table.format == "table"
    assert table.report.notes[0].startswith(
        "Column 'review' looks like text and is taken as a category; with "
    )
    named = open_data(path, target="label", text="review").info
    assert named.format == "text"
    assert named.report.notes[0] == "Columns beside the text 'review' that are not read: stars."


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (["a b c d"] * 50, False),  # one value: a category however many words it has
        ([f"New York {i} West" for i in range(50)], True),
        ([f"word{i}" for i in range(500)], False),  # names, as in a column of identifiers
        ([f"the {i % 120} of them" for i in range(5000)], True),
        ([f"the {i % 90} of them" for i in range(5000)], False),  # as many as categories can be
        (["", ""], False),
    ],
)
def test_what_looks_like_text(cells: list[str], text: bool) -> None:
    assert looks_like_text(cells) is text


def test_words_are_small_and_without_punctuation() -> None:
    assert words_of(" It's GOOD,\tisn't-it?\n") == ["its", "good", "isntit"]
    assert words_of("Ärger über Öl") == ["Ärger", "über", "Öl"]  # as in the saved model: ASCII letters alone
    assert words_of("\u00a0") == ["\u00a0"]  # and ASCII white space
    assert words_of("!?") == []


def test_numbers_of_words(tmp_path: Path) -> None:
    train = ["b a b", "a b c", "b"]
    encoding = TextEncoding(column="t", vocabulary=("b", "a"), length=4)
    rows = encode(encoding, {"t": np.array([*train, "", "a a a a a"], dtype=object)})
    assert rows.dtype == np.float32
    assert rows.tolist() == [[2, 3, 2, 0], [3, 2, 1, 0], [2, 0, 0, 0], [0, 0, 0, 0], [3, 3, 3, 3]]


def test_the_vocabulary_is_the_training_parts(tmp_path: Path) -> None:
    path = _reviews(tmp_path)
    data = open_data(path, target="label")
    assert isinstance(data.test.x, dict)
    # A word that one training text has once, and one that only test texts have, are both unknown.
    lines = path.read_text().splitlines()
    lines += [f"a word such as zebra{i},{('bad', 'good')[i % 2]}" for i in range(60)]
    path.write_text("\n".join(lines) + "\n")
    encoding = open_data(path, target="label").info.encoding
    assert isinstance(encoding, TextEncoding)
    assert {"a", "word", "such", "as"} < set(encoding.vocabulary)
    assert not any(word.startswith("zebra") for word in encoding.vocabulary)


def test_csv_parquet_and_a_prepared_folder_are_the_same_data(tmp_path: Path) -> None:
    path = _reviews(tmp_path)
    frame = pa.csv.read_csv(path)
    pq.write_table(frame, tmp_path / "reviews.parquet")
    first = open_data(path, target="label")
    second = open_data(tmp_path / "reviews.parquet", target="label", text="review")
    assert first.info.digest == second.info.digest
    write_prepared(first, tmp_path / "prepared")
    again = read_prepared(tmp_path / "prepared")
    assert again.info == first.info
    assert isinstance(again.train.x, dict)
    assert isinstance(first.train.x, dict)
    assert again.train.x["review"].tolist() == first.train.x["review"].tolist()
    with pytest.raises(BadInput, match=r"--text stars contradicts the prepared data .* which has review"):
        open_data(tmp_path / "prepared", text="stars")


def test_missing_texts_are_counted_and_empty(tmp_path: Path) -> None:
    path = _reviews(tmp_path)
    path.write_text(path.read_text() + ",bad\n,good\nNA,bad\n")
    data = open_data(path, target="label", text="review")
    assert data.info.report.missing == {"review": 3}
    everything = np.concatenate(
        [encode(data.info.encoding, p.x) for p in (data.train, data.validation, data.test)]
    )
    assert int((everything == 0).all(axis=1).sum()) == 3


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("revue", "unknown column 'revue': did you mean 'review'"),
        ("label", "--text and --target are both 'label'; name the column of texts and that of labels"),
        ("stars", "column 'stars' of .* has the type int64 and --text needs one of text; name another one"),
    ],
)
def test_columns_that_are_no_text(tmp_path: Path, text: str, sentence: str) -> None:
    path = _reviews(tmp_path, stars=[str(i % 5) for i in range(80)])
    with pytest.raises(BadInput, match=sentence):
        open_data(path, target="label", text=text)


def test_arrays_have_no_column_of_text(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"--text 'review' is for tables \(.csv, .parquet\); 'digits' has no"):
        open_data("digits", text="review")
    prepared = write_prepared(open_data("digits"), tmp_path / "prepared")
    with pytest.raises(BadInput, match=r"--text review contradicts the prepared data .* prepared without"):
        open_data(prepared, text="review")
