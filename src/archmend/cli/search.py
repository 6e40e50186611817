"""`archmend search`."""

from __future__ import annotations

import typer

from archmend.cli import options as o
from archmend.cli import trial_pods as p


def search(
    data: o.Data = "digits",
    target: o.Target = None,
    text: o.Text = None,
    space: o.SpaceName = "fc",
    strategy: o.Strategy = "auto",
    objective: o.Objective = "accuracy",
    max_trials: o.MaxTrials = None,
    max_seconds: o.MaxSeconds = None,
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
    """Search an architecture under a budget.

    Example:  archmend search --data mnist:mnist.npz --space conv --max-seconds 600 --max-params 50000

    Without a limit of trials, seconds or a target, the search ends after 30 trials (grid: with the space).
    """
    from archmend.cli.display import Display
    from archmend.steps.search import SearchRequest
    from archmend.steps.search import search as step

    folder = o.run_folder(out, data, resume)
    request = SearchRequest(
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
    with Display(quiet, objective) as display:
        outcome = step(request, display.search)
    if not quiet:
        best = outcome.best
        metrics = ", ".join(f"{name} {value:.4f}" for name, value in best.metrics.items())
        rejected = f", {len(outcome.rejected)} rejected" if outcome.rejected else ""
        typer.echo(
            f"best of {len(outcome.trials)} trials{rejected}: {best.architecture} (trial {best.trial})"
        )
        typer.echo(f"validation: {metrics}; {best.params:,} parameters, {best.flops:,} FLOPs")
        typer.echo(f"stopped by: {outcome.stopped_by}")
        if outcome.alone is not None:
            typer.echo(f"trials were trained one by one: {outcome.alone}")
        for sentence in outcome.confirmed.sentences() if outcome.confirmed else ():
            typer.echo(sentence)
    typer.echo(folder)
