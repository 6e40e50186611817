"""Where a space comes from: a built-in name, a YAML file or text, a Python file; read once."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from archmend.errors import BadInput, unknown_name
from archmend.spaces.builtin import BUILT_IN, create_space
from archmend.spaces.family import Family, Rows
from archmend.spaces.python_file import space_of_python
from archmend.spaces.space import Space

if TYPE_CHECKING:
    from archmend.spaces.written import Written

LONGEST = 128 * 1024
"""Characters of a text: far more than a space needs, and little enough to be read at once."""
_YAML, _PYTHON = (".yaml", ".yml"), ".py"
_WORD = "yaml:"
"""Begins a YAML text that is packed into one word, as a command in Katib's trial template needs it."""


@dataclass(frozen=True)
class SpaceSource:
    """What stands behind the text that names a space.

    Attributes:
        kind: of it. name: of a built-in space, else what the space is called in messages.
        content: of the file, or the YAML text; empty for a built-in space. path: of the file, absolute.
    """

    kind: Literal["built-in", "yaml", "python"]
    name: str
    content: str = ""
    path: str | None = None

    def __reduce__(self) -> tuple[type[SpaceSource], tuple[str, str, str, str | None]]:
        """Travel to a worker without what was made of the content."""
        return SpaceSource, (self.kind, self.name, self.content, self.path)

    @property
    def digest(self) -> str | None:
        """SHA-256 of the content; None for a built-in space."""
        return None if self.kind == "built-in" else hashlib.sha256(self.content.encode()).hexdigest()

    @cached_property
    def written(self) -> Written:
        """The space of a YAML text, before its data is known.

        Raises:
            BadInput: the text is too long, or declares no space.
        """
        from archmend.spaces.written import read_written  # brings PyYAML, which others have no use for

        assert self.kind == "yaml"
        label = self.name if self.path is not None else "the space's YAML"
        if len(self.content) > LONGEST:
            raise BadInput(
                f"{label} has {len(self.content):,} characters; a space may have {LONGEST:,}: shorten it"
            )
        return read_written(self.content, name=_stem(self.name), label=label)

    @property
    def space_name(self) -> str:
        """What records call the space."""
        if self.kind == "yaml":
            return self.written.name
        return self.name if self.kind == "built-in" else _stem(self.name)

    @property
    def _family(self) -> Family | None:
        if self.kind == "yaml":
            return self.written.family
        return BUILT_IN[self.name].family if self.kind == "built-in" else None

    @property
    def family(self) -> str | None:
        """Name of the family of its networks; None where only its file's code knows."""
        return None if self._family is None else self._family.name

    @property
    def data(self) -> str:
        """What its networks are for, in words."""
        family = self._family
        return "what its file says" if family is None else family.data

    def example_space(self) -> Space:
        """Return the space for rows of the kind that it is for, to show what it is."""
        family = self._family
        rows = Rows((28, 28, 1), 10) if family is None else family.example
        return self.space(
            input_shape=rows.shape, classes=rows.classes, columns=rows.columns, words=rows.words
        )

    def space(
        self,
        *,
        input_shape: tuple[int, ...],
        classes: int,
        columns: tuple[int, ...] | None = None,
        words: int | None = None,
    ) -> Space:
        """Return the space for data of this form; arguments as of `create_space`.

        Raises:
            BadInput: it is not for such data, or the file's code raises.
        """
        if self.kind == "built-in":
            return create_space(
                self.name, input_shape=input_shape, classes=classes, columns=columns, words=words
            )
        rows = Rows(tuple(input_shape), classes, columns, words)
        if self.kind == "yaml":
            return self.written.space(rows)
        assert self.path is not None
        return space_of_python(self.content, self.path, self.name, self.space_name, rows)


def space_source(given: str) -> SpaceSource:
    """Return what `--space` names: a built-in space, a .yaml or .py file, or YAML text itself.

    Raises:
        BadInput: none of them, a file that is missing or no text, YAML that declares no space.
    """
    if given in BUILT_IN:
        return SpaceSource("built-in", given)
    if _is_text(given):
        return space_setting(given)
    suffix = Path(given).suffix.lower()
    if suffix not in (*_YAML, _PYTHON):
        error = unknown_name("space", given, BUILT_IN)
        raise BadInput(f"{error}; a space of your own is a .yaml or .py file")
    content, path = _read(given), str(Path(given).absolute())
    name = Path(given).name
    if suffix == _PYTHON:
        return SpaceSource("python", name, content, path)
    return _checked(SpaceSource("yaml", name, content, path))


def space_setting(given: str) -> SpaceSource:
    """Return what a setting names that comes from afar: a built-in space or YAML text, but no file.

    Raises:
        BadInput: neither.
    """
    if given in BUILT_IN:
        return SpaceSource("built-in", given)
    if given.startswith(_WORD):
        given = _unpacked(given)
    elif not _is_text(given):
        error = unknown_name("space", given, BUILT_IN)
        raise BadInput(f"{error}; a space of your own is given as YAML text")
    return _checked(SpaceSource("yaml", "space", given))


def space_word(space: Space) -> str:
    """Return one word without quotes or blanks that `space_source` reads as this space."""
    if space.text is None:
        return space.name
    packed = base64.urlsafe_b64encode(zlib.compress(space.text.encode(), 9)).decode()
    return f"{_WORD}{packed}"


def _is_text(given: str) -> bool:
    return given.startswith(_WORD) or "\n" in given or given.lstrip().startswith("{")


def _unpacked(word: str) -> str:
    try:
        reader = zlib.decompressobj()
        packed = base64.b64decode(word.removeprefix(_WORD), altchars=b"-_", validate=True)
        text = reader.decompress(packed, 4 * LONGEST)
        if reader.unconsumed_tail:
            raise BadInput(f"the space {word[:40]!r}... is longer than {LONGEST:,} characters; shorten it")
        return text.decode()
    except (binascii.Error, zlib.error, UnicodeDecodeError) as error:
        raise BadInput(f"the space {word[:40]!r}... is no packed YAML; give the YAML text itself") from error


def _checked(source: SpaceSource) -> SpaceSource:
    _ = source.written
    return source


def _read(given: str) -> str:
    path = Path(given)
    if not path.is_file():
        raise BadInput(f"--space {given!r} does not exist; give the path of an existing file")
    try:
        if path.stat().st_size > 4 * LONGEST:
            raise BadInput(f"--space {given!r} is larger than a space can be; give another file")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"--space {given!r} is no UTF-8 text; save it as such") from error
    except OSError as error:
        raise BadInput(
            f"--space {given!r} cannot be read ({error.strerror}); give a readable file"
        ) from error


def _stem(name: str) -> str:
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(name).stem).strip("-") or "space"
    # A file that is called as a built-in space is another one all the same.
    return f"my-{stem}" if stem in BUILT_IN else stem
