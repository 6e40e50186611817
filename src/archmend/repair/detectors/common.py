"""What several detectors ask of the layers."""

from __future__ import annotations

from collections.abc import Sequence

from archmend.repair.values import LayerStatistics

COLLAPSE = 1e-3
"""Layer batch entropy in nats below which a layer's output no longer depends on its input. Calibrated before
the first step: vanishing 5e-11 and less, dying 4e-4 and less, the lowest healthy layer above 1e-2."""


def collapsed_layer(layers: Sequence[LayerStatistics]) -> tuple[str, dict[str, float]] | None:
    """Return the first layer whose entropy has collapsed, with the evidence; None where none has.

    A layer that started small (unscaled input) counts only by what is lost on the way to it.
    """
    entropies = [layer for layer in layers if layer.entropy == layer.entropy]
    if not entropies:
        return None
    limit = min(COLLAPSE, COLLAPSE * max(layer.entropy for layer in entropies) * 10)
    for layer in entropies:
        if layer.entropy <= limit:
            return layer.name, {"entropy": layer.entropy, "limit": limit}
    return None


def first_and_last(layers: Sequence[LayerStatistics]) -> tuple[LayerStatistics, LayerStatistics]:
    """Return the layers next to the input and to the output."""
    return layers[0], layers[-1]
