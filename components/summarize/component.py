"""What is left to say however the run ended: the exit handler's task."""

from kfp import dsl

from archmend.kubeflow import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def summarize(
    data: str,
    name: str,
    registry: str,
    store: str,
    status: dsl.PipelineTaskFinalStatus,
    summary: dsl.Output[dsl.Markdown],
):
    """Write how the run ended, and why if it failed; tidy up what it left behind."""
    from pathlib import Path

    from archmend.steps.summarize import summarize as step

    text = step(data, name, registry, store, status.state, status.error_message or "")
    Path(summary.path).write_text(text)
    print(text)
