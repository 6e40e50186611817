"""What is left to say however the run ended: the exit handler's task."""

from kfp import dsl

from archmend.kubeflow import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def summarize(data: str, name: str, status: dsl.PipelineTaskFinalStatus, summary: dsl.Output[dsl.Markdown]):
    """Write how the run ended, and why if it failed."""
    from pathlib import Path

    lines = [f"# {name}", f"- data: {data}", f"- state: {status.state}"]
    if status.error_message:
        lines.append(f"- error: {status.error_message}")
    Path(summary.path).write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
