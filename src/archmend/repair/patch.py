"""What to change in the user's own code so that the network had been right from the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from archmend.repair.blocks import blocks_of, consumers
from archmend.repair.remedies import REMEDIES
from archmend.repair.remedies.optimizers import inner, matching_initializer

RENEWED = frozenset(
    {
        "reinitialize",
        "reinitialize_layer",
        "activation_relu",
        "activation_elu",
        "activation_selu",
        "hidden_softmax_to_relu",
        "widen_to_depth",
    }
)
"""Remedies that give kernels and biases other values and leave no trace of that in a configuration."""
RATES = frozenset(
    {
        "set_learning_rate",
        "lower_learning_rate",
        "raise_learning_rate",
        "warm_up",
        "cosine_schedule",
        "optimizer_adam",
        "optimizer_sgd",
    }
)
"""Remedies that set the learning rate."""
ZEROS = keras.initializers.Zeros()
_OF_NO_CODE = frozenset({"name", "trainable", "dtype", "seed", "build_config", "shared_object_id"})


def suggested_patch(
    before: Any,
    after: Any,
    *,
    kept: Sequence[str] = (),
    batch_sizes: tuple[int | None, int | None] = (None, None),
) -> tuple[str, ...]:
    """Return one line a change, each in the words of Keras's own arguments.

    Args:
        before: the user's compiled model.
        after: the repaired one.
        kept: names of the remedies that were kept.
        batch_sizes: rows a step before and after.
    """
    lines = [*_inputs(before, after), *_layers(before, after)]
    lines += _initializers(before, after, set(kept))
    lines += _loss(before, after) + _optimizer(before, after, _sets_rate(kept))
    first, last = batch_sizes
    if first is not None and last is not None and first != last:
        lines.append(f"fit: batch_size={last} instead of {first}")
    return tuple(dict.fromkeys(lines))


def _inputs(before: Any, after: Any) -> list[str]:
    """Name the new layers, each with what it comes after."""
    there = {layer.name for layer in before.layers}
    source = {follower: name for name, found in consumers(after).items() for follower in found}
    found = []
    for layer in after.layers:
        if layer.name in there or isinstance(layer, keras.layers.InputLayer):
            continue
        place = source.get(layer.name)
        if place in there:
            where = f"after {place!r}"
        else:
            where = "at the start" if place is None or _is_input(after, place) else f"after the new {place!r}"
        found.append(f"add {_made(layer)} {where}{_adapted(after, layer, place)}")
    return found


def _adapted(after: Any, layer: Any, place: str | None) -> str:
    """Return how a layer gets what it holds of the training rows, which no argument of it says."""
    if not isinstance(layer, keras.layers.Normalization):
        return ""
    rows = f"x_train[{place!r}]" if place is not None and len(after.inputs) > 1 else "x_train"
    return f", and call its .adapt({rows}) before fit"


def _layers(before: Any, after: Any) -> list[str]:
    """Name the arguments of layers that are others now, and the layers that are gone."""
    there = {layer.name: layer for layer in after.layers}
    gone, changed = [], []
    for layer in before.layers:
        twin = there.get(layer.name)
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if twin is None:
            gone.append(f"leave out {layer.name!r}")
            continue
        changes = _changes(layer.get_config(), twin.get_config())
        if type(twin) is not type(layer):
            changed.append((layer.name, f"{_made(twin)} instead of {type(layer).__name__}"))
        elif changes:
            changed.append((layer.name, ", ".join(changes)))
    return [*gone, *_together(changed)]


def _initializers(before: Any, after: Any, kept: set[str]) -> list[str]:
    """Name the initialisers with which the layers were started again, where the user's are other ones."""
    there = {layer.name for layer in before.layers}
    renewed, zeroed = bool(RENEWED & kept), "reset_biases" in kept
    found = []
    for block in blocks_of(after):
        layer = after.get_layer(block.name)
        if block.name not in there or not layer.trainable_weights:
            continue
        told = []
        wanted = matching_initializer(block.activation, 0)
        if renewed and _start(layer.kernel_initializer) != _start(wanted):
            settings = {"scale": wanted.scale} if type(wanted).__name__ == "VarianceScaling" else {}
            told.append(f"kernel_initializer={_call(type(wanted).__name__, settings)}")
        shifted = layer.bias is not None and _start(layer.bias_initializer) != _start(ZEROS)
        if shifted and (renewed or (zeroed and not block.output)):
            told.append("bias_initializer='zeros'")
        if told:
            found.append((block.name, ", ".join(told)))
    return _together(found)


