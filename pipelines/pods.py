"""What every task of the DAG gets from the cluster: its image, its keys, its place and its second chance."""

from typing import Any

from kfp import dsl, kubernetes

from archmend.kubeflow.katib.options import CONFIG_MAP, SECRET
from archmend.kubeflow.katib.template import CA_FOLDER, FROM_CONFIG, FROM_SECRET, USER, ca_config_map
from archmend.kubeflow.place import NAMESPACE, RUN_ID, TASK

RETRIES = 2
BACKOFF = "10s"


def in_cluster(task: dsl.PipelineTask, image: Any, seconds: int, *, cache: bool = True) -> dsl.PipelineTask:
    """Give a task its image, who it is, the way to the store, its time limit and its place in the cache.

    Under the local runner none of this says anything.
    """
    task.set_container_image(image)
    task.set_caching_options(cache)
    task.set_retry(RETRIES, backoff_duration=BACKOFF)
    # Two tasks of one component are two works: each has its own Experiment.
    task.set_env_variable(TASK, task.name)
    kubernetes.use_field_path_as_env(task, RUN_ID, "metadata.labels['pipeline/runid']")
    kubernetes.use_field_path_as_env(task, NAMESPACE, "metadata.namespace")
    # A variable each, as one key of the ConfigMap may be the value of two.
    for variable, key in FROM_CONFIG.items():
        kubernetes.use_config_map_as_env(task, CONFIG_MAP, {key: variable}, optional=True)
    for variable, key in FROM_SECRET.items():
        kubernetes.use_secret_as_env(task, SECRET, {key: variable}, optional=True)
    kubernetes.use_config_map_as_volume(task, ca_config_map(CONFIG_MAP), CA_FOLDER, optional=True)
    kubernetes.set_security_context(task, run_as_user=USER, run_as_group=USER, run_as_non_root=True)
    kubernetes.set_timeout(task, seconds)
    return task


def placed(
    task: dsl.PipelineTask, cpu: Any, memory: Any, node_selector: Any, tolerations: Any
) -> dsl.PipelineTask:
    """Give a task its resources and the nodes it may run on."""
    task.set_cpu_request(cpu).set_cpu_limit(cpu).set_memory_request(memory).set_memory_limit(memory)
    kubernetes.add_node_selector_json(task, node_selector)
    kubernetes.add_toleration_json(task, tolerations)
    return task


def on_gpus(task: dsl.PipelineTask, accelerator: Any, count: Any) -> dsl.PipelineTask:
    """Give a task GPUs; `0` is none."""
    return task.set_accelerator_type(accelerator).set_accelerator_limit(count)
