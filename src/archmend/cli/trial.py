"""`archmend trial`."""

from __future__ import annotations

from typing import Annotated

import typer

from archmend.cli import options as o


def trial(
    data: o.Data,
    space: o.SpaceName,
    architecture: Annotated[
        str | None, typer.Option(help="Code of the architecture; several with commas are trained together.")
    ] = None,
    choices: Annotated[
        list[str] | None,
        typer.Option("--set", help="CHOICE=VALUE, once a choice; what is inactive does not count."),
    ] = None,
    epochs: o.Epochs = 10,
    batch_size: o.BatchSize = 32,
    optimizer: o.Optimizer = "adam",
    learning_rate: o.LearningRate = None,
    objective: o.Objective = "accuracy",
    name: Annotated[str, typer.Option(help="Of the Katib trial.")] = "trial-0",
    experiment: Annotated[str, typer.Option(help="Of the Katib experiment.")] = "trial",
    records: Annotated[str | None, typer.Option(help="URI of the folder for the trial's record.")] = None,
    weights: Annotated[str | None, typer.Option(help="URI of the experiment's weights.")] = None,
    max_weights_bytes: Annotated[int | None, typer.Option(help="Larger ones are not kept; 64 MiB.")] = None,
    inherit: o.Inherit = "none",
    max_params: o.MaxParams = None,
    max_flops: o.MaxFlops = None,
    max_latency_ms: o.MaxLatency = None,
    deadline: Annotated[float | None, typer.Option(help="Seconds since 1970 at which training ends.")] = None,
    require_gpu: Annotated[bool, typer.Option("--require-gpu", help="Fail where there is no GPU.")] = False,
    go_on: Annotated[
        bool,
        typer.Option(
            "--continue", help="Go on from this architecture's trial with fewer epochs, up to --epochs."
        ),
    ] = False,
    no_fuse: o.NoFuse = False,
    population: o.Population = None,
    max_memory: Annotated[
        str | None, typer.Option(help="Of several trained together, such as 4GiB; 2GiB unless given.")
    ] = None,
    seed: o.Seed = 0,
) -> None:
    """Train one architecture or several, as a Katib trial does, and print the metrics.

    Example:  archmend trial --space fc --architecture 2-64-32-relu-none-0-0.001 --epochs 3 --data digits
    """
    from archmend.steps.trial_group import trials as step
    from archmend.steps.trial_request import WEIGHTS_LIMIT, TrialRequest, parse_choices

    step(
        TrialRequest(
            data=data,
            space=space,
            architecture=architecture,
            choices=parse_choices(choices or []),
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            learning_rate=learning_rate,
            objective=objective,
            name=name,
            experiment=experiment,
            seed=seed,
            records=records,
            weights=weights,
            max_weights_bytes=WEIGHTS_LIMIT if max_weights_bytes is None else max_weights_bytes,
            inherit=inherit,
            max_params=max_params,
            max_flops=max_flops,
            max_latency_ms=max_latency_ms,
            deadline=deadline,
            require_gpu=require_gpu,
            go_on=go_on,
            no_fuse=no_fuse,
            population=population,
            max_memory=max_memory,
        )
    )
