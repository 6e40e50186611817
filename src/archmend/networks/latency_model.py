"""How long a network's forward pass will take, from its layers' shapes, before it is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from archmend.spaces import Architecture, Space
from archmend.spaces.layers import Network, describe

Shape = Mapping[str, float]
"""What of a network costs time, by name; see `shape_of`."""
FAMILIES = ("fc", "conv")
"""Whose networks are measured: of others, as recurrent ones, their layers' shapes would not say enough."""
_FOLDS = 8
_SURE = 0.9
"""How much below the smallest ratio that was seen between measured and predicted a network may still be."""


class LatencyModel(BaseModel):
    """Milliseconds as a sum over what a network has, fitted on networks that were measured on one machine.

    Attributes:
        coefficients: milliseconds for one of each part of `shape_of`, none of them negative.
        highest: the largest of each part that was measured.
        error_median, error_p95: of |predicted / measured - 1| over networks that the fit did not see.
        least_ratio: a network takes at least this part of what is predicted.
        networks: that were measured. machine: where, in words.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    coefficients: dict[str, float]
    highest: dict[str, float]
    error_median: float
    error_p95: float
    least_ratio: float
    networks: int
    machine: str

    def predicted(self, shape: Shape) -> float:
        """Return the milliseconds that a network of this shape takes by the fit."""
        return sum(each * shape[part] for part, each in self.coefficients.items())

    def least(self, shape: Shape) -> float:
        """Return the milliseconds that it takes at least.

        Beyond what was measured nothing is known but that more does not take less: a larger network counts
        as one of the largest parts measured.
        """
        within = {part: min(number, self.highest[part]) for part, number in shape.items()}
        return self.least_ratio * self.predicted(within)


def shape_of(network: Network) -> dict[str, float]:
    """Return what of a network costs time: calls, layers by kind, and numbers by what is done with them.

    A single row goes through, so that a dense layer waits for its weights to come from memory, and a
    convolution for its products.
    """
    dense = [layer for layer in network.layers if layer.positions == 1]
    spread = [layer for layer in network.layers if layer.positions > 1]
    return {
        "call": 1.0,
        "dense_layers": float(len(dense)),
        "dense_weights": float(sum(layer.inputs * layer.units for layer in dense)),
        "convolutions": float(len(spread)),
        "convolution_products": float(sum(la.inputs * la.units * la.positions for la in spread)),
        "outputs": float(sum(layer.units * layer.positions for layer in network.layers)),
        "normalizations": float(sum(layer.normalized for layer in network.layers)),
    }


def fit_latency(measured: Sequence[tuple[Shape, float]], machine: str) -> LatencyModel:
    """Return the model of networks that were measured, with its error on networks that it did not see.

    Non-negative least squares on relative errors (Lawson and Hanson 1974), since a part that saves time
    would be a fault of the fit. The error is cross-validated, each network left out once.

    Args:
        measured: shapes and milliseconds, at least 16 of them.
        machine: on which, in words.
    """
    parts = list(measured[0][0])
    shapes = np.array([[shape[part] for part in parts] for shape, _ in measured])
    taken = np.array([milliseconds for _, milliseconds in measured])
    ratios = np.empty(len(taken))
    for fold in range(_FOLDS):
        left_out = np.arange(len(taken)) % _FOLDS == fold
        ratios[left_out] = taken[left_out] / (shapes[left_out] @ _fitted(shapes[~left_out], taken[~left_out]))
    errors = np.abs(1 / ratios - 1)
    return LatencyModel(
        coefficients=dict(zip(parts, _fitted(shapes, taken).tolist(), strict=True)),
        highest=dict(zip(parts, shapes.max(axis=0).tolist(), strict=True)),
        error_median=round(float(np.median(errors)), 4),
        error_p95=round(float(np.percentile(errors, 95)), 4),
        least_ratio=round(min(1.0, _SURE * float(ratios.min())), 4),
        networks=len(taken),
        machine=machine,
    )


def with_least_latency(space: Space, model: LatencyModel) -> Space:
    """Return the space with one more cost, `least_latency_ms`: no strategy proposes what that is too slow by.

    Args:
        space: which says what network each architecture is, see `knows_latency`.
        model: of the machine that measures.
    """

    def cost(architecture: Architecture) -> Mapping[str, float]:
        network = describe(space, architecture)
        known = space.cost(architecture)
        return known if network is None else {**known, "least_latency_ms": model.least(shape_of(network))}

    return space.with_cost(cost)


def knows_latency(space: Space) -> bool:
    """Whether the networks of a space are of a kind that was measured, built by archmend."""
    return space.family in FAMILIES and space.build is None and describe(space, space.example()) is not None


def errors_on(
    model: LatencyModel, space: Space, measured: Sequence[tuple[Architecture, float]]
) -> tuple[float, float] | None:
    """Return median and 95th percentile of the relative error on measured architectures, None without any."""
    networks = ((describe(space, architecture), taken) for architecture, taken in measured)
    errors = [abs(model.predicted(shape_of(n)) / taken - 1) for n, taken in networks if n is not None]
    if not errors:
        return None
    median, high = np.percentile(errors, [50, 95])
    return round(float(median), 4), round(float(high), 4)


def _fitted(shapes: np.ndarray, taken: np.ndarray) -> np.ndarray:
    from scipy.optimize import nnls

    # Of one size, for the parts are counted in ones and in millions.
    sizes = np.maximum(shapes.max(axis=0), 1.0)
    found, _ = nnls(shapes / sizes / taken[:, None], np.ones(len(taken)))
    coefficients: np.ndarray = found / sizes
    return coefficients
