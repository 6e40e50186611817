"""What one Katib trial is asked for, checked when it is made."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import get_args

from archmend.errors import BadInput, unknown_name
from archmend.kubeflow.suggestion.groups import split_codes
from archmend.kubeflow.suggestion.names import trial_name
from archmend.networks import check_optimizer
from archmend.search import parse_objectives
from archmend.spaces import SpaceSource, space_source
from archmend.steps.flags import at_least, check_fused, positive
from archmend.training import Inherit

WEIGHTS_LIMIT = 64 * 2**20
"""Bytes of a trial's weights above which they are not kept for others, unless asked otherwise."""


@dataclass(frozen=True)
class TrialRequest:
    """What `archmend trial` is asked for; the fields are its flags.

    Attributes:
        data: URI of a prepared directory, or a source as of `open_data`.
        space: a built-in space, a .yaml or .py file, or YAML text.
        architecture: its code, or several codes as `archmend.kubeflow.suggestion.groups` has them; or
            `choices`: values by the choices' names, of which those that are inactive do not count.
        epochs, batch_size, optimizer, learning_rate: of the training.
        objective: names with commas.
        name: of the Katib trial, under which its record is kept; of several architectures the first one has
            it, and those that follow have the numbers that follow. experiment: of the Katib experiment.
        seed: of the search; the trial's own comes from it and from its number.
        records: URI of the folder for the record; None keeps none. weights: of the experiment's weights;
            None keeps and inherits none. max_weights_bytes: above which they are not kept.
        inherit: best, parent or none. max_...: limits; a network over one is rejected.
        deadline: seconds since the epoch at which training ends with what there is.
        require_gpu: fail where TensorFlow sees no GPU.
        go_on: from this architecture's trial with fewer epochs, where its weights are kept; `epochs` then
            counts those that it trained, too.
        population: how many architectures are trained together, in a common order of rows, which a single one
            then has, too; None is all of several. no_fuse: each is trained by itself.
        max_memory: of the process, as 2GiB or 500MB; None is 2 GiB.
    """

    data: str
    space: str
    architecture: str | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    epochs: int = 10
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float | None = None
    objective: str = "accuracy"
    name: str = "trial-0"
    experiment: str = "trial"
    seed: int = 0
    records: str | None = None
    weights: str | None = None
    max_weights_bytes: int = WEIGHTS_LIMIT
    inherit: str = "none"
    max_params: int | None = None
    max_flops: int | None = None
    max_latency_ms: float | None = None
    deadline: float | None = None
    require_gpu: bool = False
    go_on: bool = False
    population: int | None = None
    no_fuse: bool = False
    max_memory: str | None = None

    def __post_init__(self) -> None:
        """Check each value by itself.

        Raises:
            BadInput: naming the flag and its value.
        """
        if (self.architecture is None) == (not self.choices):
            raise BadInput("a trial takes either --architecture CODE or --set CHOICE=VALUE; give one of them")
        for name in ("epochs", "batch_size", "max_params", "max_flops", "population"):
            at_least(name, getattr(self, name), 1)
        at_least("seed", self.seed, 0)
        at_least("max_weights_bytes", self.max_weights_bytes, 0)
        for name in ("learning_rate", "max_latency_ms", "deadline"):
            positive(name, getattr(self, name))
        check_fused(self.no_fuse, self.population, self.max_memory)
        self.each()
        _ = self.space_source
        parse_objectives(self.objective)
        check_optimizer(self.optimizer)
        if self.inherit not in get_args(Inherit):
            raise unknown_name("inheritance", self.inherit, get_args(Inherit))
        if self.inherit != "none" and self.weights is None:
            raise BadInput(f"--inherit {self.inherit} needs the experiment's weights; give --weights URI")
        if self.go_on and (self.weights is None or self.records is None):
            raise BadInput(
                "--continue needs the experiment's weights and records; give --weights URI and --records URI"
            )

    @cached_property
    def space_source(self) -> SpaceSource:
        """What `space` names, read once."""
        return space_source(self.space)

    @property
    def objectives(self) -> tuple[str, ...]:
        """Names of the objectives."""
        return parse_objectives(self.objective)

    @property
    def number(self) -> int:
        """The trial's number: of its name where our service gave it, else one that the name decides."""
        return trial_number(self.experiment, self.name)

    def each(self) -> tuple[TrialRequest, ...]:
        """Return a request for each architecture, in the order of their numbers: this one if it is alone.

        Raises:
            BadInput: the text of the architectures is none, or the name of several has no number.
        """
        text = self.architecture
        if text is None or not ("," in text or "@" in text):
            return (self,)
        coded = split_codes(self.number, text)
        if len(coded) > 1 and self.name != trial_name(self.experiment, self.number):
            raise BadInput(
                f"--architecture has {len(coded)} codes and --name {self.name} no number to count them from; "
                f"call it {self.experiment}-0"
            )
        return tuple(
            replace(
                self,
                architecture=c.code,
                epochs=c.epochs or self.epochs,
                name=self.name if len(coded) == 1 else trial_name(self.experiment, c.number),
            )
            for c in coded
        )


def trial_number(experiment: str, name: str) -> int:
    """Return the number in the name `<experiment>-<number>`; of another name a number that it decides.

    Katib's own algorithms name their trials by chance; whoever collects them numbers them anew.
    """
    rest = name.removeprefix(f"{experiment}-")
    if rest != name and rest.isascii() and rest.isdigit():
        return int(rest)
    return zlib.crc32(name.encode())


def parse_choices(texts: list[str]) -> dict[str, str]:
    """Return names and values of `CHOICE=VALUE` arguments.

    Raises:
        BadInput: one without a name or an equals sign, or one twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise BadInput(f"--set {text!r} sets nothing; write CHOICE=VALUE")
        if name in found:
            raise BadInput(f"--set {name} is given twice; leave one out")
        found[name] = value
    return found


def as_number(text: str) -> float:
    """Return a text as a finite number, NaN where it is none."""
    try:
        number = float(text)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan
