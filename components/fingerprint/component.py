"""A data URI does not change when the data does: this task, never cached, says what the data is now."""

from kfp import dsl

from archmend.kubeflow import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def fingerprint(data: str, target: str, impute: str) -> str:
    """Return the digest of the data's content, an input of every later task."""
    from archmend.datasets import open_data

    return open_data(data, target=target or None, impute=impute or None).info.digest
