"""Networks that repair has changed: read back where they are still of the space, refused where not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from archmend.datasets import open_data
from archmend.errors import BadInput
from archmend.networks import (
    architecture_of,
    build,
    count_flops,
    count_params,
    load_model,
    save_model,
    with_encoder,
)
from archmend.repair import Bench, Symptom
from archmend.repair.cloning import rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies import REMEDIES
from archmend.spaces import create_space

# What Keras says to NumPy 2 when it saves.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

FC = create_space("fc", input_shape=(6,), classes=3)
CONV = create_space("conv", input_shape=(6, 6, 1), classes=3)
ROWS = {"fc": np.zeros((8, 6), "float32"), "conv": np.zeros((8, 6, 6, 1), "float32")}


def _mended(space: Any, code: str, remedy: str) -> Any:
    """Return the network after a remedy that may do anything."""
    model = rebuild(build(space, space.parse(code)))  # as the repair does: the optimiser is built
    bench = Bench(Constraints(space), np.random.default_rng(0), ROWS[space.name])
    return REMEDIES.create(remedy).apply(model, Symptom("vanishing", layer="dense_1"), bench)


@pytest.mark.parametrize(
    ("space", "before", "remedy", "after"),
    [
        (FC, "2-16-8-relu-none-0-0.001", "activation_elu", "2-16-8-elu-none-0-0.001"),
        (FC, "2-16-8-tanh-none-0.1-0.001", "batch_normalization", "2-16-8-tanh-batch-0.1-0.001"),
        (FC, "2-16-8-relu-batch-0-0.001", "dropout", "2-16-8-relu-batch-0.3-0.001"),
        (FC, "2-16-8-relu-none-0.1-0.001", "dropout", "2-16-8-relu-none-0.3-0.001"),
        (FC, "2-16-8-relu-batch-0.1-0.001", "widen", "2-32-8-relu-batch-0.1-0.001"),
        (FC, "1-16-relu-none-0-0.001", "lower_learning_rate", "1-16-relu-none-0-0.0003"),
        (FC, "1-16-relu-none-0-0.001", "raise_learning_rate", "1-16-relu-none-0-0.003"),
        (FC, "1-16-relu-none-0-0.001", "clip_gradients", "1-16-relu-none-0-0.001"),
        (FC, "1-16-relu-none-0-0.001", "reinitialize", "1-16-relu-none-0-0.001"),
        (CONV, "1-8-3-max-32-relu-none-0.001", "activation_elu", "1-8-3-max-32-elu-none-0.001"),
        (CONV, "2-8-3-max-16-5-stride-0-elu-none-0.001", "batch_normalization", None),
        (CONV, "1-8-3-stride-32-relu-none-0.001", "widen", "1-8-3-stride-64-relu-none-0.001"),
    ],
)
def test_a_repaired_network_is_the_architecture_that_it_became(
    space: Any, before: str, remedy: str, after: str | None
) -> None:
    model = _mended(space, before, remedy)
    found = architecture_of(model, space)
    assert str(found) == (after or before.replace("none", "batch"))
    assert space.cost(found) == {"params": count_params(model), "flops": count_flops(model)}


@pytest.mark.parametrize(
    ("space", "before", "remedy", "why"),
    [
        (FC, "1-16-relu-none-0-0.001", "activation_selu", "'activation' .* cannot be 'selu'"),
        (FC, "1-512-relu-none-0-0.001", "widen", "'width_1' .* cannot be 1024"),
        (FC, "2-16-8-relu-none-0-0.001", "residual", "it is no chain at the layer"),
        (CONV, "1-8-3-max-32-relu-none-0.001", "dropout", "it has dropout"),
        (CONV, "1-8-3-max-32-relu-none-0.001", "batch_normalization", "its dense layer is normalised"),
    ],
)
def test_a_repair_that_leaves_the_space(space: Any, before: str, remedy: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        architecture_of(_mended(space, before, remedy), space)


def test_normalised_twice_is_no_block() -> None:
    model = build(FC, FC.parse("1-16-relu-batch-0-0.001"))
    flat, dense, norm, *rest = model.layers
    twice = keras.Sequential(
        [keras.Input((6,)), flat, dense, norm, keras.layers.BatchNormalization(name="again"), *rest]
    )
    twice.compile("adam", "sparse_categorical_crossentropy")
    with pytest.raises(BadInput, match=r"its layer 'again' .* has no place in a block"):
        architecture_of(twice, FC)


@pytest.mark.parametrize("impute", [None, "median"])
@pytest.mark.parametrize("saved", [False, True])
def test_a_network_is_read_behind_its_encoder(impute: str | None, saved: bool, tmp_path: Path) -> None:
    data = open_data("digits", impute=impute)
    space = create_space("conv", input_shape=data.info.encoded_shape, classes=10)
    architecture = space.parse("1-8-3-max-32-relu-batch-0.003")
    model = with_encoder(build(space, architecture), data.info)
    if saved:
        model, _ = load_model(save_model(model, tmp_path / "model.keras"))
    assert architecture_of(model, space) == architecture


def test_a_table_network_is_read_behind_its_encoder(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = [f"{rng.normal():.3f},{'abc'[i % 3]},{rng.normal():.3f},k{i % 2}" for i in range(60)]
    (tmp_path / "rows.csv").write_text("\n".join(["p,q,r,kind", *lines]) + "\n")
    data = open_data(str(tmp_path / "rows.csv"), target="kind")
    space = create_space("fc", input_shape=data.info.encoded_shape, classes=2)
    architecture = space.parse("2-16-8-relu-none-0.1-0.01")
    assert architecture_of(with_encoder(build(space, architecture), data.info), space) == architecture


def test_a_model_with_another_beginning() -> None:
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.BatchNormalization(), keras.layers.Dense(3, "softmax")]
    )
    with pytest.raises(BadInput, match="it begins with BatchNormalization"):
        architecture_of(model, FC)
