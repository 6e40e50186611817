"""R, what a case could reach: known for the drawn data, else a healthy network's accuracy, trained once."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from benchmarks.repair.case import Case
from benchmarks.repair.cases import seeds
from benchmarks.repair.data import parts
from benchmarks.repair.healthy import INITIALIZERS, OUTPUT, dense
from benchmarks.repair.network import build
from benchmarks.repair.published_data import IMAGES
from benchmarks.repair.training import Training

BAYES = {"circle": 0.841, "circle_scaled": 0.841, "blob": 0.823}
HE = INITIALIZERS["relu"]
SCORED_EVERY = 5
"""Epochs between two scores of a reference's training, besides its last."""


def plane_network(case: Case) -> Case:
    """Return 2-32-32 with ReLU and He's initialisation, trained as the case is."""
    units, activation, loss = (
        (1, "sigmoid", "binary_crossentropy")
        if case.data.startswith("circle")
        else (3, "softmax", "categorical_crossentropy")
    )
    return replace(case, layers=(dense(32, "relu"), dense(32, "relu"), dense(units, activation)), loss=loss)


class References:
    """R of each case; what has to be trained is kept in a folder."""

    def __init__(self, out: Path, folder: Path, numbers: Sequence[int] | None = None) -> None:
        """Keep trained references below `out`; `numbers` are the seeds, None for each case's own."""
        self._kept, self._folder, self._numbers = out / "references", folder, numbers

    def of(self, case: Case, *, train: bool = True) -> float | None:
        """Return R; None where it would have to be trained and `train` is False."""
        if case.data in BAYES:
            return BAYES[case.data]
        found = [
            self._curve(self.network(case), seed, case.epochs, train=train)
            for seed in (self._numbers if self._numbers is not None else seeds(case))
        ]
        return None if None in found else float(np.mean(found))

    @staticmethod
    def network(case: Case) -> Case:
        """Return the healthy network that R is measured with."""
        if case.data in IMAGES:
            return _image_network(case)
        return case.healthy or case

    def _curve(self, network: Case, seed: int, epochs: int, *, train: bool) -> float | None:
        """Return the accuracy after so many epochs; a shorter training is the start of a longer one."""
        path = self._kept / f"{network.id}.{seed}.json"
        known: dict[str, float] = json.loads(path.read_text()) if path.exists() else {}
        if str(epochs) in known:
            return known[str(epochs)]
        if not train:
            return None
        training = Training(build(network, seed), parts(network, self._folder), network.batch_size, seed)
        curve = {}
        for epoch in range(1, epochs + 1):
            training.epoch()
            if epoch % SCORED_EVERY == 0 or epoch == epochs:
                curve[str(epoch)] = round(training.score(), 5)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}.part")
        unfinished.write_text(json.dumps(known | curve))
        unfinished.replace(path)
        return curve[str(epochs)]


def _image_network(case: Case) -> Case:
    convolutional = any(layer["type"] == "Conv2D" for layer in case.layers)
    body = _convolutions() if convolutional else (dense(128, "relu"), dense(64, "relu"))
    shape = case.input_shape if convolutional else (int(np.prod(case.input_shape)),)
    return replace(
        case,
        id=f"{case.data}-{'conv' if convolutional else 'dense'}",
        layers=(*body, {**dense(10, "softmax"), "kernel_initializer": OUTPUT}),
        input_shape=shape,
        optimizer={"name": "Adam", "kwargs": {"learning_rate": 1e-3}},
        loss="categorical_crossentropy",
        batch_size=32,
    )


def _convolutions() -> tuple[dict[str, object], ...]:
    layers: list[dict[str, object]] = []
    for filters in (16, 32):
        conv = {"type": "Conv2D", "filters": filters, "kernel_size": [3, 3], "padding": "same"}
        layers.append({**conv, "activation": "relu", "kernel_initializer": HE})
        layers.append({"type": "MaxPooling2D", "pool_size": [2, 2]})
    return (*layers, {"type": "Flatten"}, dense(64, "relu"))
