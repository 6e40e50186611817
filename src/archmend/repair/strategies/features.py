"""What a learned strategy reads of a faulty training: a fixed vector of numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from archmend.repair.values import LayerStatistics, Symptom, TrainingStatistics

SYMPTOMS = (
    "exploding",
    "vanishing",
    "dying",
    "saturated",
    "entropy_collapse",
    "zero_initialization",
    "symmetric_initialization",
    "wrong_output",
    "wrong_loss",
    "softmax_hidden",
    "unscaled_input",
    "labels_outside",
    "learning_rate_high",
    "learning_rate_low",
    "slow_convergence",
    "plateau",
    "oscillation",
    "overfitting",
    "bottleneck",
    "class_collapse",
    "weight_decay",
    "heavy_dropout",
    "plasticity_loss",
)
ACTIVATIONS = ("relu", "sigmoid", "tanh", "elu", "selu", "softmax", "linear")
OPTIMIZERS = ("Adam", "SGD", "RMSprop")
LARGEST = 12.0
"""Logarithms are cut here, and what is not finite counts as the largest."""
RECENT = 5
"""Epochs over which a trend is told."""


def features(symptom: Symptom, statistics: TrainingStatistics) -> dict[str, float]:
    """Return the features by name, all finite; the same names in the same order for any network."""
    found: dict[str, float] = {f"symptom_{name}": float(symptom.name == name) for name in SYMPTOMS}
    found["confidence"] = symptom.confidence
    found |= _moment(statistics)
    found |= _signal(statistics)
    found |= _network(statistics)
    found |= _course(statistics)
    return {name: _finite(value) for name, value in found.items()}


def names() -> tuple[str, ...]:
    """Return the features' names."""
    return tuple(features(Symptom("none"), TrainingStatistics(0, 0, 0, 1, 1)))


def _moment(s: TrainingStatistics) -> dict[str, float]:
    return {
        "steps": math.log1p(s.steps),
        "share_done": s.epoch / max(s.epochs, 1),
        "steps_left": math.log1p(max(s.epochs - s.epoch, 0) * s.batches_per_epoch),
        "learning_rate": _log10(s.learning_rate),
        "chance": s.chance if s.chance == s.chance else 0.0,
    }


def _signal(s: TrainingStatistics) -> dict[str, float]:
    hidden = s.hidden
    first, last = (s.layers[0], s.layers[-1]) if s.layers else (None, None)
    return {
        "entropy_least": min(_told(layer.entropy for layer in hidden), default=0.0),
        "entropy_mean": _mean(layer.entropy for layer in hidden),
        "dormant_most": max(_told(layer.dormant for layer in hidden), default=0.0),
        "dormant_mean": _mean(layer.dormant for layer in hidden),
        "inactive_most": max(_told(layer.inactive for layer in hidden), default=0.0),
        "inactive_mean": _mean(layer.inactive for layer in hidden),
        "saturated_most": max(_told(layer.saturated for layer in hidden), default=0.0),
        "rank_least": min(_told(layer.rank / max(layer.units, 1) for layer in hidden), default=0.0),
        "scale_most": max((_log10(layer.scale) for layer in hidden), default=0.0),
        "not_finite": float(any(not layer.finite for layer in s.layers)),
        "gradient_first": _gradient(first),
        "gradient_last": _gradient(last),
        "input_scale": _log10(first.input_scale) if first is not None else 0.0,
        "loss_now": _log10(last.loss) if last is not None else 0.0,
        "commonest": last.commonest if last is not None else 0.0,
        "decay": max((_log10(layer.decay_norm) for layer in s.layers), default=-LARGEST),
    }


def _network(s: TrainingStatistics) -> dict[str, float]:
    hidden, described = s.hidden, s.description
    count = max(len(hidden), 1)
    widths = [layer.units for layer in hidden if layer.units > 0]
    found = {
        "depth": float(len(hidden)),
        "width_least": math.log2(min(widths, default=1)),
        "width_most": math.log2(max(widths, default=1)),
        "normalized": sum(layer.normalized for layer in hidden) / count,
    }
    found |= {
        f"activation_{name}": sum(layer.activation == name for layer in hidden) / count
        for name in ACTIVATIONS
    }
    optimizer = "" if described is None else described.optimizer
    found |= {f"optimizer_{name}": float(optimizer == name) for name in OPTIMIZERS}
    found["dropout"] = max((rate for _, rate in described.dropouts), default=0.0) if described else 0.0
    return found


def _course(s: TrainingStatistics) -> dict[str, float]:
    recent = s.history[-RECENT:]
    last = recent[-1] if recent else None
    losses = s.losses
    return {
        "batches_fall": _log10(losses[0]) - _log10(losses[-1]) if losses else 0.0,
        "accuracy": last.accuracy if last else 0.0,
        "val_accuracy": last.val_accuracy if last else 0.0,
        "gap": last.accuracy - last.val_accuracy if last else 0.0,
        "loss_fall": _log10(recent[0].loss) - _log10(recent[-1].loss) if recent else 0.0,
        "val_loss_fall": _log10(recent[0].val_loss) - _log10(recent[-1].val_loss) if recent else 0.0,
    }


def _gradient(layer: LayerStatistics | None) -> float:
    return 0.0 if layer is None else _log10(layer.gradient_norm) - _log10(layer.weight_norm)


def _log10(value: float) -> float:
    if not math.isfinite(value):
        return LARGEST if value == math.inf else 0.0
    return max(-LARGEST, min(LARGEST, math.log10(value))) if value > 0 else -LARGEST


def _told(values: Iterable[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def _mean(values: Iterable[float]) -> float:
    told = _told(values)
    return float(np.mean(told)) if told else 0.0


def _finite(value: float) -> float:
    return float(np.clip(np.nan_to_num(value, nan=0.0, posinf=LARGEST, neginf=-LARGEST), -1e3, 1e3))
