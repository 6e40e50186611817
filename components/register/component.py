"""The step `register` as a component, and the report of the whole run."""

from kfp import dsl

from archmend.kubeflow import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def register(
    fingerprint: str,
    dataset: dsl.Input[dsl.Dataset],
    trials: dsl.Input[dsl.Artifact],
    model: dsl.Input[dsl.Model],
    evaluation: dsl.Input[dsl.Artifact],
    registry: str,
    name: str,
    promote_margin: float,
    model_registry: str,
    ui: str,
    version: dsl.Output[dsl.Artifact],
    report: dsl.Output[dsl.HTML],
):
    """Add the model to the registry."""
    from pathlib import Path

    from archmend.kubeflow.gather import gathered, write_page
    from archmend.kubeflow.place import run_links
    from archmend.steps.register import RegisterRequest
    from archmend.steps.register import register as step

    with gathered(trials.path, model.path, evaluation.path, data=dataset.path) as run:
        request = RegisterRequest(
            model=run / "model.keras",
            evaluation=run / "evaluation.json",
            registry=registry,
            name=name,
            promote_margin=promote_margin,
            data=dataset.path,
            run_dir=run,
            links=run_links(ui, trials.metadata.get("experiment", "")),
            out=run,
            model_registry=model_registry,
        )
        registered = step(request)
        Path(version.path).write_text(registered.model_dump_json(indent=2))
        write_page(run, report.path)
    version.metadata.update(name=name, version=registered.version, champion="champion" in registered.aliases)
