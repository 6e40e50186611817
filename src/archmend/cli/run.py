"""`archmend run`."""

from __future__ import annotations

from typing import Annotated

import typer

from archmend.cli import options as o
from archmend.cli import trial_pods as p


def run(
    data: o.Data = "digits",
    target: o.Target = None,
    text: o.Text = None,
    space: o.SpaceName = "fc",
    strategy: o.Strategy = "auto",
    objective: o.Objective = "accuracy",
    max_trials: o.MaxTrials = None,
    max_seconds: Annotated[
        float | None, typer.Option(help="Wall time of search and repair together, a hard limit.")
    ] = None,
    max_params: o.MaxParams = None,
    max_flops: o.MaxFlops = None,
    max_latency_ms: o.MaxLatency = None,
    target_value: o.TargetValue = None,
    epochs: o.Epochs = 10,
    batch_size: o.BatchSize = 32,
    optimizer: o.Optimizer = "adam",
    learning_rate: o.LearningRate = None,
    inherit: o.Inherit = "none",
    confirm: o.Confirm = None,
    warm_start: o.WarmStart = None,
    workers: o.Workers = None,
    no_fuse: o.NoFuse = False,
    population: o.Population = None,
    max_memory: o.MaxMemory = None,
    early_stopping: o.EarlyStopping = None,
    repair_strategy: Annotated[
        str, typer.Option(help="auto, learned, max_entropy, rules or random.")
    ] = "auto",
    repair_epochs: Annotated[int, typer.Option(help="Epochs of the final training.")] = 30,
    registry: Annotated[
        str, typer.Option(help="Folder of the registry, or s3://bucket/prefix.")
    ] = "registry",
    name: Annotated[str | None, typer.Option(help="Of the model; the data's name unless given.")] = None,
    promote_margin: Annotated[
        float, typer.Option(help="How much better than the champion, 0 to 1, to take its place.")
    ] = 0.0,
    seed: o.Seed = 0,
    split_seed: o.SplitSeed = None,
    validation: o.Validation = None,
    test: o.Test = None,
    impute: o.Impute = None,
    resume: o.Resume = False,
    out: o.Out = None,
    engine: p.Engine = "local",
    namespace: p.Namespace = None,
    image: p.Image = None,
    store: p.Store = None,
    secret: p.Secret = None,
    trial_cpu: p.TrialCpu = None,
    trial_memory: p.TrialMemory = None,
    trial_gpus: p.TrialGpus = None,
    accelerator: p.Accelerator = None,
    node_selector: p.NodeSelector = None,
    tolerations: p.Tolerations = None,
    priority_class: p.PriorityClass = None,
    runtime_class: p.RuntimeClass = None,
    service_account: p.ServiceAccount = None,
    retain: p.Retain = False,
    trials_per_pod: p.TrialsPerPod = None,
    quiet: o.Quiet = False,
) -> None:
    """Prepare, search, repair, evaluate and register, with a report.

    Example:  archmend run --data mnist:mnist.npz --space fc --epochs 3 --repair-epochs 10 --max-seconds 600
    """
    from archmend.cli.display import Display
    from archmend.evaluation import verdict
    from archmend.steps.pipeline import RunRequest, RunWatch
    from archmend.steps.pipeline import run as steps
    from archmend.steps.search_request import SearchRequest

    folder = o.run_folder(out, data, resume)
    search = SearchRequest(
        data=data,
        out=folder,
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
        confirm=confirm,
        warm_start=tuple(warm_start or ()),
        workers=workers,
        no_fuse=no_fuse or None,
        population=population,
        max_memory=max_memory,
        early_stopping=early_stopping,
        seed=seed,
        resume=resume,
        target=target,
        text=text,
        split_seed=split_seed,
        validation=validation,
        test=test,
        impute=impute,
        engine=engine,
        katib=p.trial_pods(
            engine,
            workers,
            namespace=namespace,
            image=image,
            store=store,
            secret=secret,
            trial_cpu=trial_cpu,
            trial_memory=trial_memory,
            trial_gpus=trial_gpus,
            accelerator=accelerator,
            node_selector=node_selector,
            tolerations=tolerations,
            priority_class=priority_class,
            runtime_class=runtime_class,
            service_account=service_account,
            retain=retain,
            trials_per_pod=trials_per_pod,
        ),
    )
    request = RunRequest(
        search, repair_strategy, repair_epochs, registry, name or o.data_name(data), promote_margin
    )
    with Display(quiet, objective) as display:
        outcome = steps(request, RunWatch(display.step, display.search, display.repair))
    if not quiet:
        version = outcome.version
        typer.echo(f"architecture: {outcome.best.architecture}")
        for sentence in outcome.confirmed.sentences() if outcome.confirmed else ():
            typer.echo(sentence)
        typer.echo(verdict(outcome.evaluation))
        typer.echo(
            f"{version.registry}: {version.name} version {version.version}. {version.reason or ''}".rstrip()
        )
        typer.echo(f"report: {outcome.report}")
    typer.echo(folder)
