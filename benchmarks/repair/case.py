"""A case: one network, its training settings and its data, as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Layer = Mapping[str, Any]
"""A Keras layer: `type`, and its arguments; an initialiser or regulariser is {class_name, config}."""


@dataclass(frozen=True)
class Fault:
    """What is known to be wrong with a generated network.

    Attributes:
        name: of the injection.
        symptoms: names of symptoms, any of which names it rightly.
        layers: names of the layers, any of which is the right place; empty where it is the whole network's.
        structural: whether it can be seen before the end of the first epoch.
    """

    name: str
    symptoms: tuple[str, ...]
    layers: tuple[str, ...] = ()
    structural: bool = False


@dataclass(frozen=True)
class Case:
    """One network with its data.

    Attributes:
        id: unique, and fit for a file name.
        data: name of the data set. label: `buggy`, `normal`, or another word of the file it comes from.
        layers: in their order; `network.build` names them.
        input_shape: of one row. optimizer: {name, kwargs}. loss: a name, or {class_name, config}.
        batch_size, epochs: of its training.
        symptom: the source's own word for the fault.
        scale: what is done to the features: see `small_data`. rows: training rows at most; None for all.
        faults: what was injected, of a generated network. healthy: the network before that.
    """

    id: str
    data: str
    label: str
    layers: tuple[Layer, ...]
    input_shape: tuple[int, ...]
    optimizer: Mapping[str, Any]
    loss: Any
    batch_size: int
    epochs: int
    symptom: str = ""
    scale: str = "standard"
    rows: int | None = None
    faults: tuple[Fault, ...] = ()
    healthy: Case | None = field(default=None, repr=False)

    @property
    def is_faulty(self) -> bool:
        """Whether something is said to be wrong with it."""
        return self.label == "buggy"


def layer_names(layers: Sequence[Layer]) -> list[str]:
    """Return the names in the built model: the type in small letters and a count from 1, as `dense_2`."""
    seen: Counter[str] = Counter()
    names = []
    for layer in layers:
        kind = layer["type"].lower()
        seen[kind] += 1
        names.append(f"{kind}_{seen[kind]}")
    return names
