"""Random networks of a space, all trained alike, and remembered in a file where one is given."""

from __future__ import annotations

import argparse
import gc
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from archmend.datasets import encode, open_data
from archmend.spaces import Architecture, Space, create_space
from archmend.spaces.layers import Network, describe


@dataclass(frozen=True)
class Trained:
    """An architecture, the network that it describes, what it costs, and its accuracy on rows held out."""

    architecture: Architecture
    network: Network
    params: float
    accuracy: float


class Laboratory:
    """Trains the networks of one space on one data set, each for the same epochs over the same rows.

    Attributes:
        space: of the networks.
    """

    def __init__(self, data: str, options: argparse.Namespace) -> None:
        """Read the data; TensorFlow is loaded when the first network is trained."""
        # One function a network is what this does; TensorFlow takes it for one that is traced too often.
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
        prepared = open_data(data)
        info = prepared.info
        rows = np.random.default_rng(0).permutation(len(prepared.train.y))[: options.rows or None]
        self._x, self._y = encode(info.encoding, prepared.train.x)[rows], prepared.train.y[rows]
        # Nothing is chosen by either part, so both say what a network is worth.
        held_out = (prepared.validation, prepared.test)
        self._held_x = np.concatenate([encode(info.encoding, part.x) for part in held_out])
        self._held_y = np.concatenate([part.y for part in held_out])
        self.space: Space = create_space(
            options.space, input_shape=info.encoded_shape, classes=len(info.classes)
        )
        self._epochs, self._file = options.epochs, options.trained
        self._setting = [data.rpartition("/")[2], options.space, len(rows), options.epochs]
        self._known: dict[str, float] = {}
        if self._file is not None and self._file.exists():
            found = (json.loads(line) for line in self._file.read_text().splitlines())
            self._known = {
                row["network"]: row["accuracy"] for row in found if row["setting"] == self._setting
            }

    def random(self, seed: int, *, learning_rate: float | None = None) -> Iterator[Architecture]:
        """Yield random architectures without an end, none twice; with a learning rate, all with that one."""
        rng, seen = np.random.default_rng(seed), set[Architecture]()
        while True:
            drawn = self.space.sample(rng)
            if learning_rate is not None:
                drawn = self.space.architecture({**drawn, "learning_rate": learning_rate})
            if drawn not in seen:
                seen.add(drawn)
                yield drawn

    def trained(self, architecture: Architecture, seed: int = 0) -> Trained:
        """Return the architecture with its accuracy; 0 where the loss was not finite."""
        name = f"{architecture}#{seed}"
        if name not in self._known:
            self._known[name] = self._accuracy(architecture, seed)
            if self._file is not None:
                row = {"setting": self._setting, "network": name, "accuracy": round(self._known[name], 5)}
                with self._file.open("a") as stream:
                    stream.write(json.dumps(row) + "\n")
        network = describe(self.space, architecture)
        assert network is not None
        return Trained(architecture, network, self.space.cost(architecture)["params"], self._known[name])

    @cached_property
    def _on_device(self) -> Any:
        """The rows to train on and those held out, moved once: what is compiled holds on to them."""
        from archmend.training.fitting import DeviceRows

        return DeviceRows(self._x, self._y), DeviceRows(self._held_x, self._held_y)

    def _accuracy(self, architecture: Architecture, seed: int) -> float:
        import keras

        from archmend.networks import build
        from archmend.training.fitting import Fitting, NotFiniteError, predict

        train, held_out = self._on_device
        model = build(self.space, architecture, seed=seed)
        fitting = Fitting(model, train, batch_size=32, seed=seed)
        try:
            for _ in range(self._epochs):
                fitting.epoch()
            answers = predict(model, held_out).argmax(axis=1)
        except NotFiniteError:
            return 0.0
        finally:
            keras.backend.clear_session()
            gc.collect()
        return float((answers == self._held_y).mean())


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add what says which networks are trained, and how."""
    parser.add_argument("--space", default="fc", choices=("fc", "conv"))
    parser.add_argument("--networks", type=int, default=100, help="random ones (default: 100)")
    parser.add_argument("--epochs", type=int, default=10, help="of each (default: 10)")
    parser.add_argument("--rows", type=int, default=0, help="of the training part; 0 is all (default)")
    parser.add_argument("--trained", type=Path, help="file that remembers what was trained; made if missing")
