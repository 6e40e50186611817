"""The sentence that a report begins with: does the model beat what is simpler than it?"""

from __future__ import annotations

from archmend.evaluation.types import Evaluation


def beats_baselines(evaluation: Evaluation) -> bool | None:
    """Say whether the accuracy is above both baselines'; None if none were measured."""
    baselines = evaluation.baselines
    if baselines is None:
        return None
    return evaluation.accuracy > max(baselines.majority, baselines.logistic_regression)


def verdict(evaluation: Evaluation) -> str:
    """Return a sentence: that the model beats both baselines, or first which of them it does not beat."""
    accuracy = f"{evaluation.part or 'its'} accuracy {evaluation.accuracy:.4f}"
    baselines = evaluation.baselines
    if baselines is None:
        return f"{accuracy[0].upper()}{accuracy[1:]}; no baselines were measured."
    figures = {
        "logistic regression": baselines.logistic_regression,
        "majority": baselines.majority,
    }
    lost = [
        f"the {name} baseline ({value:.4f})"
        for name, value in figures.items()
        if evaluation.accuracy <= value
    ]
    won = [f"{name} {value:.4f}" for name, value in figures.items() if evaluation.accuracy > value]
    if not lost:
        return f"The model beats both baselines: {accuracy} against {', '.join(won)}."
    rest = f"; it beats {won[0]}" if won else ""
    return f"The model does not beat {' or '.join(lost)}: {accuracy}{rest}."
