"""What a learned strategy reads of a faulty training: a fixed vector of numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from archmend.repair.values import Description, LayerStatistics, Symptom, TrainingStatistics

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
HEADS = ("softmax", "sigmoid", "linear")
KINDS = ("index", "onehot", "binary", "other")
CERTAIN = 0.9
"""Confidence from which a symptom counts as certain: such a fault of structure is treated in another way."""
LARGEST = 12.0
"""Logarithms are cut here, and what is not finite counts as the largest."""
RECENT = 5
"""Epochs over which a trend is told."""


def features(symptom: Symptom, statistics: TrainingStatistics) -> dict[str, float]:
    """Return the features by name, all finite; the same names in the same order for any network."""
    found: dict[str, float] = {f"symptom_{name}": float(symptom.name == name) for name in SYMPTOMS}
    found["confidence"] = symptom.confidence
    found["certain"] = float(symptom.confidence >= CERTAIN)
    found["fatal"] = float(symptom.fatal)
    found |= _place(symptom, statistics)
    found |= _moment(statistics)
    found |= _signal(statistics)
    found |= _network(statistics)
    found |= _setting(statistics)
    found |= _course(statistics)
    return {name: _finite(value) for name, value in found.items()}


def names() -> tuple[str, ...]:
    """Return the features' names."""
    return tuple(features(Symptom("none"), TrainingStatistics(0, 0, 0, 1, 1)))


def _place(symptom: Symptom, s: TrainingStatistics) -> dict[str, float]:
    """Where the symptom shows, and how the layer looks there; zeros for a symptom of the whole network."""
    names = [layer.name for layer in s.layers]
    there = names.index(symptom.layer) if symptom.layer in names else None
    layer = None if there is None else s.layers[there]
    return {
        "whole": float(layer is None),
        "depth_there": 0.0 if there is None else (there + 1) / len(names),
        "output_there": float(layer is not None and layer.output),
        "entropy_there": 0.0 if layer is None else layer.entropy,
        "inactive_there": 0.0 if layer is None else layer.inactive,
        "gradient_there": _gradient(layer),
    }


def _moment(s: TrainingStatistics) -> dict[str, float]:
    return {
        "steps": math.log1p(s.steps),
        "share_done": s.epoch / max(s.epochs, 1),
        "steps_left": math.log1p(max(s.epochs - s.epoch, 0) * s.batches_per_epoch),
        "batches_per_epoch": math.log1p(s.batches_per_epoch),
        "validation_rows": math.log1p(s.validation_rows),
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
    hidden = s.hidden
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
    return found


def _setting(s: TrainingStatistics) -> dict[str, float]:
    described = s.description or Description()
    found = {f"optimizer_{name}": float(described.optimizer == name) for name in OPTIMIZERS}
    found |= {f"head_{name}": float(described.activation == name) for name in HEADS}
    found |= {f"labels_{name}": float(described.kind == name) for name in KINDS}
    return {
        **found,
        "head_units": math.log2(max(described.units, 1)),
        "from_logits": float(described.from_logits),
        "dropout": max((rate for _, rate in described.dropouts), default=0.0),
        "penalty": max((_log10(factor) for _, factor in described.penalties), default=-LARGEST),
        "optimizer_decay": described.decay,
    }


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
