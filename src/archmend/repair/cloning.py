"""Copies of a compiled model, as it is or with layers exchanged, appended or bridged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

Layers = Mapping[str, Any]
Chains = Mapping[str, Sequence[Any]]


def rebuild(
    model: Any, *, replace: Layers | None = None, after: Chains | None = None, branch: Chains | None = None
) -> Any:
    """Return a compiled copy of a Sequential or Functional model with edits at named layers.

    Weights and the state of random generators are carried over wherever a layer of the same name has the
    same shapes. The optimiser keeps its settings; its moments too if no trainable weight is new.

    Args:
        model: compiled; it stays as it is.
        replace: layer name -> the new layer that stands in its place.
        after: layer name -> new layers that are applied to its output, at each of its calls.
        branch: layer name -> new layers whose result on its output is added to its output.
    """
    replace, after, branch = replace or {}, after or {}, branch or {}

    def made(layer: Any) -> Any:
        return replace.get(layer.name) or type(layer).from_config(layer.get_config())

    def applied(layer: Any, *args: Any, **kwargs: Any) -> Any:
        result = layer(*args, **kwargs)
        for following in after.get(layer.name, ()):
            result = following(result)
        if layer.name in branch:
            bridged = result
            for following in branch[layer.name]:
                bridged = following(bridged)
            result = keras.layers.Add(name=f"{branch[layer.name][-1].name}_add")([result, bridged])
        return result

    if isinstance(model, keras.Sequential):
        copy = _sequential(model, made, after, applied if branch else None)
    else:
        copy = keras.models.clone_model(model, clone_function=made, call_function=applied)
    carry_values(model, copy)
    compile_like(copy, model)
    return copy


def clone_of(layer: Any, **changes: Any) -> Any:
    """Return a new layer like this one, with entries of its configuration changed."""
    return type(layer).from_config({**layer.get_config(), **changes})


def carry_values(source: Any, target: Any) -> None:
    """Copy the variables of each layer that has the same name and the same shapes in both models."""
    there = {layer.name: layer for layer in target.layers}
    for layer in source.layers:
        twin = there.get(layer.name)
        if twin is None or type(twin) is not type(layer):
            continue
        old, new = layer.variables, twin.variables
        if [tuple(v.shape) for v in old] == [tuple(v.shape) for v in new]:
            for here, value in zip(new, old, strict=True):
                here.assign(value)
            finalize(twin)


def finalize(layer: Any) -> None:
    """Let a layer that keeps what it computed of its variables (Normalization) compute it anew."""
    if callable(getattr(layer, "finalize_state", None)):
        layer.finalize_state()


def compile_like(model: Any, source: Any, optimizer: Any = None) -> None:
    """Compile `model` as `source` is, with a copy of its optimiser or with the one given."""
    # The compiled arguments as they were given: serialising them (get_compile_config) would lose a
    # loss or metric that is a plain function of the user's.
    given = dict(source._compile_config.config)
    own = optimizer is None
    given["optimizer"] = copy_optimizer(source.optimizer) if own else optimizer
    for name in ("metrics", "weighted_metrics"):
        given[name] = keras.tree.map_structure(_fresh_metric, given.get(name))
    model.compile(**given)
    model.optimizer.build(model.trainable_variables)
    if own:
        _carry_moments(source, model)


def copy_optimizer(optimizer: Any, **changes: Any) -> Any:
    """Return a new optimiser with the same settings, but for those in `changes`; no moments yet."""
    return type(optimizer).from_config({**optimizer.get_config(), **changes})


def _carry_moments(source: Any, model: Any) -> None:
    old, new = source.optimizer, model.optimizer
    same_weights = [v.path for v in source.trainable_variables] == [v.path for v in model.trainable_variables]
    same_shapes = [tuple(v.shape) for v in old.variables] == [tuple(v.shape) for v in new.variables]
    if old.built and same_weights and same_shapes:
        for here, value in zip(new.variables, old.variables, strict=True):
            here.assign(value)


def _fresh_metric(metric: Any) -> Any:
    # A metric object counts; two models must not count into the same one.
    return type(metric).from_config(metric.get_config()) if isinstance(metric, keras.Metric) else metric


def _sequential(model: Any, made: Any, after: Chains, applied: Any) -> Any:
    start = keras.Input(
        batch_shape=model.inputs[0].shape, dtype=model.inputs[0].dtype, name=model.inputs[0].name
    )
    if applied is not None:  # a bridge makes a graph out of the chain
        tensor = start
        for layer in model.layers:
            tensor = applied(made(layer), tensor)
        return keras.Model(start, tensor, name=model.name)
    chain = [start]
    for layer in model.layers:
        chain += [made(layer), *after.get(layer.name, ())]
    return keras.Sequential(chain, name=model.name)
