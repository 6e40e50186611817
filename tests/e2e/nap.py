"""The smallest pipeline: one step that sleeps. kfp reads annotations themselves: here they are no texts."""

from kfp import dsl

from archmend.kubeflow.image import IMAGE


@dsl.container_component
def nap(seconds: int):  # type: ignore[no-untyped-def]
    """Sleep."""
    return dsl.ContainerSpec(image=IMAGE, command=["sh", "-c", 'sleep "$0" && echo rested'], args=[seconds])


@dsl.pipeline(name="archmend-e2e-nap")
def naps(seconds: int = 1) -> None:
    """Sleep once."""
    nap(seconds=seconds).set_caching_options(False)
