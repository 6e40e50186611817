"""The step `repair` as a component: a try that follows a killed one goes on from its checkpoint."""

from kfp import dsl

from archmend.kubeflow import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def repair(
    fingerprint: str,
    dataset: dsl.Input[dsl.Dataset],
    space: str,
    architecture: str,
    strategy: str,
    epochs: int,
    batch_size: int,
    optimizer: str,
    learning_rate: float,
    max_seconds: float,
    seed: int,
    store: str,
    gpus: str,
    model: dsl.Output[dsl.Model],
    metrics: dsl.Output[dsl.Metrics],
):
    """Train the architecture, and mend it on the way."""
    from pathlib import Path

    from archmend.kubeflow.artifacts import log_metrics, say_epoch
    from archmend.kubeflow.place import checkpoint_of_run
    from archmend.steps.repair import RepairRequest
    from archmend.steps.repair import repair as step

    request = RepairRequest(
        data=dataset.path,
        out=Path(model.path),
        arch=architecture,
        space=space,
        strategy=strategy,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=optimizer,
        learning_rate=learning_rate or None,
        max_seconds=max_seconds or None,
        seed=seed,
        # Until the run has succeeded: this pod may be lost before the launcher has stored the model.
        checkpoint=checkpoint_of_run(store, "repair"),
        keep_checkpoint=True,
        require_gpu=int(gpus or 0) > 0,
    )
    outcome = step(request, say_epoch)
    model.metadata.update(
        framework="keras", architecture=outcome.record.architecture, decisions=outcome.record.decisions
    )
    log_metrics(
        metrics, {**outcome.metrics, "decisions": outcome.record.decisions, "kept": outcome.record.kept}
    )
