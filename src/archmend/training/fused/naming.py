"""A network's arrays under the names that `weights_of` and `state_of` give them, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from archmend.training.fused.initial import Layers

_NORMALIZATION = ("gamma", "beta", "mean", "variance")


def named(layers: Layers) -> dict[str, np.ndarray]:
    """Return weights by place: class and number of the layer, number of the variable."""
    return {name: layers[number][part] for number, part, name in _names(layers)}


def layers_of(weights: Mapping[str, np.ndarray], like: Layers) -> Layers:
    """Return weights by layer, of the parts that `like` has."""
    found: Layers = [{} for _ in like]
    for number, part, name in _names(like):
        found[number][part] = np.asarray(weights[name])
    return found


def _names(layers: Layers) -> Iterator[tuple[int, str, str]]:
    seen: Counter[str] = Counter()
    for number, layer in enumerate(layers):
        kind = "output" if number == len(layers) - 1 else "Dense" if layer["kernel"].ndim == 2 else "Conv2D"
        seen[kind] += 1
        yield number, "kernel", f"{kind}-{seen[kind]}-0"
        yield number, "bias", f"{kind}-{seen[kind]}-1"
        if "gamma" in layer:
            seen["BatchNormalization"] += 1
            for i, part in enumerate(_NORMALIZATION):
                if part in layer:
                    yield number, part, f"BatchNormalization-{seen['BatchNormalization']}-{i}"


def state(steps: int, moments: Sequence[Layers], dropout: Sequence[int]) -> dict[str, np.ndarray]:
    """Return what `state_of` adds to the weights.

    Args:
        steps: of the optimiser.
        moments: of each trainable array.
        dropout: seeds of the layers' generators.
    """
    kept: list[np.ndarray] = [np.asarray(steps, np.int64)]
    for layers in zip(*moments, strict=True):
        for part in layers[0]:
            kept += [layer[part] for layer in layers]
    found = {f"optimizer-{number}": value for number, value in enumerate(kept)}
    generators = {f"random-{i}": np.asarray([seed, steps], np.uint32) for i, seed in enumerate(dropout)}
    return found | generators


def moments_of(held: Mapping[str, np.ndarray], count: int, like: Layers) -> list[Layers]:
    """Return the moments that a state holds, as many of each trainable array as the rule has."""
    moments: list[Layers] = [[{} for _ in like] for _ in range(count)]
    number = 1
    for layer, parts in enumerate(like):
        for part in parts:
            for one in moments:
                one[layer][part] = np.asarray(held[f"optimizer-{number}"])
                number += 1
    return moments
