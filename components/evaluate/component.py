"""The step `evaluate` as a component."""

from kfp import dsl

from archmend.kubeflow import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def evaluate(
    fingerprint: str,
    dataset: dsl.Input[dsl.Dataset],
    model: dsl.Input[dsl.Model],
    gpus: str,
    evaluation: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    classification: dsl.Output[dsl.ClassificationMetrics],
):
    """Measure the model on the test part."""
    from pathlib import Path

    from archmend.kubeflow.artifacts import log_evaluation
    from archmend.steps.evaluate import EvaluateRequest
    from archmend.steps.evaluate import evaluate as step

    result = step(
        EvaluateRequest(
            model=f"{model.path}/model.keras",
            data=dataset.path,
            out=Path(evaluation.path),
            require_gpu=int(gpus or 0) > 0,
        )
    )
    evaluation.metadata.update(accuracy=result.accuracy, test_digest=result.test_digest)
    log_evaluation(metrics, classification, result)
