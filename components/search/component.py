"""The step `search` as a component: an experiment of Katib's in a cluster. For limits, 0 means none."""

from kfp import dsl

from archmend.kubeflow import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def search(
    fingerprint: str,
    dataset: dsl.Input[dsl.Dataset],
    engine: str,
    space: str,
    strategy: str,
    objective: str,
    max_trials: int,
    max_seconds: float,
    max_params: int,
    max_flops: int,
    max_latency_ms: float,
    target_value: float,
    epochs: int,
    batch_size: int,
    optimizer: str,
    learning_rate: float,
    inherit: str,
    workers: int,
    seed: int,
    store: str,
    image: str,
    gpus: str,
    trial_cpu: str,
    trial_memory: str,
    trial_accelerator: str,
    trial_gpus: int,
    trial_node_selector: dict,
    trial_tolerations: list,
    trial_priority_class: str,
    trial_runtime_class: str,
    trial_service_account: str,
    trials: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    report: dsl.Output[dsl.HTML],
    trials_per_pod: int = 1,
) -> str:
    """Search an architecture and return its code."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from archmend.kubeflow.artifacts import log_metrics, remote_uri, say_trial
    from archmend.kubeflow.gather import hand_over
    from archmend.kubeflow.katib.options import KatibOptions
    from archmend.kubeflow.place import chosen_engine, experiment_of_run, run_name
    from archmend.steps.search import SearchRequest
    from archmend.steps.search import search as step

    pods = (
        None  # which a search in this task itself has no use for, whatever the store
        if chosen_engine(engine) == "local"
        else KatibOptions(
            image=image,
            parallel=workers or 2,
            cpu=trial_cpu,
            memory=trial_memory,
            accelerator=trial_accelerator,
            accelerators=trial_gpus,
            node_selector=trial_node_selector,
            tolerations=tuple(trial_tolerations),
            priority_class=trial_priority_class,
            runtime_class=trial_runtime_class,
            service_account=trial_service_account,
            trials_per_pod=trials_per_pod or 1,
            store=f"{store.rstrip('/')}/experiments",
        )
    )
    with TemporaryDirectory() as scratch:
        if pods is None and int(gpus or 0) > 0:
            from archmend.networks import take_gpus

            take_gpus(required=True, who="this search")
        request = SearchRequest(
            data=dataset.path,
            data_uri=remote_uri(dataset),
            out=Path(scratch) / run_name(),
            engine=chosen_engine(engine),
            katib=pods,
            space=space,
            strategy=strategy,
            objective=objective,
            max_trials=max_trials or None,
            max_seconds=max_seconds or None,
            max_params=max_params or None,
            max_flops=max_flops or None,
            max_latency_ms=max_latency_ms or None,
            target_value=target_value or None,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            learning_rate=learning_rate or None,
            inherit=inherit,
            workers=workers or None,
            seed=seed,
        )
        outcome = step(request, say_trial)
        hand_over(request.out, trials.path, report.path)
    trials.metadata.update(
        architecture=outcome.best.architecture,
        stopped_by=outcome.stopped_by,
        experiment=experiment_of_run() if request.engine == "katib" else "",
    )
    log_metrics(
        metrics, {**outcome.best.metrics, "trials": len(outcome.trials), "params": outcome.best.params}
    )
    return outcome.best.architecture
