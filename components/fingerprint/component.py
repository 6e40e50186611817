"""A data URI does not change when the data does: this task, never cached, says what the data is now."""

from kfp import dsl

from archmend.kubeflow import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def fingerprint(data: str, target: str, text: str, impute: str, image: str) -> str:
    """Return what every later task depends on: the data's content, the image, and the code in it."""
    from archmend.datasets import open_data
    from archmend.kubeflow.build import build_digest

    digest = open_data(data, target=target or None, text=text or None, impute=impute or None).info.digest
    return f"data {digest} code {build_digest()} image {image}"
