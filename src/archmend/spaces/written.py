"""A space that somebody wrote as YAML: read, checked, and every complaint with its line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from archmend.errors import BadInput, unknown_name
from archmend.spaces.builtin import BUILT_IN, FAMILIES, family_space
from archmend.spaces.choice import Choice, OpenIntegers, Repeat
from archmend.spaces.codes import Scalar
from archmend.spaces.declared import Item, checked_items
from archmend.spaces.family import Family, Rows
from archmend.spaces.overriding import overridden
from archmend.spaces.space import Space
from archmend.spaces.waiting import check_waits
from archmend.spaces.yaml_tree import Node, read_tree, wrong

_TOP = ("schema_version", "name", "base", "family", "choices")
_CHOICE = ("name", "values", "range", "integers", "ordered", "when", "like")
_REPEAT = ("repeat", "choices")
_VALUES = ("values", "range", "integers")
MOST_VALUES = 10_000
"""What one range may hold."""
LARGEST = 10**15
"""Whole numbers end here, as open ones do."""


@dataclass(frozen=True)
class Written:
    """A space as it was written, before its data is known.

    Attributes:
        name: of the space. family: of its networks; None where nothing is said. items: its choices.
        text: the YAML.
    """

    name: str
    family: Family | None
    items: tuple[Item, ...]
    text: str

    def space(self, rows: Rows) -> Space:
        """Return the space for such rows.

        Raises:
            BadInput: the family is not for them.
        """
        if self.family is None:
            return Space(
                self.items,
                name=self.name,
                input_shape=rows.shape,
                classes=rows.classes,
                columns=rows.columns,
                words=rows.words,
                text=self.text,
            )
        return family_space(self.name, self.items, self.family, rows, text=self.text)


def read_written(text: str, *, name: str, label: str) -> Written:
    """Return the space that a YAML text declares.

    Args:
        text: as docs/guide/spaces.md describes it.
        name: of the space, where the text has none.
        label: of the text in messages.

    Raises:
        BadInput: whatever is wrong with it, with its line.
    """
    return _Reader(label).whole(read_tree(text, label), name, text)


class _Reader:
    def __init__(self, label: str) -> None:
        self._label = label

    def whole(self, tree: Node, name: str, text: str) -> Written:
        top = self._mapping(tree, "a space", _TOP)
        if "schema_version" in top and top["schema_version"].value != 1:
            raise self._wrong(
                top["schema_version"], f"schema_version is {top['schema_version'].value!r}; write 1"
            )
        if "name" in top:
            name = self._text(top["name"], "name")
            if name in BUILT_IN:
                raise self._wrong(top["name"], f"the name {name!r} is a built-in space's; take another one")
        if "base" in top and "family" in top:
            raise self._wrong(
                top["base"], "base and family are both given; a base has its family, leave that out"
            )
        base = None
        if "base" in top:
            base = self._known(top["base"], "base", BUILT_IN)
        family = base.family if base is not None else None
        if "family" in top:
            family = self._known(top["family"], "family", FAMILIES)
        if "choices" not in top and base is None:
            raise self._wrong(tree, "a space needs 'choices'; list at least one")
        listed = self._items(top["choices"]) if "choices" in top else []
        items = self._joined(listed, base.choices if base else (), family)
        if family is not None:
            self._at(tree.line, lambda: family.check_whole({n for item in items for n in item.names}))
        return Written(name, family, items, text)

    def _items(self, node: Node) -> list[tuple[Item, list[int]]]:
        """Return the items with the lines of their choices."""
        if not isinstance(node.value, list) or not node.value:
            raise self._wrong(node, f"'choices' is {_shown(node)}; list at least one choice")
        written = [self._written(one) for one in node.value]
        check_waits(self._label, [choice for _, choices in written for choice in choices])
        found: list[tuple[Item, list[int]]] = []
        for by, choices in written:
            lines = [c.line for c in choices]
            made = [self._choice(c) for c in choices]
            if by is None:
                found.append((made[0], lines))
            else:
                line = by.line
                item = self._at(line, lambda by=by, made=made: Repeat(self._text(by, "repeat"), tuple(made)))
                found.append((item, [line, *lines]))
        return found

    def _written(self, node: Node) -> tuple[Node | None, list[_WrittenChoice]]:
        """Return what repeats (None for a plain choice) and the choices of one entry."""
        if isinstance(node.value, dict) and "repeat" in node.value:
            entry = self._mapping(node, "a repetition", _REPEAT)
            inner = entry.get("choices")
            if inner is None or not isinstance(inner.value, list) or not inner.value:
                raise self._wrong(node, "a repetition needs 'choices'; list at least one")
            by = self._text(entry["repeat"], "repeat")
            return entry["repeat"], [self._named(one, by) for one in inner.value]
        return None, [self._named(node, None)]

    def _named(self, node: Node, by: str | None) -> _WrittenChoice:
        entry = self._mapping(node, "a choice", _CHOICE)
        if "name" not in entry:
            raise self._wrong(node, "a choice needs a 'name'; give it one")
        name = self._text(entry["name"], "name")
        parents: dict[str, Node] = {}
        if "when" in entry:
            when = entry["when"]
            if not isinstance(when.value, dict) or not when.value:
                raise self._wrong(
                    when, f"the condition of choice {name!r} is {_shown(when)}; write {{parent: [values]}}"
                )
            parents = when.value
        return _WrittenChoice(name, node.line, entry, parents, by)

    def _choice(self, written: _WrittenChoice) -> Choice:
        name, entry = written.name, written.entry
        given = [key for key in _VALUES if key in entry]
        if len(given) != 1:
            what = "none of them" if not given else " and ".join(given)
            raise wrong(
                self._label,
                written.line,
                f"choice {name!r} needs one of values, range and integers, got {what}",
            )
        values = getattr(self, f"_{given[0]}")(entry[given[0]], name)
        when = {
            parent: self._listed(node, f"the condition of choice {name!r} on {parent!r}")
            for parent, node in written.parents.items()
        }
        ordered: bool | None = None
        if "ordered" in entry:
            said = entry["ordered"].value
            ordered = said if isinstance(said, bool) else None
            if ordered is None:
                raise self._wrong(
                    entry["ordered"],
                    f"'ordered' of choice {name!r} is {_shown(entry['ordered'])}; write true or false",
                )
        like = self._text(entry["like"], "like") if "like" in entry else None
        return self._at(
            entry[given[0]].line, lambda: Choice(name, values, ordered=ordered, when=when or None, like=like)
        )

    def _values(self, node: Node, name: str) -> list[Any]:
        return self._listed(node, f"choice {name!r}")

    def _range(self, node: Node, name: str) -> range:
        entry = self._mapping(node, f"the range of choice {name!r}", ("from", "to", "step"))
        for key in ("from", "to"):
            if key not in entry:
                raise self._wrong(node, f"the range of choice {name!r} has no {key!r}; give from and to")
        first, last = self._whole(entry["from"], "from"), self._whole(entry["to"], "to")
        step = self._whole(entry["step"], "step") if "step" in entry else 1
        if step < 1:
            raise self._wrong(entry["step"], f"the step of choice {name!r} is {step}; give at least 1")
        found = range(first, last + 1, step)
        if not 1 <= len(found) <= MOST_VALUES:
            raise self._wrong(
                node,
                f"the range of choice {name!r} from {first} to {last} has {max(0, len(found))} values; "
                f"give 1 to {MOST_VALUES:,}, or open 'integers'",
            )
        return found

    def _integers(self, node: Node, name: str) -> OpenIntegers:
        entry = self._mapping(node, f"the integers of choice {name!r}", ("minimum", "mean", "doubling"))
        given: dict[str, Any] = {}
        if "minimum" in entry:
            given["minimum"] = self._whole(entry["minimum"], "minimum")
        if "mean" in entry:
            mean = entry["mean"].value
            if isinstance(mean, bool) or not isinstance(mean, int | float):
                raise self._wrong(entry["mean"], f"'mean' is {_shown(entry['mean'])}; write a number")
            given["mean"] = float(mean)
        if "doubling" in entry:
            if not isinstance(entry["doubling"].value, bool):
                shown = _shown(entry["doubling"])
                raise self._wrong(entry["doubling"], f"'doubling' is {shown}; write true or false")
            given["doubling"] = entry["doubling"].value
        return self._at(node.line, lambda: OpenIntegers(**given))

    def _listed(self, node: Node, owner: str) -> list[Scalar]:
        entries = node.value if isinstance(node.value, list) else [node]
        if not entries:
            raise self._wrong(node, f"{owner} is empty; give at least one value")
        found: list[Scalar] = []
        for entry in entries:
            if entry.value is None or isinstance(entry.value, list | dict):
                raise self._wrong(
                    entry,
                    f"{owner} has {_shown(entry)} among its values, which has no code; use booleans, numbers "
                    "or text",
                )
            if isinstance(entry.value, int) and abs(entry.value) >= LARGEST:
                raise self._wrong(entry, f"{owner} has a whole number beyond {LARGEST:.0e}; use smaller ones")
            found.append(entry.value)
        return found

    def _joined(
        self, listed: list[tuple[Item, list[int]]], base: tuple[Item, ...], family: Family | None
    ) -> tuple[Item, ...]:
        """Return all items, each checked when it is added, so that a complaint has its line."""
        items: list[Item] = list(base)
        for item, lines in listed:
            for part, line in _grown(item, lines):
                if family is not None:
                    self._at(line, lambda part=part: family.check_item(part))
                new = overridden(items, part) if base else [*items, part]
                self._at(line, lambda new=new: checked_items(new, self._label))
            items = list(new)
        return tuple(items)

    def _mapping(self, node: Node, what: str, keys: tuple[str, ...]) -> dict[str, Node]:
        if not isinstance(node.value, dict):
            raise self._wrong(node, f"{what} is {_shown(node)}; write a mapping with {', '.join(keys)}")
        for key in node.value:
            if key not in keys:
                assert node.key_lines is not None
                raise self._relined(node.key_lines[key], unknown_name(f"key of {what}", key, keys))
        return node.value

    def _known(self, node: Node, what: str, known: dict[str, Any]) -> Any:
        name = self._text(node, what)
        if name not in known:
            raise self._relined(node.line, unknown_name(what, name, known))
        return known[name]

    def _text(self, node: Node, what: str) -> str:
        if not isinstance(node.value, str) or not node.value.strip():
            raise self._wrong(node, f"{what!r} is {_shown(node)}; write a text, in quotes if need be")
        return node.value

    def _whole(self, node: Node, what: str) -> int:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= LARGEST:
            raise self._wrong(node, f"{what!r} is {_shown(node)}; write a whole number")
        return value

    def _at(self, line: int, make: Any) -> Any:
        """Return what `make` gives; what it complains of gets the line."""
        try:
            return make()
        except BadInput as error:
            raise self._relined(line, error) from error

    def _relined(self, line: int, error: BadInput) -> BadInput:
        return wrong(self._label, line, str(error))

    def _wrong(self, node: Node, sentence: str) -> BadInput:
        return wrong(self._label, node.line, sentence)


@dataclass(frozen=True)
class _WrittenChoice:
    """A choice before its values are read: its place, and what it waits for.

    Attributes:
        name, line: of it. entry: its keys. parents: of its condition. by: what repeats it, None for once.
    """

    name: str
    line: int
    entry: dict[str, Node]
    parents: dict[str, Node]
    by: str | None


def _grown(item: Item, lines: list[int]) -> Iterable[tuple[Item, int]]:
    """Yield an item; a repetition grows choice by choice, so that each one is looked at by itself."""
    if isinstance(item, Choice):
        yield item, lines[0]
        return
    for count in range(1, len(item.choices) + 1):
        yield Repeat(item.by, item.choices[:count]), lines[count]


def _shown(node: Node) -> str:
    if isinstance(node.value, dict):
        return "a mapping" if node.value else "an empty mapping"
    if isinstance(node.value, list):
        return "a list" if node.value else "an empty list"
    return "nothing" if node.value is None else repr(node.value)
