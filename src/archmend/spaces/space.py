"""A search space: choices in order, and everything that can be done with their architectures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from functools import cached_property
from typing import Any

import numpy as np

from archmend.errors import BadInput
from archmend.spaces import counting, variation
from archmend.spaces.architecture import JOINER, Architecture
from archmend.spaces.choice import Choice, Partial
from archmend.spaces.codes import Scalar
from archmend.spaces.declared import Item, checked_items
from archmend.spaces.encoding import Encoder, laid_out
from archmend.spaces.layers import Network
from archmend.spaces.walking import Decide, walk

Cost = Callable[[Architecture], Mapping[str, float]]
Build = Callable[..., Any]
"""From (architecture, input_shape, classes) to a compiled Keras model; this room only hands it on."""


class Space:
    """An ordered set of named choices, some conditional.

    Attributes:
        choices: `Choice` and `Repeat`, in the order in which they are made.
        name: in messages and records.
        family: of networks that `archmend.networks.build` makes of it; None for a space of the user's.
        input_shape, classes: of the data that the networks are for; None where that does not matter.
        columns: of a table: how many numbers of a row are each column's; None where that does not matter.
        words: of texts: how many different numbers a word can be; None where that does not matter.
        build: makes a network of an architecture instead of a family; None without one.
        text: YAML that declares the space; None for others.
        network: describes a network of the user's by its layers; None where a family does, or nobody.
    """

    def __init__(
        self,
        choices: Iterable[Item],
        *,
        name: str = "space",
        cost: Cost | None = None,
        family: str | None = None,
        input_shape: tuple[int, ...] | None = None,
        classes: int | None = None,
        columns: tuple[int, ...] | None = None,
        words: int | None = None,
        build: Build | None = None,
        text: str | None = None,
        network: Callable[[Architecture], Network] | None = None,
    ) -> None:
        """Check the choices.

        Args:
            choices: at least one; a condition's parents come before it.
            name: of the space.
            cost: from an architecture to its `params` and `flops`; None where they are not known.
            family: of networks.
            input_shape: of one encoded row.
            classes: number of classes.
            columns: of a table.
            words: of texts.
            build: of networks.
            text: YAML that declares the space.
            network: from an architecture to its network's layers, for the entropy score.

        Raises:
            BadInput: the declaration contradicts itself.
        """
        self.name = name
        self.choices = checked_items(choices, name)
        self.family = family
        self.input_shape = input_shape
        self.classes = classes
        self.columns = columns
        self.words = words
        self.build = build
        self.text = text
        self.network = network
        self._cost = cost

    def __repr__(self) -> str:
        return f"Space({self.name!r}, size={self.size})"

    def __iter__(self) -> Iterator[Architecture]:
        """Yield every architecture of a finite space, the last choice changing first.

        Raises:
            BadInput: the space is infinite.
        """
        if not self.is_finite:
            raise BadInput(f"space {self.name!r} is infinite and cannot be listed; sample from it")
        return map(Architecture, counting.enumerate_all(self.choices))

    def __contains__(self, architecture: object) -> bool:
        """Whether this is an architecture of the space."""
        if not isinstance(architecture, Architecture):
            return False
        try:
            return self.architecture(architecture) == architecture
        except BadInput:
            return False

    @property
    def is_finite(self) -> bool:
        """Whether no choice is without an end."""
        return not counting.is_open(self.choices)

    @cached_property
    def size(self) -> int | float:
        """The exact number of architectures, or infinity."""
        return counting.count(self.choices)

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draw an architecture: each active choice in turn, uniformly (open integers geometrically).

        So a deep network is as likely as a shallow one, though there are many more deep ones.
        """
        return Architecture(walk(self.choices, lambda choice, _: choice.draw(rng)))

    def neighbours(self, architecture: Architecture) -> list[Architecture]:
        """Return every architecture that one change of one choice makes, in a fixed order.

        What a change activates takes its default: a repetition that is added is like the one before it.
        """
        found = map(Architecture, variation.neighbours(self.choices, architecture))
        return [other for other in dict.fromkeys(found) if other != architecture]

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """Change one choice, drawn uniformly, to another value, drawn uniformly."""
        return Architecture(variation.mutated(self.choices, architecture, rng))

    def crossover(self, a: Architecture, b: Architecture, rng: np.random.Generator) -> Architecture:
        """Make each choice as one of two parents does, drawn anew for each choice."""
        return Architecture(variation.crossed(self.choices, a, b, rng))

    def make(self, decide: Decide) -> Architecture:
        """Make each active choice in its turn by `decide`, which sees the choice and the ones before it."""
        return Architecture(walk(self.choices, decide))

    @cached_property
    def laid_out(self) -> tuple[Choice, ...]:
        """The choices of the largest architecture; of an open space those of its first repetitions."""
        return tuple(choice for choice, _ in laid_out(self.choices))

    def encode(self, architecture: Architecture) -> np.ndarray:
        """Return the architecture as a vector of fixed length; `encoding_names` says what its places are."""
        return self._encoder.encode(architecture)

    @property
    def encoding_names(self) -> tuple[str, ...]:
        """What the places of an encoded vector stand for; see `Encoder`."""
        return self._encoder.names

    @cached_property
    def _encoder(self) -> Encoder:
        return Encoder(self.choices)

    @property
    def has_cost(self) -> bool:
        """Whether costs are known."""
        return self._cost is not None

    def cost(self, architecture: Architecture) -> Mapping[str, float]:
        """Return `params` and `flops` of the architecture; empty where the space does not know them."""
        return {} if self._cost is None else self._cost(architecture)

    def with_cost(self, cost: Cost) -> Space:
        """Return the space with another cost function, the same in all else."""
        made = copy(self)
        made._cost = cost
        return made

    def architecture(self, values: Mapping[str, Scalar]) -> Architecture:
        """Return the architecture with these values.

        Args:
            values: one for each active choice, and for no other.

        Raises:
            BadInput: a value that its choice does not take, one that is missing, or one too many.
        """

        def decide(choice: Choice, _: Partial) -> Scalar:
            if choice.name not in values:
                raise BadInput(
                    f"space {self.name!r} needs a value for {choice.name!r}; give {_offered(choice)}"
                )
            value = choice.canonical(values[choice.name])
            if value is None:
                raise BadInput(
                    f"{choice.name!r} of space {self.name!r} cannot be {values[choice.name]!r}; "
                    f"give {_offered(choice)}"
                )
            return value

        made = walk(self.choices, decide)
        extra = [name for name in values if name not in made]
        if extra:
            raise BadInput(
                f"{extra[0]!r} is no choice of space {self.name!r} or is not active here; leave it out"
            )
        return Architecture(made)

    def parse(self, code: str) -> Architecture:
        """Return the architecture of which `str` gives this code.

        Raises:
            BadInput: the code is not of this space.
        """
        codes = iter(code.split(JOINER))

        def decide(choice: Choice, _: Partial) -> Scalar:
            part = next(codes, None)
            if part is None:
                raise BadInput(
                    f"architecture {code!r} is not of space {self.name!r}: it ends before {choice.name!r} "
                    f"({_offered(choice)}); copy a whole code, such as {self.example()}"
                )
            value = choice.read(part)
            if value is None:
                raise BadInput(
                    f"architecture {code!r} is not of space {self.name!r}: {choice.name!r} cannot be "
                    f"{part!r}; give {_offered(choice)}, as in {self.example()}"
                )
            return value

        made = walk(self.choices, decide)
        rest = list(codes)
        if rest and (made or code):  # an architecture without an active choice has no letters
            raise BadInput(
                f"architecture {code!r} is not of space {self.name!r}: nothing is chosen by "
                f"{JOINER.join(rest)!r} at its end; leave it out, as in {self.example()}"
            )
        return Architecture(made)

    def example(self) -> Architecture:
        """Return one architecture of the space, always the same."""
        return self.sample(np.random.default_rng(0))


def _offered(choice: Choice) -> str:
    codes = choice.known_codes()
    if not codes:
        return str(choice.values)
    return ", ".join(codes[:12]) + (", ..." if len(codes) > 12 else "")


def size_text(size: int | float) -> str:
    """Return a size for a person: digits up to a million, then powers of ten, or infinite."""
    if math.isinf(size):
        return "infinite"
    return f"{size:,}" if size < 1_000_000 else f"{size:.2e}"
