from __future__ import annotations

import pytest

from archmend.evaluation import Baselines, Evaluation, LatencyMs, beats_baselines, verdict


def evaluation(accuracy: float, baselines: tuple[float, float] | None) -> Evaluation:
    made = baselines and Baselines(
        majority=baselines[0], logistic_regression=baselines[1], training_rows=9, available_rows=9
    )
    return Evaluation(
        accuracy=accuracy,
        average_precision=0.5,
        loss=1.0,
        ece=0.1,
        per_class=(),
        confusion_matrix=(),
        roc=(),
        precision_recall=(),
        params=1,
        flops=2,
        latency_ms=LatencyMs(median=1.0, p95=2.0),
        size_bytes=3,
        baselines=made,
        part="test",
        rows=4,
    )


@pytest.mark.parametrize(
    ("accuracy", "baselines", "beats", "sentence"),
    [
        (
            0.97,
            (0.1, 0.96),
            True,
            "The model beats both baselines: test accuracy 0.9700 against logistic regression 0.9600, "
            "majority 0.1000.",
        ),
        (
            0.95,
            (0.1, 0.96),
            False,
            "The model does not beat the logistic regression baseline (0.9600): test accuracy 0.9500; "
            "it beats majority 0.1000.",
        ),
        (
            0.1,
            (0.1, 0.96),
            False,
            "The model does not beat the logistic regression baseline (0.9600) or the majority baseline "
            "(0.1000): test accuracy 0.1000.",
        ),
        (0.9, None, None, "Test accuracy 0.9000; no baselines were measured."),
    ],
)
def test_verdict(
    accuracy: float, baselines: tuple[float, float] | None, beats: bool | None, sentence: str
) -> None:
    measured = evaluation(accuracy, baselines)
    assert beats_baselines(measured) is beats
    assert verdict(measured) == sentence


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1.5])
def test_no_number_that_json_cannot_hold(bad: float) -> None:
    with pytest.raises(ValueError, match="accuracy"):
        evaluation(bad, None)