def _start(initializer: Any) -> Any:
    """Return what an initialiser draws from, its seed aside."""
    if not isinstance(initializer, keras.initializers.Initializer):
        return initializer  # a function of the user's
    return _plain({"class_name": type(initializer).__name__, "config": initializer.get_config()})


def _together(changes: Sequence[tuple[str, str]]) -> list[str]:
    """Return a line for each different change, with the names of all layers that it is made to."""
    layers: dict[str, list[str]] = {}
    for name, change in changes:
        layers.setdefault(change, []).append(repr(name))
    return [f"{', '.join(names)}: {change}" for change, names in layers.items()]


def _loss(before: Any, after: Any) -> list[str]:
    first, last = (_written(_plain(model.loss)) for model in (before, after))
    return [] if first == last else [f"compile: loss={last} instead of {first}"]


def _sets_rate(kept: Sequence[str]) -> bool:
    """Whether a kept remedy sets the learning rate, as an installed package's may too."""
    return any(name in RATES or name not in REMEDIES.own_names() for name in kept)


def _optimizer(first_model: Any, last_model: Any, rate_set: bool) -> list[str]:
    # What scales the loss is no setting of the user's: Keras wraps the optimiser by the dtype policy.
    before, after = inner(first_model.optimizer), inner(last_model.optimizer)
    same = type(before) is type(after)
    first, last = (before if same else type(after)()).get_config(), after.get_config()
    changed = {
        key: value
        for key, value in last.items()
        if key not in ("name", "learning_rate") and value != first.get(key)
    }
    # A callback may have moved the rate as well, which is no fault of the user's code.
    if not same or (rate_set and _rate(before) != _rate(after)):
        changed = {"learning_rate": _rate(after), **changed}
    return [f"compile: optimizer={_call(type(after).__name__, changed)}"] if changed else []


def _rate(optimizer: Any) -> Any:
    held = optimizer.get_config()["learning_rate"]
    if isinstance(held, Mapping):
        settings = {k: _rounded(v) for k, v in held["config"].items() if k != "name" and v is not None}
        return _Code(_call(held["class_name"], settings))
    return _rounded(float(held))


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    found = []
    for key, value in after.items():
        if key in _OF_NO_CODE:
            continue
        first, last = _plain(before.get(key)), _plain(value)
        if first != last:
            found.append(f"{key}={_written(last)} instead of {_written(first)}")
    return found


def _made(layer: Any) -> str:
    """Write the call that makes a layer, with the arguments that differ from its defaults as far as known."""
    config = layer.get_config()
    told = {}
    for key in ("rate", "units", "activation", "max_value", "axis", "kernel_initializer"):
        if key in config and not (key == "axis" and config[key] in (-1, [-1], (-1,))):
            told[key] = _plain(config[key])
    return f"{type(layer).__name__}({', '.join(f'{key}={_written(value)}' for key, value in told.items())})"


def _plain(value: Any) -> Any:
    """Return a value of a configuration without what is drawn or numbered anew in every copy."""
    if isinstance(value, Mapping):
        if "class_name" in value:
            config = {k: _plain(v) for k, v in (value.get("config") or {}).items() if k not in _OF_NO_CODE}
            return (value["class_name"], tuple(sorted((k, v) for k, v in config.items() if v is not None)))
        return tuple(sorted((k, _plain(v)) for k, v in value.items() if k not in _OF_NO_CODE))
    if isinstance(value, keras.losses.Loss):
        return _plain({"class_name": type(value).__name__, "config": value.get_config()})
    if isinstance(value, list | tuple):
        return tuple(_plain(v) for v in value)
    return getattr(value, "__name__", value)


def _written(value: Any) -> str:
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        settings = dict(value[1]) if value[1] and isinstance(value[1][0], tuple) else {}
        return _call(value[0], {k: v for k, v in settings.items() if k not in ("reduction", "axis")})
    return repr(_rounded(value))


def _call(name: str, settings: Mapping[str, Any]) -> str:
    return f"{name}({', '.join(f'{k}={_rounded(v)!r}' for k, v in settings.items())})"


def _rounded(value: Any) -> Any:
    # Keras keeps single precision; 0.0010000000474974513 is nobody's learning rate.
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _is_input(model: Any, name: str) -> bool:
    return any(layer.name == name and isinstance(layer, keras.layers.InputLayer) for layer in model.layers)


class _Code(str):
    """Text that is written as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
