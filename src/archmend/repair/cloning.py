"""Copies of a compiled model, as it is or with layers exchanged, inserted, bridged or left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import keras

Layers = Mapping[str, Any]
Chains = Mapping[str, Sequence[Any]]
_NOT_IN_CONFIG = ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")
"""What `optimizer.exclude_from_weight_decay` sets, by the paths of variables, which copies have too."""


def rebuild(
    model: Any,
    *,
    replace: Layers | None = None,
    after: Chains | None = None,
    branch: Chains | None = None,
    without: Collection[str] = (),
    optimizer: Any = None,
    loss: Any = None,
) -> Any:
    """Return a compiled copy of a Sequential or Functional model with edits at named layers.

    Weights and the state of random generators are carried over wherever a layer of the same name has the
    same shapes. The optimiser keeps its settings; its moments too if no trainable weight is new.

    Args:
        model: compiled; it stays as it is.
        replace: layer name -> the new layer that stands in its place.
        after: layer or input name -> new layers that are applied to its output, at each of its calls.
        branch: layer name -> new layers whose result on its output is added to its output.
        without: names of layers that hand on what they get.
        optimizer: to compile with instead of a copy of the model's; its moments are the ones it has, or
            the model's where it is of the same kind and has none yet.
        loss: to compile with instead of the model's.
    """
    replace, after, branch = replace or {}, after or {}, branch or {}

    def made(layer: Any) -> Any:
        return replace.get(layer.name) or clone_of(layer)

    prepared: dict[str, Any] = {}

    def read(tensor: Any) -> Any:
        """The tensor, or for an input with layers of its own behind it what they make of it."""
        history = getattr(tensor, "_keras_history", None)
        if history is None or not isinstance(history.operation, keras.layers.InputLayer):
            return tensor
        name = history.operation.name
        if name not in prepared:
            prepared[name] = _through(after.get(name, ()), tensor)
        return prepared[name]

    def applied(layer: Any, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = keras.tree.map_structure(read, (args, kwargs))
        if layer.name in without:
            return args[0]
        result = _through(after.get(layer.name, ()), layer(*args, **kwargs))
        if layer.name in branch:
            bridged = _through(branch[layer.name], result)
            policy = branch[layer.name][-1].dtype_policy
            joined = keras.layers.Add(name=f"{branch[layer.name][-1].name}_add", dtype=policy)
            result = joined([result, bridged])
        return result

    if isinstance(model, keras.Sequential):
        copy = _sequential(model, made, after, without, applied if branch else None)
    else:
        # Of a model that is not compiled: cloning would compile the copy too, from a configuration that a
        # loss of the user's own does not have.
        plain = keras.Model(model.input, model.output, name=model.name)
        copy = keras.models.clone_model(plain, clone_function=made, call_function=applied)
    carry_values(model, copy)
    compile_like(copy, model, optimizer, loss)
    return copy


def clone_of(layer: Any, **changes: Any) -> Any:
    """Return a new layer like this one, with entries of its configuration changed."""
    made = type(layer).from_config({**layer.get_config(), **changes})
    # A layer of the user's own may leave both out of its configuration; weights are carried over by name.
    if "name" not in changes and made.name != layer.name:
        made.name = layer.name
    if isinstance(layer, keras.layers.Layer) and "trainable" not in changes:  # an operation has none
        made.trainable = layer.trainable
    return made


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


def compile_like(model: Any, source: Any, optimizer: Any = None, loss: Any = None) -> None:
    """Compile `model` as `source` is, with a copy of its optimiser or the one given, and its loss or another.

    Moments are carried over where the trainable weights and the kind of optimiser are the same.
    """
    # The compiled arguments as they were given: serialising them (get_compile_config) would lose a
    # loss or metric that is a plain function of the user's.
    given = dict(source._compile_config.config)
    given["optimizer"] = copy_optimizer(source.optimizer) if optimizer is None else optimizer
    if loss is not None:
        given["loss"] = loss
    for name in ("metrics", "weighted_metrics"):
        given[name] = keras.tree.map_structure(_fresh_metric, given.get(name))
    model.compile(**given)
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
        _carry_moments(source, model)


def copy_optimizer(optimizer: Any, **changes: Any) -> Any:
    """Return a new optimiser with the same settings, but for those in `changes`; no moments yet."""
    config = {**optimizer.get_config(), **changes}
    rate = _rate(optimizer)
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule) and "learning_rate" in config:
        # As it is: a schedule of the user's own class could not be read back from its configuration.
        config["learning_rate"] = changes.get("learning_rate", rate)
    made = type(optimizer).from_config(config)
    for name in _NOT_IN_CONFIG:
        if getattr(optimizer, name, None):
            setattr(made, name, getattr(optimizer, name))
    return made


def _carry_moments(source: Any, model: Any) -> None:
    old, new = source.optimizer, model.optimizer
    same_weights = [v.path for v in source.trainable_variables] == [v.path for v in model.trainable_variables]
    if type(old) is not type(new) or not old.built or not same_weights:
        return
    rates = {id(_rate(old)), id(_rate(new))}
    held, here = ([v for v in o.variables if id(v) not in rates] for o in (old, new))
    if [tuple(v.shape) for v in held] == [tuple(v.shape) for v in here]:
        for variable, value in zip(here, held, strict=True):
            variable.assign(value)


def _rate(optimizer: Any) -> Any:
    """Return the variable or the schedule that holds the learning rate; it is a setting and no moment."""
    return getattr(getattr(optimizer, "inner_optimizer", optimizer), "_learning_rate", None)


def _fresh_metric(metric: Any) -> Any:
    # A metric object counts; two models must not count into the same one.
    return type(metric).from_config(metric.get_config()) if isinstance(metric, keras.Metric) else metric


def _through(layers: Sequence[Any], tensor: Any) -> Any:
    for layer in layers:
        tensor = layer(tensor)
    return tensor


def _sequential(model: Any, made: Any, after: Chains, without: Collection[str], applied: Any) -> Any:
    start = keras.Input(
        batch_shape=model.inputs[0].shape, dtype=model.inputs[0].dtype, name=model.inputs[0].name
    )
    if applied is not None:  # a bridge makes a graph out of the chain
        tensor = start
        for layer in model.layers:
            tensor = applied(made(layer), tensor)
        return keras.Model(start, tensor, name=model.name)
    chain = [start, *after.get(start.name, ())]
    for layer in model.layers:
        kept = [] if layer.name in without else [made(layer)]
        chain += [*kept, *after.get(layer.name, ())]
    return keras.Sequential(chain, name=model.name)
