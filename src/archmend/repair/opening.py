"""A model and its data as they come from outside, checked and made into a run."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from archmend.errors import BadInput, unknown_name
from archmend.repair.check import check_model, labels_of, open_rows
from archmend.repair.cloning import rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.engine import Engine
from archmend.repair.outputs import measured_by
from archmend.repair.run import Run
from archmend.repair.targets import targets_of

if TYPE_CHECKING:
    from archmend.spaces import Architecture, Space


def open_run(
    model: Any,
    train: Any,
    validation: Any,
    *,
    epochs: int,
    batch_size: int,
    seed: int,
    constraints: Constraints,
    architecture: Architecture | None = None,
) -> tuple[Run, Constraints]:
    """Return a run of a copy of the model before its first batch, and the constraints with all that it shows.

    What it takes is described at `fit`.

    Raises:
        BadInput: something that does not fit, in one sentence.
    """
    check_model(model)
    if architecture is not None:
        constraints = replace(constraints, layout=_fixed_layout(model, constraints.space))
    names = [layer.name for layer in model.layers]
    for name in sorted(constraints.frozen):
        if name not in names:
            raise unknown_name("frozen layer", name, names)
    copy = _working_copy(model, train, seed)
    labels = labels_of(copy)
    rows = open_rows(train, "train", copy, labels, batch_size, seed)
    held_out = open_rows(validation, "validation", copy, labels, batch_size, seed)
    over = constraints.over_budget(copy)
    if over is not None:
        raise BadInput(
            f"model {model.name!r} is over the budget: {over}; give a smaller one or a higher limit"
        )
    if not constraints.holds(copy):
        raise BadInput(
            f"model {model.name!r} is not in the repair space {getattr(constraints.space, 'name', None)!r}; "
            "give a model that is, or no space"
        )
    constraints = replace(constraints, targets=targets_of(rows.probe()[1]))
    # A regression of classes is measured as what it may be mended to, so that both can be compared.
    labels = measured_by(copy, constraints.targets)
    return Run(Engine(copy, labels, rows), rows, held_out, labels, epochs), constraints


def _working_copy(model: Any, train: Any, seed: int) -> Any:
    """Return a compiled copy with weights and moments, whose random layers draw by the seed."""
    if not model.built:
        raise BadInput(f"model {model.name!r} has no input shape yet; start it with keras.Input(shape)")
    try:
        copy = rebuild(model)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise BadInput(
            f"model {model.name!r} cannot be copied ({type(error).__name__}: {str(error).splitlines()[0]}); "
            "its layers need get_config and from_config"
        ) from error
    _check_copy(model, copy)
    trained = {id(v) for v in copy.weights}
    for number, state in enumerate(v for v in copy.variables if id(v) not in trained and "seed" in v.name):
        state.assign(np.array([seed & 0xFFFFFFFF, number], dtype=state.dtype))
    return copy


def _check_copy(model: Any, copy: Any) -> None:
    """Refuse a model of which a layer's configuration does not give the layer back."""
    layers = [layer for layer in model.layers if layer.weights]
    twins = {layer.name: layer.get_weights() for layer in copy.layers if layer.weights}
    for layer in layers:
        mine, its = layer.get_weights(), twins.get(layer.name, [])
        if len(mine) != len(its) or not all(map(partial(np.array_equal, equal_nan=True), mine, its)):
            raise BadInput(
                f"layer {layer.name!r} of class {type(layer).__name__} cannot be copied with its weights; "
                "let its get_config return what its __init__ takes"
            )


def _fixed_layout(model: Any, space: Space | None) -> tuple[str, ...] | None:
    """Return the model's layout where the space's networks do not show their architecture."""
    from archmend.networks import layout_of, readable

    return None if space is None or readable(space) else layout_of(model)


def drawn(space: Space | None, seed: int) -> tuple[Any, Architecture]:
    """Return a starting model of the space and its architecture.

    Raises:
        BadInput: there is no space.
    """
    if space is None:
        raise BadInput("model is None and there is no space to draw one from; give one of the two")
    from archmend.networks import build

    architecture = space.sample(np.random.default_rng(seed))
    return build(space, architecture, seed=seed), architecture
