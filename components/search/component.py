"""The step `search` as a component. For limits, 0 means none."""

from kfp import dsl

from archmend.kubeflow import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def search(
    dataset: dsl.Input[dsl.Dataset],
    space: str,
    strategy: str,
    objective: str,
    max_trials: int,
    max_seconds: float,
    max_params: int,
    max_flops: int,
    max_latency_ms: float,
    epochs: int,
    batch_size: int,
    optimizer: str,
    inherit: str,
    workers: int,
    seed: int,
    trials: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    report: dsl.Output[dsl.HTML],
) -> str:
    """Search an architecture and return its code."""
    from pathlib import Path

    from archmend.kubeflow.artifacts import log_metrics
    from archmend.reports import RunRecord, render
    from archmend.steps.search import SearchRequest
    from archmend.steps.search import search as step

    request = SearchRequest(
        data=dataset.path,
        out=Path(trials.path),
        space=space,
        strategy=strategy,
        objective=objective,
        max_trials=max_trials or None,
        max_seconds=max_seconds or None,
        max_params=max_params or None,
        max_flops=max_flops or None,
        max_latency_ms=max_latency_ms or None,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=optimizer,
        inherit=inherit,
        workers=workers or None,
        seed=seed,
        resume=True,
    )
    outcome = step(request)
    trials.metadata.update(architecture=outcome.best.architecture, stopped_by=outcome.stopped_by)
    log_metrics(
        metrics, {**outcome.best.metrics, "trials": len(outcome.trials), "params": outcome.best.params}
    )
    Path(report.path).write_text(render(RunRecord.from_directory(trials.path)))
    return outcome.best.architecture
