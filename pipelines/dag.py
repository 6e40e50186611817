"""The DAG: fingerprint, prepare, search, repair, evaluate, register, and a summary however it ends.

kfp 2.17 does not hand run-time resource parameters into the sub-DAG of an exit handler. So the tasks stand in
a pipeline of their own, which takes every parameter, and the exit handler wraps that one. Its own task stands
beside it, in the root, and takes the parameters from there.
"""

from components.evaluate.component import evaluate
from components.fingerprint.component import fingerprint
from components.prepare_data.component import prepare_data
from components.register.component import register
from components.repair.component import repair
from components.search.component import search
from components.summarize.component import summarize
from kfp import dsl
from pipelines.pods import in_cluster, on_gpus, placed

from archmend.kubeflow import IMAGE

HOUR = 3600


@dsl.pipeline(name="archmend-steps")
def steps(
    data: str,
    target: str,
    text: str,
    impute: str,
    split_seed: int,
    validation: float,
    test: float,
    space: str,
    strategy: str,
    objective: str,
    engine: str,
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
    repair_strategy: str,
    repair_epochs: int,
    repair_max_seconds: float,
    registry: str,
    name: str,
    promote_margin: float,
    model_registry: str,
    store: str,
    ui: str,
    image: str,
    prepare_cpu: str,
    prepare_memory: str,
    prepare_node_selector: dict,
    prepare_tolerations: list,
    search_cpu: str,
    search_memory: str,
    search_accelerator: str,
    search_gpus: str,
    search_node_selector: dict,
    search_tolerations: list,
    trial_cpu: str,
    trial_memory: str,
    trial_accelerator: str,
    trial_gpus: int,
    trial_node_selector: dict,
    trial_tolerations: list,
    trial_priority_class: str,
    trial_runtime_class: str,
    trial_service_account: str,
    trials_per_pod: int,
    repair_cpu: str,
    repair_memory: str,
    repair_accelerator: str,
    repair_gpus: str,
    repair_node_selector: dict,
    repair_tolerations: list,
    evaluate_cpu: str,
    evaluate_memory: str,
    evaluate_accelerator: str,
    evaluate_gpus: str,
    evaluate_node_selector: dict,
    evaluate_tolerations: list,
    register_cpu: str,
    register_memory: str,
    register_node_selector: dict,
    register_tolerations: list,
):
    """The five steps, one after another."""
    # Never from the cache: a URI stays the same when the data behind it changes.
    known = in_cluster(
        fingerprint(data=data, target=target, text=text, impute=impute, image=image), image, HOUR, cache=False
    )
    placed(known, prepare_cpu, prepare_memory, prepare_node_selector, prepare_tolerations)
    prepared = in_cluster(
        prepare_data(
            data=data,
            fingerprint=known.output,
            target=target,
            text=text,
            split_seed=split_seed,
            validation=validation,
            test=test,
            impute=impute,
        ),
        image,
        HOUR,
    )
    placed(prepared, prepare_cpu, prepare_memory, prepare_node_selector, prepare_tolerations)
    dataset = prepared.outputs["dataset"]
    searched = in_cluster(
        search(
            fingerprint=known.output,
            dataset=dataset,
            engine=engine,
            space=space,
            strategy=strategy,
            objective=objective,
            max_trials=max_trials,
            max_seconds=max_seconds,
            max_params=max_params,
            max_flops=max_flops,
            max_latency_ms=max_latency_ms,
            target_value=target_value,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            learning_rate=learning_rate,
            inherit=inherit,
            workers=workers,
            seed=seed,
            store=store,
            image=image,
            gpus=search_gpus,
            trial_cpu=trial_cpu,
            trial_memory=trial_memory,
            trial_accelerator=trial_accelerator,
            trial_gpus=trial_gpus,
            trial_node_selector=trial_node_selector,
            trial_tolerations=trial_tolerations,
            trial_priority_class=trial_priority_class,
            trial_runtime_class=trial_runtime_class,
            trial_service_account=trial_service_account,
            trials_per_pod=trials_per_pod,
        ),
        image,
        7 * 24 * HOUR,
    )
    placed(searched, search_cpu, search_memory, search_node_selector, search_tolerations)
    on_gpus(searched, search_accelerator, search_gpus)
    repaired = in_cluster(
        repair(
            fingerprint=known.output,
            dataset=dataset,
            space=space,
            architecture=searched.outputs["Output"],
            strategy=repair_strategy,
            epochs=repair_epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            learning_rate=learning_rate,
            max_seconds=repair_max_seconds,
            seed=seed,
            store=store,
            gpus=repair_gpus,
        ),
        image,
        7 * 24 * HOUR,
    )
    placed(repaired, repair_cpu, repair_memory, repair_node_selector, repair_tolerations)
    on_gpus(repaired, repair_accelerator, repair_gpus)
    model = repaired.outputs["model"]
    evaluated = in_cluster(
        evaluate(fingerprint=known.output, dataset=dataset, model=model, gpus=evaluate_gpus), image, 6 * HOUR
    )
    placed(evaluated, evaluate_cpu, evaluate_memory, evaluate_node_selector, evaluate_tolerations)
    on_gpus(evaluated, evaluate_accelerator, evaluate_gpus)
    registered = in_cluster(
        register(
            fingerprint=known.output,
            dataset=dataset,
            trials=searched.outputs["trials"],
            model=model,
            evaluation=evaluated.outputs["evaluation"],
            registry=registry,
            name=name,
            promote_margin=promote_margin,
            model_registry=model_registry,
            ui=ui,
        ),
        image,
        HOUR,
    )
    placed(registered, register_cpu, register_memory, register_node_selector, register_tolerations)


