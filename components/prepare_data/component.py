"""The step `prepare` as a component."""

from kfp import dsl

from archmend.kubeflow import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def prepare_data(
    data: str,
    fingerprint: str,
    target: str,
    text: str,
    split_seed: int,
    validation: float,
    test: float,
    impute: str,
    dataset: dsl.Output[dsl.Dataset],
):
    """Read, check and split the data."""
    from pathlib import Path

    from archmend.steps.prepare import PrepareRequest, prepare

    info = prepare(
        PrepareRequest(
            data,
            Path(dataset.path),
            target or None,
            split_seed,
            validation,
            test,
            impute or None,
            text or None,
        )
    ).info
    dataset.metadata.update(
        digest=info.digest, split_digest=info.split_digest, classes=len(info.classes), **info.rows
    )
