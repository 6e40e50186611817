"""The Kubeflow form: what the components and the pipeline share, and the local run of the DAG."""

from archmend.kubeflow.compiled import compile_pipeline, compiled_pipeline
from archmend.kubeflow.image import IMAGE
from archmend.kubeflow.local import PipelineFailed, parse_parameters, run_locally

__all__ = [
    "IMAGE",
    "PipelineFailed",
    "compile_pipeline",
    "compiled_pipeline",
    "parse_parameters",
    "run_locally",
]
