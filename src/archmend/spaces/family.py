"""A family of networks: the choices that make one of them, what it costs, and the data that it is for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archmend.errors import BadInput, unknown_name
from archmend.spaces.choice import Choice, OpenIntegers, Repeat
from archmend.spaces.codes import Scalar
from archmend.spaces.costs import Cost
from archmend.spaces.declared import Item

if TYPE_CHECKING:
    from archmend.spaces.layers import Network

Values = Mapping[str, Scalar]


@dataclass(frozen=True)
class Rows:
    """What the networks of a space see of the data.

    Attributes:
        shape: of one encoded row. classes: number of them.
        columns: of a table: how many numbers of the encoded vector are each column's; None for others.
        words: of texts: how many different numbers a word can be, from 0; None for others.
    """

    shape: tuple[int, ...]
    classes: int
    columns: tuple[int, ...] | None = None
    words: int | None = None

    def __post_init__(self) -> None:
        """Check the sizes.

        Raises:
            BadInput: a size below 1, or fewer than two classes.
        """
        if not self.shape or any(size < 1 for size in self.shape):
            raise BadInput(f"input_shape must hold sizes of at least 1, got {tuple(self.shape)}")
        if self.classes < 2:
            raise BadInput(f"classes must be at least 2, got {self.classes}")
        if self.columns is not None and (
            min(self.columns, default=0) < 1 or self.shape != (sum(self.columns),)
        ):
            raise BadInput(f"columns {self.columns} do not make up rows of shape {self.shape}")
        if self.words is not None and (self.words < 2 or self.columns is not None or len(self.shape) != 1):
            raise BadInput(
                f"words {self.words} with rows of shape {self.shape} and columns {self.columns} are no "
                "texts: give at least 2 words, rows of shape (length,) and no columns"
            )


@dataclass(frozen=True)
class Setting:
    """One choice that a family's networks are made by.

    Attributes:
        name: of the choice. takes: what its values may be, in words; allowed: says so of one value.
        usual: value of networks that do not choose it; None where it must be chosen, or may be absent.
        needed: whether a space must have it, always active.
        each: name of the choice that counts its layers; it is then repeated by that one, or made once for
            all layers.
    """

    name: str
    takes: str
    allowed: Callable[[Scalar], bool]
    usual: Scalar | None = None
    needed: bool = False
    each: str | None = None

    def check(self, choice: Choice) -> None:
        """Refuse a choice that the family's networks cannot follow.

        Raises:
            BadInput: a value that they do not take.
        """
        wrong: str | None
        if isinstance(choice.values, OpenIntegers):
            fits = self.allowed(choice.values.minimum) and self.allowed(10**6)
            wrong = None if fits else str(choice.values)
        else:
            wrong = next((repr(v) for v in choice.values if not self.allowed(v)), None)
        if wrong is not None:
            raise BadInput(f"choice {choice.name!r} has {wrong} among its values; it takes {self.takes}")


def one_of(name: str, *texts: str, each: str | None = None) -> Setting:
    """Return a setting that is one of these texts, the first one where it is not chosen."""
    return Setting(name, ", ".join(texts), lambda value: value in texts, texts[0], each=each)


def whole(
    name: str, least: int, *, usual: int | None = None, needed: bool = False, each: str | None = None
) -> Setting:
    """Return a setting that is a whole number of at least `least`."""

    def allowed(value: Scalar) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= least

    return Setting(name, f"whole numbers from {least}", allowed, usual, needed, each)


def part(name: str) -> Setting:
    """Return a setting that is a fraction above 0, 1 where it is not chosen."""

    def allowed(value: Scalar) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1

    return Setting(name, "numbers above 0 to 1", allowed, 1.0)


def share(name: str) -> Setting:
    """Return a setting that is a fraction below 1, 0 where it is not chosen."""

    def allowed(value: Scalar) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1

    return Setting(name, "numbers from 0 to below 1", allowed, 0.0)


def _is_rate(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


LEARNING_RATE = Setting("learning_rate", "numbers above 0", _is_rate)
ACTIVATION = one_of("activation", "relu", "elu", "tanh", "selu", "gelu", "silu", "sigmoid")
NORMALIZATION = one_of("normalization", "none", "batch")
DROPOUT = share("dropout")


@dataclass(frozen=True)
class Family:
    """Networks of one kind.

    Attributes:
        name: of the family. data: what it is for, in words; example: rows of that kind.
        settings: choices that a space of the family may have.
        by_columns: whether its networks depend on a table's columns.
        layers: cost of a network's layers, from its values and the rows it sees.
        of_text: whether its networks read words.
        network: describes a network by its layers, from the same; None where nothing goes by that.
        refuse: says what else is wrong with data that the family is not for; takes the space's name.
    """

    name: str
    data: str
    example: Rows
    settings: tuple[Setting, ...]
    layers: Callable[[Values, Rows], Cost]
    refuse: Callable[[str, Rows], None] = lambda space, rows: None
    by_columns: bool = False
    of_text: bool = False
    network: Callable[[Values, Rows], Network] | None = None

    def check_rows(self, space: str, rows: Rows) -> None:
        """Refuse data that the family is not for.

        Raises:
            BadInput: it is not; `space` is named in it.
        """
        if rows.words is not None and not self.of_text:
            raise BadInput(
                f"space {space!r} is for {self.data} of numbers and the data's rows are texts; use 'text', "
                "or turn the texts into numbers"
            )
        self.refuse(space, rows)

    def values(self, architecture: Values) -> dict[str, Scalar]:
        """Return an architecture's values, with the usual ones for what it does not choose.

        A choice that is made once for all layers stands for each of them, as `width_1`, `width_2`, ...
        """
        found = dict(architecture)
        for setting in self.settings:
            usual = found.get(setting.name, setting.usual)
            if usual is None:
                continue
            if setting.each is None:
                found.setdefault(setting.name, usual)
                continue
            for number in range(1, int(found[setting.each]) + 1):
                found.setdefault(f"{setting.name}_{number}", usual)
        return found

    def cost(self, architecture: Values, rows: Rows) -> dict[str, int]:
        """Return `params` and `flops` of an architecture's network."""
        return self.layers(self.values(architecture), rows).as_dict()

    def check_item(self, item: Item) -> None:
        """Refuse what is no choice of this family.

        Raises:
            BadInput: an unknown name, a value that its networks do not take, a choice that is repeated
                and must not be, or the other way round.
        """
        if isinstance(item, Repeat):
            for choice in item.choices:
                setting = self._setting(choice)
                if setting.each != item.by:
                    known = f"is repeated by {setting.each!r}" if setting.each else "is made once"
                    raise BadInput(
                        f"choice {choice.name!r} is repeated by {item.by!r}; in family {self.name!r} it "
                        f"{known}"
                    )
                _check_active(setting, choice)
                setting.check(choice)
        else:
            setting = self._setting(item)
            _check_active(setting, item)
            setting.check(item)

    def check_whole(self, names: set[str]) -> None:
        """Refuse a space without a choice that the family needs.

        Raises:
            BadInput: naming the missing one.
        """
        for setting in self.settings:
            if setting.needed and setting.name not in names:
                raise BadInput(
                    f"family {self.name!r} needs the choice {setting.name!r} ({setting.takes}); add it, "
                    "with a single value if it is to be fixed"
                )

    def _setting(self, choice: Choice) -> Setting:
        for setting in self.settings:
            if setting.name == choice.name:
                return setting
        raise unknown_name(f"choice of family {self.name!r}", choice.name, [s.name for s in self.settings])


def _check_active(setting: Setting, choice: Choice) -> None:
    if setting.needed and choice.when is not None:
        raise BadInput(f"choice {choice.name!r} is needed by every network; remove its condition")
