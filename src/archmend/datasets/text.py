"""Texts as numbers of words: the vocabulary of the training part, words as Keras's own layer cuts them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import numpy as np

from archmend.datasets.types import TextEncoding

MAX_WORDS = 10_000
MAX_LENGTH = 256
_SHARE = 0.95
"""Of the training part's texts, those that the length leaves whole."""
_LEAST_WORDS, _DISTINCT, _MANY = 3.0, 0.5, 100
PADDING, UNKNOWN = 0, 1
"""Numbers before those of the words: behind a text's end, and a word that the vocabulary does not have."""
_PUNCTUATION = b"!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"


def words_of(text: str) -> list[str]:
    """Return a text's words: ASCII letters small, ASCII punctuation left out, cut at ASCII white space.

    That is what Keras's TextVectorization does unless told otherwise, which reads the texts inside a saved
    model; so it is done on bytes, as there.
    """
    plain = text.encode("utf-8", "replace").lower().translate(None, _PUNCTUATION)
    return [word.decode() for word in plain.split()]


def looks_like_text(values: Iterable[str]) -> bool:
    """Say whether a column's cells are sentences rather than names of categories.

    They have three words or more on the average, and more of them differ than categories are kept, or more
    than half of them.
    """
    filled = [value for value in values if value]
    different = len(set(filled))
    if different <= min(_MANY, _DISTINCT * len(filled)):
        return False
    return sum(len(value.split()) for value in filled) >= _LEAST_WORDS * len(filled)


def fit_text(column: str, texts: np.ndarray) -> tuple[TextEncoding, tuple[str, ...]]:
    """Return the vocabulary and the length of the training part's texts, and notes for the report.

    A word that occurs once says nothing of other texts, so it counts as unknown, and what is learned of the
    unknown stands for such words; where no word occurs twice, all are taken.

    Args:
        column: name of the texts' column.
        texts: (rows,), text.
    """
    split = [words_of(text) for text in texts.tolist()]
    counts = Counter(word for words in split for word in words)
    repeated = {word: count for word, count in counts.items() if count > 1} or counts
    # Most frequent first, then by name: the cap must not depend on the order of the rows.
    vocabulary = sorted(repeated, key=lambda word: (-repeated[word], word))[:MAX_WORDS]
    lengths = np.sort([len(words) for words in split])
    length = int(lengths[math.ceil(_SHARE * len(lengths)) - 1])
    encoding = TextEncoding(
        column=column, vocabulary=tuple(vocabulary), length=min(MAX_LENGTH, max(1, length))
    )
    return encoding, _notes(column, encoding, len(counts), lengths)


def encode_text(encoding: TextEncoding, texts: np.ndarray) -> np.ndarray:
    """Return the numbers of the words (rows, length), float32: cut or padded to the encoding's length."""
    numbers = {word: number for number, word in enumerate(encoding.vocabulary, start=UNKNOWN + 1)}
    rows = np.full((len(texts), encoding.length), PADDING, dtype=np.float32)
    for row, text in zip(rows, texts.tolist(), strict=True):
        found = [numbers.get(word, UNKNOWN) for word in words_of(text)[: encoding.length]]
        row[: len(found)] = found
    return rows


def _notes(column: str, encoding: TextEncoding, words: int, lengths: np.ndarray) -> tuple[str, ...]:
    kept = len(encoding.vocabulary)
    notes = [
        f"Column {column!r} is read as text: {kept:,} of the training part's {words:,} different words are "
        "kept; the others, rarer, count as one."
        if kept < words
        else f"Column {column!r} is read as text of {kept:,} different words in the training part."
    ]
    longer = int((lengths > encoding.length).sum())
    if longer:
        notes.append(
            f"{longer} of {len(lengths)} texts of the training part have more than {encoding.length} words; "
            "what is behind is not read."
        )
    if not kept:
        notes.append(f"Column {column!r} has no words in the training part; it tells nothing.")
    return tuple(notes)
