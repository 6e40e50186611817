"""The parameters of an Experiment: one code under our own algorithms, one a choice under Katib's."""

from __future__ import annotations

from collections.abc import Sequence

from kubeflow_katib_api import models as api

from archmend.kubeflow.katib.algorithms import Algorithm, is_range
from archmend.kubeflow.suggestion.names import ARCHITECTURE, EPOCHS
from archmend.spaces import Choice, Space, every_choice

ANY = "given-by-the-suggestion-service"
"""Stands where Katib wants a list: the codes of a space are too many to name."""


def parameters(
    algorithm: Algorithm, space: Space, epochs: int, fewest: int | None = None
) -> list[api.V1beta1ParameterSpec]:
    """Return what the algorithm assigns to a trial.

    Args:
        algorithm: that assigns. Katib's `hyperband` chooses the epochs too, up to `epochs`.
        space: that is searched.
        epochs: of a trial, or the most.
        fewest: where one of our own strategies chooses the epochs; None is `epochs` for all trials.
    """
    if algorithm.ours:
        return [_listed(ARCHITECTURE, "categorical", [ANY]), _whole(EPOCHS, fewest or epochs, epochs)]
    found = [_parameter(choice) for choice in every_choice(space)]
    if algorithm.name == "hyperband":
        found.append(_whole(EPOCHS, 1, epochs))
    return found


def assigned(algorithm: Algorithm, space: Space, epochs: int) -> list[str]:
    """Return the flags of `archmend trial` that an assignment fills in."""
    if algorithm.ours:
        return [_flag(ARCHITECTURE), _flag(EPOCHS)]
    flags = [f"--set={name}=${{trialParameters.{name}}}" for name in map(_name, every_choice(space))]
    return [*flags, _flag(EPOCHS) if algorithm.name == "hyperband" else f"--{EPOCHS}={epochs}"]


def assigned_names(algorithm: Algorithm, space: Space) -> list[str]:
    """Return the names of the parameters that are filled in."""
    if algorithm.ours:
        return [ARCHITECTURE, EPOCHS]
    names = [choice.name for choice in every_choice(space)]
    return [*names, EPOCHS] if algorithm.name == "hyperband" else names


def _parameter(choice: Choice) -> api.V1beta1ParameterSpec:
    values = list(choice.levels)
    if is_range(choice):
        return _whole(choice.name, int(min(values)), int(max(values)))
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    return _listed(choice.name, "discrete" if numbers else "categorical", [_text(v) for v in values])


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(name: str, kind: str, values: Sequence[str]) -> api.V1beta1ParameterSpec:
    return api.V1beta1ParameterSpec(
        name=name, parameterType=kind, feasibleSpace=api.V1beta1FeasibleSpace(list=list(values))
    )


def _whole(name: str, least: int, most: int) -> api.V1beta1ParameterSpec:
    feasible = api.V1beta1FeasibleSpace(min=str(least), max=str(most))
    return api.V1beta1ParameterSpec(name=name, parameterType="int", feasibleSpace=feasible)


def _flag(name: str) -> str:
    return f"--{name}=${{trialParameters.{name}}}"


def _name(choice: Choice) -> str:
    return choice.name
