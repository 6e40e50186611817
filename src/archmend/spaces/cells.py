"""Cells of six edges with five operations each, stacked, after NAS-Bench-201 (Dong and Yang, ICLR 2020)."""

from __future__ import annotations

from archmend.spaces import costs
from archmend.spaces.choice import Choice
from archmend.spaces.conv import refuse_no_images
from archmend.spaces.declared import Item
from archmend.spaces.family import LEARNING_RATE, Family, Rows, Values, one_of, whole
from archmend.spaces.layers import Layer, Network, classifying

OPERATIONS = ("none", "skip", "conv1x1", "conv3x3", "avgpool3x3")
NODES = 4
EDGES = tuple((source, target) for target in range(1, NODES) for source in range(target))
"""From node to node; node 0 is the cell's input, the last one its output."""


def edge_name(source: int, target: int) -> str:
    """Return the name of the choice of an edge."""
    return f"edge_{source}_{target}"


def living_edges(a: Values) -> tuple[tuple[int, int, str], ...]:
    """Return the edges that lie on a way from the cell's input to its output, with their operations.

    What nothing flows into, or out of, changes no prediction: it is neither built nor counted.
    """
    chosen = [(s, t, str(a[edge_name(s, t)])) for s, t in EDGES]
    held = [edge for edge in chosen if edge[2] != "none"]
    reached = {0}
    for source, target, _ in held:  # in the order of targets, so one pass is enough
        if source in reached:
            reached.add(target)
    leads = {NODES - 1}
    for source, target, _ in sorted(held, key=lambda edge: -edge[1]):
        if target in leads:
            leads.add(source)
    return tuple(edge for edge in held if edge[0] in reached and edge[1] in leads)


def _layers(a: Values, rows: Rows) -> costs.Cost:
    height, width, inputs = rows.shape
    channels = int(a["channels"])
    total = costs.conv2d(3, inputs, channels, height, width, bias=False) + costs.normalization(channels)
    for stage in range(int(a["stages"])):
        if stage:
            height, width = (height + 1) // 2, (width + 1) // 2
            total += _reduction(channels, height, width)
            channels *= 2
        for _ in range(int(a["cells"])):
            for _, _, operation in living_edges(a):
                if operation.startswith("conv"):
                    kernel = int(operation[-1])
                    total += costs.conv2d(kernel, channels, channels, height, width, bias=False)
                    total += costs.normalization(channels)
    return total + costs.normalization(channels) + costs.dense(channels, rows.classes)


def _reduction(channels: int, height: int, width: int) -> costs.Cost:
    doubled = 2 * channels
    return (
        costs.conv2d(3, channels, doubled, height, width, bias=False)
        + costs.normalization(doubled)
        + costs.conv2d(3, doubled, doubled, height, width, bias=False)
        + costs.normalization(doubled)
        + costs.conv2d(1, channels, doubled, height, width, bias=False)
    )


def _network(a: Values, rows: Rows) -> Network:
    height, width, inputs = rows.shape
    channels, shares = int(a["channels"]), _shares(a)
    layers = [_beside(3, inputs, channels, height * width, 1.0)]
    for stage in range(int(a["stages"])):
        if stage:
            # A residual block, whose other path has one kernel that only changes the size.
            height, width = (height + 1) // 2, (width + 1) // 2
            for inputs in (channels, 2 * channels):
                layers.append(_beside(3, inputs, 2 * channels, height * width, 0.5))
            channels *= 2
        for _ in range(int(a["cells"])):
            for operation, share in shares:
                if operation.startswith("conv"):
                    layers.append(_beside(int(operation[-1]), channels, channels, height * width, share))
    return classifying(a, layers if shares else [], channels, rows.classes)


def _beside(kernel: int, inputs: int, units: int, positions: int, share: float) -> Layer:
    # What comes behind differs from path to path, so the kernel's own inputs stand for the width.
    total = kernel**2 * inputs
    return Layer(total, units, positions, "relu", True, share=share, width=total)


def _shares(a: Values) -> list[tuple[str, float]]:
    """Return the operations of a cell through which anything flows, each with its share of the paths."""
    edges = living_edges(a)
    ahead, behind = [1, *[0] * (NODES - 1)], [*[0] * (NODES - 1), 1]
    for source, target, _ in sorted(edges, key=lambda edge: edge[1]):
        ahead[target] += ahead[source]
    for source, target, _ in sorted(edges, key=lambda edge: -edge[0]):
        behind[source] += behind[target]
    return [(operation, ahead[s] * behind[t] / behind[0]) for s, t, operation in edges]


FAMILY = Family(
    "cells",
    "images",
    Rows((28, 28, 1), 10),
    (
        *(one_of(edge_name(*edge), *OPERATIONS) for edge in EDGES),
        whole("channels", 1, usual=16),
        whole("stages", 1, usual=3),
        whole("cells", 1, usual=1),
        LEARNING_RATE,
    ),
    _layers,
    refuse_no_images,
    network=_network,
)

CELLS: tuple[Item, ...] = tuple(Choice(edge_name(*edge), OPERATIONS) for edge in EDGES)
"""The operation of each of the six edges: 15,625 cells. Three stages of one cell, from 16 channels on."""
