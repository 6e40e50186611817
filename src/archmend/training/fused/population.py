"""Networks that are trained as one program, epoch by epoch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from archmend.training.compiling import Turn
from archmend.training.fused.arrangement import Arrangement
from archmend.training.fused.initial import Layers, initial, zeros
from archmend.training.fused.program import Setting, compiled
from archmend.training.fused.recipe import Recipe
from archmend.training.fused.rules import Rule
from archmend.training.pacing import Pacing


@dataclass(frozen=True)
class Member:
    """A network of a population, as it begins.

    Attributes:
        recipe: of it. seed: of its dropout. layers: weights.
        moments: of the optimiser; none before its first step.
    """

    recipe: Recipe
    seed: int
    layers: Layers
    moments: tuple[Layers, ...] = ()

    @classmethod
    def new(cls, recipe: Recipe, seed: int) -> Member:
        """Return a network with new weights."""
        return cls(recipe, seed, initial(recipe, seed))


class Programs:
    """Compiled programs on one data set, each compiled once."""

    def __init__(self, x: Any, y: Any, turn: Turn = nullcontext) -> None:
        """Take the rows.

        Args:
            x: encoded rows on the device, (rows, inputs).
            y: class indices, (rows,).
            turn: in which a program is compiled.
        """
        self.x, self.y = x, y
        self._turn = turn
        self._known: dict[Setting, Any] = {}

    def run(self, setting: Setting, *inputs: Any, batches: tuple[int, int, int]) -> Any:
        """Return what the program of a setting makes of its inputs.

        Args:
            setting: of the program.
            inputs: state, facts, rates and order of rows.
            batches: the one to begin with, the one to end before, and steps before these.
        """
        import tensorflow as tf

        first, last, steps = map(tf.constant, batches)
        program = self._known.get(setting)
        if program is None:
            program = compiled(setting, self.x, self.y)
            with self._turn():
                program(*inputs, first, first, steps)  # no step: it is compiled
            self._known[setting] = program
        return program(*inputs, first, last, steps)


@dataclass
class _Packed:
    arrangement: Arrangement
    setting: Setting
    state: list[Any]
    facts: dict[str, Any]
    rates: dict[str, Any]


class Population:
    """Trains networks together; what each becomes depends on itself, the rows and their order alone.

    Attributes:
        members: as they began. epochs: trained so far, with the share of one that was cut.
        losses: for each whole epoch the mean loss of each network over it.
        broken: for each network the epoch, from 1, in which its loss was not finite; 0 where it is.
    """

    def __init__(
        self,
        members: Sequence[Member],
        programs: Programs,
        rule: Rule,
        arrangement: Arrangement,
        *,
        batch_size: int,
        order: int,
        begun: int = 0,
    ) -> None:
        """Lay the networks out; nothing is compiled yet.

        Args:
            members: at least one.
            programs: on the rows to train on.
            rule: of the optimiser.
            arrangement: of their recipes.
            batch_size: rows a step.
            order: seed of the order of rows, which all networks share: with an order of its own for each, the
                first layers could not be one product.
            begun: epochs that all of them were trained before in the same order.
        """
        import tensorflow as tf

        self.members = tuple(members)
        self.epochs = float(begun)
        self.losses: list[np.ndarray] = []
        self.broken = np.zeros(len(self.members), np.int64)
        self._rule, self._programs = rule, programs
        self._rows = int(programs.x.shape[0])
        self._batches = -(-self._rows // batch_size)
        self._pacing = Pacing()
        self._rng = np.random.default_rng(order)
        for _ in range(begun):
            self._rng.permutation(self._rows)
        setting = Setting(arrangement.form, rule, batch_size)
        shapes, statistics = setting.form.trained, setting.form.moving
        values = arrangement.packed(shapes, [m.layers for m in self.members])
        moments = [
            arrangement.packed(shapes, [m.moments[i] if m.moments else [] for m in self.members])
            for i in range(rule.moments)
        ]
        stats = arrangement.packed(statistics, [m.layers for m in self.members])
        state = [array for name in shapes for array in (values[name], *(m[name] for m in moments))]
        state += [stats[name] for name in statistics]
        facts, rates = arrangement.facts([m.seed for m in members]), arrangement.rates(shapes)
        self._packed = _Packed(
            arrangement,
            setting,
            [tf.constant(array) for array in state],
            {name: tf.constant(value) for name, value in facts.items()},
            {name: tf.constant(value) for name, value in rates.items()},
        )

    def epoch(self, deadline: float | None = None) -> bool:
        """Train one epoch; return False if the deadline cut it.

        A network whose loss is not finite has no part in the others; it is computed along until the end.

        Args:
            deadline: a moment of `time.monotonic`.
        """
        import tensorflow as tf

        begun, first = round(self.epochs), 0
        order = tf.constant(self._rng.permutation(self._rows).astype(np.int32))
        total = np.zeros(len(self.members))
        while first < self._batches:
            started = time.monotonic()
            if deadline is not None and started >= deadline:
                return False
            last = self._batches if deadline is None else min(first + self._pacing.stretch, self._batches)
            total += self.stretch(order, first, last, begun * self._batches)
            self._pacing.learn(last - first, time.monotonic() - started)
            self.broken[~np.isfinite(total) & (self.broken == 0)] = begun + 1
            self.epochs = begun + last / self._batches
            first = last
        self.losses.append(total / self._rows)
        return True

    def stretch(self, order: Any, first: int, last: int, steps: int) -> np.ndarray:
        """Train some batches; return the sum of each network's losses over their rows, (networks,).

        Args:
            order: of the rows, (rows,).
            first: batch of that order to begin with.
            last: batch to end before.
            steps: that were taken before this epoch.
        """
        p = self._packed
        p.state, total = self._programs.run(
            p.setting, p.state, p.facts, p.rates, order, batches=(first, last, steps)
        )
        return np.asarray(total, np.float64)[list(p.arrangement.rows)]

    def layers(self) -> list[Layers]:
        """Return the weights of each network."""
        p = self._packed
        per, names = 1 + self._rule.moments, tuple(p.setting.form.trained)
        arrays = {name: np.asarray(p.state[i * per]) for i, name in enumerate(names)}
        held = p.state[len(names) * per :]
        arrays |= {name: np.asarray(a) for name, a in zip(p.setting.form.moving, held, strict=True)}
        return [p.arrangement.unpacked(arrays, i, m.layers) for i, m in enumerate(self.members)]

    def moments(self) -> list[tuple[Layers, ...]]:
        """Return the moments of each network."""
        p = self._packed
        per, names = 1 + self._rule.moments, tuple(p.setting.form.trained)
        each = [
            {name: np.asarray(p.state[i * per + number]) for i, name in enumerate(names)}
            for number in range(1, per)
        ]
        return [
            tuple(p.arrangement.unpacked(arrays, i, zeros(m.recipe)) for arrays in each)
            for i, m in enumerate(self.members)
        ]
