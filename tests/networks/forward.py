"""What a network of stages computes, in NumPy: so that many pairs of networks are compared in no time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from archmend.networks.stages import Stage

_ACTIVATIONS = {
    "relu": lambda z: np.maximum(z, 0.0),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0.0))),
    "tanh": np.tanh,
    "softmax": lambda z: (
        np.exp(z - z.max(-1, keepdims=True)) / np.exp(z - z.max(-1, keepdims=True)).sum(-1, keepdims=True)
    ),
}


def drawn(
    stages: Sequence[Stage], input_shape: tuple[int, ...], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return weights as training might leave them: no offset or statistic is the initial one."""
    found = {}
    shape = input_shape
    for stage in stages:
        if stage.kind == "conv":
            kernel: tuple[int, ...] = (stage.size, stage.size, shape[-1], stage.units)
            assert stage.grid is not None
            shape = (*stage.grid, stage.units)
        else:
            kernel = (int(np.prod(shape)), stage.units)
            shape = (stage.units,)
        fan_in = np.prod(kernel[:-1])
        found[f"{stage.place}-0"] = rng.normal(size=kernel) * np.sqrt(2 / fan_in)
        found[f"{stage.place}-1"] = rng.normal(size=stage.units) * 0.3
        if stage.normalizer:
            for number, part in enumerate(("scale", "offset", "mean", "variance")):
                positive = part in ("scale", "variance")
                value = rng.uniform(0.3, 2.0, stage.units) if positive else rng.normal(size=stage.units) * 0.5
                found[f"{stage.normalizer}-{number}"] = value
    return found


def outputs(stages: Sequence[Stage], weights: Mapping[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Return the network's output for the rows."""
    values = rows
    for stage in stages:
        kernel, bias = (weights[f"{stage.place}-{i}"] for i in range(2))
        if stage.kind == "conv":
            values = _convolved(values, kernel, stage.stride) + bias
        else:
            values = values.reshape(len(values), -1) @ kernel + bias
        if stage.normalizer:
            scale, offset, mean, variance = (weights[f"{stage.normalizer}-{i}"] for i in range(4))
            values = (values - mean) / np.sqrt(variance + stage.epsilon) * scale + offset
        values = _ACTIVATIONS[stage.activation](values)
        if stage.pool:
            values = _halved(values)
    return values


def _convolved(values: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    size = kernel.shape[0]
    sides = [-(-side // stride) for side in values.shape[1:3]]
    margins = [
        max((out - 1) * stride + size - side, 0) for out, side in zip(sides, values.shape[1:3], strict=True)
    ]
    padding = [(0, 0), *((margin // 2, margin - margin // 2) for margin in margins), (0, 0)]
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, padding), (size, size), axis=(1, 2))
    windows = windows[:, ::stride, ::stride][:, : sides[0], : sides[1]]
    return np.einsum("nyxcij,ijco->nyxo", windows, kernel)


def _halved(values: np.ndarray) -> np.ndarray:
    padding = [(0, 0), *((0, side % 2) for side in values.shape[1:3]), (0, 0)]
    padded = np.pad(values, padding, constant_values=-np.inf)
    n, height, width, units = padded.shape
    return padded.reshape(n, height // 2, 2, width // 2, 2, units).max(axis=(2, 4))