@dsl.pipeline(
    name="archmend",
    description="Search an architecture, repair the winner while it trains, evaluate and register it.",
)
def archmend(
    data: str = "digits",
    target: str = "",
    text: str = "",
    impute: str = "",
    split_seed: int = 0,
    validation: float = 0.15,
    test: float = 0.15,
    space: str = "fc",
    strategy: str = "auto",
    objective: str = "accuracy",
    engine: str = "auto",
    max_trials: int = 30,
    max_seconds: float = 0.0,
    max_params: int = 0,
    max_flops: int = 0,
    max_latency_ms: float = 0.0,
    target_value: float = 0.0,
    epochs: int = 10,
    batch_size: int = 32,
    optimizer: str = "adam",
    learning_rate: float = 0.0,
    inherit: str = "none",
    workers: int = 0,
    seed: int = 0,
    repair_strategy: str = "auto",
    repair_epochs: int = 30,
    repair_max_seconds: float = 0.0,
    registry: str = "minio://archmend-registry/models",
    name: str = "model",
    promote_margin: float = 0.0,
    model_registry: str = "",
    store: str = "minio://archmend",
    ui: str = "",
    image: str = IMAGE,
    prepare_cpu: str = "1",
    prepare_memory: str = "2Gi",
    prepare_node_selector: dict = {},
    prepare_tolerations: list = [],
    search_cpu: str = "1",
    search_memory: str = "2Gi",
    search_accelerator: str = "nvidia.com/gpu",
    search_gpus: str = "0",
    search_node_selector: dict = {},
    search_tolerations: list = [],
    trial_cpu: str = "1",
    trial_memory: str = "2Gi",
    trial_accelerator: str = "nvidia.com/gpu",
    trial_gpus: int = 0,
    trial_node_selector: dict = {},
    trial_tolerations: list = [],
    trial_priority_class: str = "",
    trial_runtime_class: str = "",
    trial_service_account: str = "",
    trials_per_pod: int = 1,
    repair_cpu: str = "2",
    repair_memory: str = "4Gi",
    repair_accelerator: str = "nvidia.com/gpu",
    repair_gpus: str = "0",
    repair_node_selector: dict = {},
    repair_tolerations: list = [],
    evaluate_cpu: str = "1",
    evaluate_memory: str = "4Gi",
    evaluate_accelerator: str = "nvidia.com/gpu",
    evaluate_gpus: str = "0",
    evaluate_node_selector: dict = {},
    evaluate_tolerations: list = [],
    register_cpu: str = "1",
    register_memory: str = "4Gi",
    register_node_selector: dict = {},
    register_tolerations: list = [],
):
    """All of it, with a summary at the end in any case.

    Args:
        data: Address of the data: digits, or an .npz, .csv, .parquet or prepared folder on s3:// or minio://.
        target: Column of labels, for tables.
        text: Column of texts, for a table whose texts are learned from; empty finds one that stands alone.
        impute: Median, mean or zero in place of NaN and infinity; empty refuses them.
        split_seed: Which rows go where.
        validation: Share of the rows to choose by.
        test: Share of the rows to test on.
        space: Search space: fc, conv, cells, tabular, series, text, seed-fc, seed-fc-free or conv-open.
        strategy: Auto, surrogate, evolution, random... with name:key=value settings; Katib's as katib-tpe.
        objective: What is made better; several with commas.
        engine: Where trials run: katib, local (in the search task itself) or auto (katib in a cluster).
        max_trials: Trials of the search; 0 is no limit.
        max_seconds: Wall time of the search; 0 is no limit.
        max_params: Trainable parameters of a network; 0 is no limit.
        max_flops: FLOPs of a network for one row; 0 is no limit.
        max_latency_ms: Measured latency of a network for one row; 0 is no limit.
        target_value: Stop when the first objective is this good; 0 is none.
        epochs: Epochs of each trial.
        batch_size: Rows a training step.
        optimizer: Adam, adamw, momentum, nadam, rmsprop, sgd or adagrad.
        learning_rate: Where the space does not choose it; 0 is the optimizer's own.
        inherit: Start a trial from the weights of: best, parent or none.
        workers: Trials at once; 0 is 2 under Katib, and one a core in the search task itself.
        seed: Of everything that is drawn.
        repair_strategy: Auto, max_entropy, rules or random.
        repair_epochs: Epochs of the final training.
        repair_max_seconds: Wall time of the final training; 0 is no limit.
        registry: Where the model is registered: an s3:// or minio:// folder.
        name: Of the model in the registry.
        promote_margin: By how much (0 to 1) it must beat the champion's accuracy.
        model_registry: Address of a Kubeflow Model Registry; empty is none.
        store: Folder for the trials' records and weights and for checkpoints.
        ui: Address of the pipelines' UI (in a whole Kubeflow https://host/pipeline), for links back to it.
        image: Container image of every step and trial; name one by its digest.
        prepare_cpu: CPU of the fingerprint, of the preparation and of the summary.
        prepare_memory: Memory of the fingerprint, of the preparation and of the summary.
        prepare_node_selector: Labels of their node, as JSON.
        prepare_tolerations: Taints they bear, as JSON.
        search_cpu: CPU of the search task, which watches the trials.
        search_memory: Memory of the search task.
        search_accelerator: GPU type of the search task, for engine local.
        search_gpus: GPUs of the search task.
        search_node_selector: Labels of its node, as JSON.
        search_tolerations: Taints it bears, as JSON.
        trial_cpu: CPU of each trial.
        trial_memory: Memory of each trial.
        trial_accelerator: GPU type of a trial.
        trial_gpus: GPUs of each trial.
        trial_node_selector: Labels of a trial's node, as JSON.
        trial_tolerations: Taints a trial bears, as JSON.
        trial_priority_class: Priority class of the trials.
        trial_runtime_class: Runtime class of the trials, such as nvidia.
        trial_service_account: Service account of the trials; empty is the namespace's default.
        trials_per_pod: Architectures that one pod trains, together if it can, so that a GPU is not idle.
        repair_cpu: CPU of the final training.
        repair_memory: Memory of the final training.
        repair_accelerator: GPU type of the final training.
        repair_gpus: GPUs of the final training.
        repair_node_selector: Labels of its node, as JSON.
        repair_tolerations: Taints it bears, as JSON.
        evaluate_cpu: CPU of the evaluation.
        evaluate_memory: Memory of the evaluation.
        evaluate_accelerator: GPU type of the evaluation.
        evaluate_gpus: GPUs of the evaluation.
        evaluate_node_selector: Labels of its node, as JSON.
        evaluate_tolerations: Taints it bears, as JSON.
        register_cpu: CPU of the registration.
        register_memory: Memory of the registration.
        register_node_selector: Labels of its node, as JSON.
        register_tolerations: Taints it bears, as JSON.
    """
    given = dict(locals())
    ending = in_cluster(
        summarize(data=data, name=name, registry=registry, store=store), image, HOUR, cache=False
    )
    placed(ending, prepare_cpu, prepare_memory, prepare_node_selector, prepare_tolerations)
    with dsl.ExitHandler(ending, name="steps"):
        steps(**given)
