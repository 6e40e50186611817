"""Everything that training a network has changed, so that it goes on as if it had not been cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from archmend.errors import BadInput
from archmend.networks.inheritance import STRUCTURE, variables_of, weights_of
from archmend.networks.stages import Structure, structure_of

if TYPE_CHECKING:
    import keras

_OPTIMIZER, _RANDOM = "optimizer-", "random-"


def state_of(model: keras.Model) -> dict[str, np.ndarray]:
    """Return what `weights_of` does, the optimiser's moments and steps, and the generators of dropout."""
    return {**weights_of(model), **{name: _value(variable) for name, variable in _rest(model)}}


def resume(model: keras.Model, state: Mapping[str, np.ndarray]) -> None:
    """Set a compiled model to a state of the same network; its learning rate stays.

    Raises:
        BadInput: the state is of another network or optimiser, or holds weights alone.
    """
    packed = state.get(STRUCTURE)
    if packed is None or Structure.unpacked(packed).signature != structure_of(model).signature:
        raise BadInput(
            f"the state is of another network than {model.name!r}; let it inherit the weights instead"
        )
    rest = dict(_rest(model))
    held = {name: state[name].shape for name in state if name.startswith((_OPTIMIZER, _RANDOM))}
    if held != {name: _value(variable).shape for name, variable in rest.items()}:
        raise BadInput(
            f"the state has not what the optimiser of {model.name!r} needs; "
            "take what state_of returned of a model with the same optimiser"
        )
    for name, variable in rest.items():
        variable.assign(state[name])
    for name, variable in variables_of(model).items():
        variable.assign(state[name])


def _rest(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield the variables that are no weights, but for the learning rate."""
    optimizer = model.optimizer
    if optimizer is not None:
        optimizer.build(model.trainable_variables)
        kept = [variable for variable in optimizer.variables if variable.name != "learning_rate"]
        yield from ((f"{_OPTIMIZER}{number}", variable) for number, variable in enumerate(kept))
    weights = {id(variable) for variable in model.weights}
    generators = [v for layer in model.layers for v in layer.variables if id(v) not in weights]
    yield from ((f"{_RANDOM}{number}", variable) for number, variable in enumerate(generators))


def _value(variable: Any) -> np.ndarray:
    return np.asarray(variable.numpy())
