"""YAML text as a tree that knows its lines, and whose scalars mean one thing to everybody.

Numbers and booleans are read as YAML 1.2 has them, so `1e-3` is a number. What YAML 1.1 and 1.2 read
differently (`yes`, `on`, `010`, `1_000`, `1:30`) is refused, for a file is also read by other programs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from archmend.errors import BadInput
from archmend.spaces.codes import Scalar

_DEEPEST = 20

_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = ("", "~", "null", "Null", "NULL")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_TWO_MEANINGS = re.compile(
    r"(yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)"  # booleans of 1.1
    r"|[-+]?0[0-9_]+|[-+]?0[bxo][0-9a-fA-F_]+"  # octal, binary and hexadecimal
    r"|[-+]?[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?"  # digits in groups
    r"|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"  # base 60
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?"  # dates
)


@dataclass(frozen=True)
class Node:
    """A part of the text.

    Attributes:
        line: where it begins, from 1. value: a scalar, None for null, a list, or a mapping.
        key_lines: of a mapping: the lines of its keys.
    """

    line: int
    value: Scalar | list[Node] | dict[str, Node] | None
    key_lines: Mapping[str, int] | None = None


def wrong(label: str, line: int, sentence: str) -> BadInput:
    """Return the error that names the file and the line."""
    return BadInput(f"{label}, line {line}: {sentence}")


def read_tree(text: str, label: str) -> Node:
    """Return the one document of a text.

    Args:
        text: YAML.
        label: of the text in messages, such as the file's name.

    Raises:
        BadInput: no YAML, more than one document or none, aliases, tags, a key twice, a scalar that YAML
            1.1 and 1.2 read differently.
    """
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.TagToken):
                tag = "".join(part or "" for part in token.value)
                line = token.start_mark.line + 1
                raise wrong(label, line, f"the tag {tag!r} has no meaning here; remove it")
        documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = (error.problem or "it cannot be read").replace("\n", " ")
        if isinstance(error, yaml.composer.ComposerError) and "alias" in what:
            what = f"{what}: write the values out, aliases are not followed"
        raise wrong(
            label, 1 if mark is None else mark.line + 1, f"no valid YAML ({what}); mend it"
        ) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise wrong(
            label, line, f"a character that YAML does not allow (#x{error.character:04x}); remove it"
        ) from error
    except RecursionError:
        raise BadInput(f"{label} is nested too deeply for a space; write it flat") from None
    if len(documents) != 1 or documents[0] is None:
        found = "nothing" if not documents or documents[0] is None else f"{len(documents)} documents"
        raise BadInput(f"{label} holds {found}; write one space: a mapping with 'choices'")
    return _Reader(label).node(documents[0], 0)


def _joined(text: str) -> str:
    """Return a text whose escapes are as JSON has them, where a rare letter is a pair of two."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return text  # half a pair: whoever takes it as a value refuses it


class _Reader:
    def __init__(self, label: str) -> None:
        self._label = label
        self._seen: set[int] = set()

    def node(self, node: yaml.Node, depth: int) -> Node:
        line = node.start_mark.line + 1
        if depth > _DEEPEST:
            raise wrong(self._label, line, "it is nested too deeply for a space; write it flat")
        if id(node) in self._seen:
            raise wrong(self._label, line, "an anchor is used again by an alias; write the values out")
        self._seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            return Node(line, self._scalar(node, line))
        if isinstance(node, yaml.SequenceNode):
            return Node(line, [self.node(one, depth + 1) for one in node.value])
        return self._mapping(node, line, depth)

    def _mapping(self, node: yaml.Node, line: int, depth: int) -> Node:
        found: dict[str, Node] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            at = key_node.start_mark.line + 1
            key = self.node(key_node, depth + 1).value
            if not isinstance(key, str):
                shown = "a list or mapping" if isinstance(key, list | dict) else repr(key)
                raise wrong(self._label, at, f"a key is {shown}; keys are texts: quote it")
            if key in found:
                raise wrong(
                    self._label, at, f"the key {key!r} stands twice (also in line {lines[key]}); keep one"
                )
            found[key], lines[key] = self.node(value_node, depth + 1), at
        return Node(line, found, lines)

    def _scalar(self, node: Any, line: int) -> Scalar | None:
        text: str = node.value
        if node.style is not None:  # in quotes or a block: text, whatever it looks like
            return _joined(text)
        if _TWO_MEANINGS.fullmatch(text):
            raise wrong(
                self._label,
                line,
                f"{text} is read differently by YAML 1.1 and 1.2; write '{text}' in quotes for text, or a "
                "plain number, true or false",
            )
        if text in _NULLS:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if _INTEGER.fullmatch(text):
            return int(text) if len(text) <= 400 else float("inf")
        if _FLOAT.fullmatch(text):
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        return text
