"""From an architecture to a Keras model and back; weights, counts, latency, model files.

TensorFlow is imported by the functions that need it, not by this room.
"""

from archmend.networks.backend import (
    NoGpuError,
    check_tensorflow,
    pin_threads,
    require_tensorflow,
    take_gpus,
)
from archmend.networks.build import build
from archmend.networks.counts import count_flops, count_params
from archmend.networks.data import space_for
from archmend.networks.encoder import with_encoder
from archmend.networks.files import load_model, save_model
from archmend.networks.inheritance import inherit, weights_of
from archmend.networks.kinship import layout_of, same_architecture
from archmend.networks.latency import Latency, measure_latency
from archmend.networks.metadata import ModelMetadata
from archmend.networks.optimizers import check_optimizer, create_optimizer, optimizer_names
from archmend.networks.reading import architecture_of, readable
from archmend.networks.tempering import temper

__all__ = [
    "Latency",
    "ModelMetadata",
    "NoGpuError",
    "architecture_of",
    "build",
    "check_optimizer",
    "check_tensorflow",
    "count_flops",
    "count_params",
    "create_optimizer",
    "inherit",
    "layout_of",
    "load_model",
    "measure_latency",
    "optimizer_names",
    "pin_threads",
    "readable",
    "require_tensorflow",
    "same_architecture",
    "save_model",
    "space_for",
    "take_gpus",
    "temper",
    "weights_of",
    "with_encoder",
]
