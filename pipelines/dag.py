"""The DAG: fingerprint, prepare, search, repair, evaluate, register, and a summary however it ends.

kfp 2.17 does not hand run-time resource parameters into the sub-DAG of an exit handler. So the tasks stand in
a pipeline of their own, which takes every parameter, and the exit handler wraps that one.
"""

from components.evaluate.component import evaluate
from components.fingerprint.component import fingerprint
from components.prepare_data.component import prepare_data
from components.register.component import register
from components.repair.component import repair
from components.search.component import search
from components.summarize.component import summarize
from kfp import dsl

RETRIES = 2
BACKOFF = "10s"


def _on(task: dsl.PipelineTask, cpu: str, memory: str, *, cache: bool = True) -> dsl.PipelineTask:
    """Give a task its resources, its retries and its place in the cache."""
    task.set_cpu_request(cpu).set_cpu_limit(cpu).set_memory_request(memory).set_memory_limit(memory)
    task.set_retry(RETRIES, backoff_duration=BACKOFF).set_caching_options(cache)
    return task


@dsl.pipeline(name="archmend-steps")
def steps(
    data: str,
    target: str,
    impute: str,
    split_seed: int,
    validation: float,
    test: float,
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
    repair_strategy: str,
    repair_epochs: int,
    repair_max_seconds: float,
    registry: str,
    name: str,
    promote_margin: float,
    cpu: str,
    memory: str,
    training_cpu: str,
    training_memory: str,
    accelerator_type: str,
    accelerator_count: str,
):
    """The five steps, one after another."""

    def on_gpu(task: dsl.PipelineTask) -> dsl.PipelineTask:
        _on(task, training_cpu, training_memory)
        return task.set_accelerator_type(accelerator_type).set_accelerator_limit(accelerator_count)

    # Never from the cache: a URI stays the same when the data behind it changes.
    known = _on(fingerprint(data=data, target=target, impute=impute), cpu, memory, cache=False)
    prepared = _on(
        prepare_data(
            data=data,
            fingerprint=known.output,
            target=target,
            split_seed=split_seed,
            validation=validation,
            test=test,
            impute=impute,
        ),
        cpu,
        memory,
    )
    dataset = prepared.outputs["dataset"]
    searched = on_gpu(
        search(
            dataset=dataset,
            space=space,
            strategy=strategy,
            objective=objective,
            max_trials=max_trials,
            max_seconds=max_seconds,
            max_params=max_params,
            max_flops=max_flops,
            max_latency_ms=max_latency_ms,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            inherit=inherit,
            workers=workers,
            seed=seed,
        )
    )
    repaired = on_gpu(
        repair(
            dataset=dataset,
            space=space,
            architecture=searched.outputs["Output"],
            strategy=repair_strategy,
            epochs=repair_epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            max_seconds=repair_max_seconds,
            seed=seed,
        )
    )
    model = repaired.outputs["model"]
    evaluated = _on(evaluate(dataset=dataset, model=model), training_cpu, training_memory)
    # A registry is changed by this task, so that a cached one would be a registration that never was.
    _on(
        register(
            dataset=dataset,
            trials=searched.outputs["trials"],
            model=model,
            evaluation=evaluated.outputs["evaluation"],
            registry=registry,
            name=name,
            promote_margin=promote_margin,
        ),
        training_cpu,
        training_memory,
        cache=False,
    )


@dsl.pipeline(
    name="archmend",
    description="Search an architecture, repair the winner while it trains, evaluate and register it.",
)
def archmend(
    data: str = "digits",
    target: str = "",
    impute: str = "",
    split_seed: int = 0,
    validation: float = 0.15,
    test: float = 0.15,
    space: str = "fc",
    strategy: str = "random",
    objective: str = "accuracy",
    max_trials: int = 30,
    max_seconds: float = 0.0,
    max_params: int = 0,
    max_flops: int = 0,
    max_latency_ms: float = 0.0,
    epochs: int = 10,
    batch_size: int = 32,
    optimizer: str = "adam",
    inherit: str = "none",
    workers: int = 0,
    seed: int = 0,
    repair_strategy: str = "auto",
    repair_epochs: int = 30,
    repair_max_seconds: float = 0.0,
    registry: str = "registry",
    name: str = "model",
    promote_margin: float = 0.0,
    cpu: str = "1",
    memory: str = "2Gi",
    training_cpu: str = "2",
    training_memory: str = "4Gi",
    accelerator_type: str = "nvidia.com/gpu",
    accelerator_count: str = "0",
):
    """All of it, with a summary at the end in any case. For limits, 0 means none."""
    ending = summarize(data=data, name=name).set_caching_options(False)
    with dsl.ExitHandler(ending, name="steps"):
        steps(
            data=data,
            target=target,
            impute=impute,
            split_seed=split_seed,
            validation=validation,
            test=test,
            space=space,
            strategy=strategy,
            objective=objective,
            max_trials=max_trials,
            max_seconds=max_seconds,
            max_params=max_params,
            max_flops=max_flops,
            max_latency_ms=max_latency_ms,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            inherit=inherit,
            workers=workers,
            seed=seed,
            repair_strategy=repair_strategy,
            repair_epochs=repair_epochs,
            repair_max_seconds=repair_max_seconds,
            registry=registry,
            name=name,
            promote_margin=promote_margin,
            cpu=cpu,
            memory=memory,
            training_cpu=training_cpu,
            training_memory=training_memory,
            accelerator_type=accelerator_type,
            accelerator_count=accelerator_count,
        )
