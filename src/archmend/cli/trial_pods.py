"""The flags of a search by Katib: what its trials' pods get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from archmend.errors import BadInput

if TYPE_CHECKING:
    from archmend.kubeflow.katib.options import KatibOptions

Engine = Annotated[str, typer.Option(help="local, or katib for trials in the pods of a cluster.")]
Namespace = Annotated[str | None, typer.Option(help="katib: of the experiment; the context's unless given.")]
Image = Annotated[str | None, typer.Option(help="katib: image of the trials.")]
Store = Annotated[str | None, typer.Option(help="katib: s3:// or minio:// folder for the experiments.")]
Secret = Annotated[str | None, typer.Option(help="katib: Secret with the store's keys.")]
TrialCpu = Annotated[str | None, typer.Option(help="katib: CPU of a trial; 1 unless given.")]
TrialMemory = Annotated[str | None, typer.Option(help="katib: memory of a trial; 2Gi unless given.")]
TrialGpus = Annotated[int | None, typer.Option(help="katib: GPUs of a trial; none unless given.")]
Accelerator = Annotated[str | None, typer.Option(help="katib: resource name; nvidia.com/gpu unless given.")]
NodeSelector = Annotated[str | None, typer.Option(help="katib: key=value,... that a node must have.")]
Tolerations = Annotated[str | None, typer.Option(help="katib: key=value:Effect,... of nodes' taints.")]
PriorityClass = Annotated[str | None, typer.Option(help="katib: of the trials.")]
RuntimeClass = Annotated[str | None, typer.Option(help="katib: of the trials, such as nvidia.")]
ServiceAccount = Annotated[str | None, typer.Option(help="katib: of the trials.")]
Retain = Annotated[bool, typer.Option("--retain", help="katib: keep finished trials' pods for their logs.")]
TrialsPerPod = Annotated[
    int | None,
    typer.Option(help="katib: architectures that a pod trains, together if it can; 1 unless given."),
]


def trial_pods(engine: str, workers: int | None, **given: Any) -> KatibOptions | None:
    """Return what the flags say of the trials' pods; None for a local search.

    Raises:
        BadInput: such a flag with a local search, which would ignore it, or a wrong value.
    """
    from archmend.kubeflow.katib.options import FLAGS, KatibOptions, parse_node_selector, parse_tolerations

    values = {name: value for name, value in given.items() if value is not None and value is not False}
    if engine != "katib":
        if values:
            name = next(iter(values)).replace("_", "-")
            raise BadInput(f"--{name} is for trials in a cluster; add --engine katib, or leave it out")
        return None
    if "node_selector" in values:
        values["node_selector"] = parse_node_selector(values["node_selector"])
    if "tolerations" in values:
        values["tolerations"] = parse_tolerations(values["tolerations"])
    options = {FLAGS[name]: value for name, value in values.items()}
    if workers is not None:
        options["parallel"] = workers
    return KatibOptions(**options)
