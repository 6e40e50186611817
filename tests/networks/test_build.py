"""Networks of the built-in spaces: their costs, and back to the architecture."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archmend.errors import BadInput
from archmend.networks import architecture_of, build, count_flops, count_params
from archmend.spaces import Architecture, Space, create_space

SHAPES = {
    "seed-fc": (12,),
    "seed-fc-free": (12,),
    "fc": (5, 3, 1),
    "conv": (7, 6, 2),
    "conv-open": (9, 8, 1),
}
CLASSES = 3


def _space(name: str) -> Space:
    return create_space(name, input_shape=SHAPES[name], classes=CLASSES)


def _sampled(space: Space, seed: int) -> Architecture:
    """Draw an architecture that is small enough to build in a test."""
    rng = np.random.default_rng(seed)
    while True:
        drawn = space.sample(rng)
        if space.cost(drawn)["params"] < 200_000:
            return drawn


@pytest.mark.parametrize("name", SHAPES)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10_000))
def test_costs_are_kerass_and_the_architecture_comes_back(name: str, seed: int) -> None:
    space = _space(name)
    architecture = _sampled(space, seed)
    model = build(space, architecture, seed=seed)
    assert space.cost(architecture) == {"params": count_params(model), "flops": count_flops(model)}
    assert architecture_of(model, space) == architecture
    assert model.output_shape == (None, CLASSES)


def test_flops_are_those_of_a_known_network() -> None:
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(4, 3, padding="same"),  # 64 places, 9 products a filter
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(10),  # 4 x 4 x 4 inputs
        ]
    )
    assert count_flops(model) == 2 * (64 * 9 * 4 + 64 * 10)
    assert count_params(model) == 9 * 4 + 4 + 64 * 10 + 10


def test_recurrent_layers_count_each_step() -> None:
    model = keras.Sequential([keras.Input((5, 3)), keras.layers.LSTM(4), keras.layers.Dense(2)])
    assert count_flops(model) == 2 * (5 * (3 * 16 + 4 * 16) + 4 * 2)


def test_the_seed_decides_the_weights() -> None:
    space = _space("fc")
    architecture = space.parse("2-16-8-relu-batch-0.1-0.001")
    first, again, other = (build(space, architecture, seed=seed).get_weights() for seed in (3, 3, 4))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


def test_seed_networks_are_the_seeds() -> None:
    space = _space("seed-fc")
    model = build(space, space.parse("3-7"))
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.units for layer in dense] == [7, 7, 7, CLASSES]
    activations = [layer for layer in model.layers if isinstance(layer, keras.layers.Activation)]
    assert [layer.activation.__name__ for layer in activations] == ["relu"] * 3
    assert dense[-1].activation.__name__ == "softmax"


def _chain(*layers: keras.layers.Layer, rate: float = 1e-3) -> keras.Model:
    model = keras.Sequential([keras.Input((5, 3, 1)), keras.layers.Flatten(), *layers])
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return model


DENSE = keras.layers.Dense


@pytest.mark.parametrize(
    ("layers", "rate", "why"),
    [
        ([DENSE(16, "relu"), DENSE(3)], 1e-3, "its output is no dense layer with softmax"),
        ([DENSE(17, "relu"), DENSE(3, "softmax")], 1e-3, "'width_1' .* cannot be 17"),
        ([DENSE(16, "selu"), DENSE(3, "softmax")], 1e-3, "'activation' .* cannot be 'selu'"),
        ([DENSE(16, "relu"), DENSE(8, "elu"), DENSE(3, "softmax")], 1e-3, "differ in activation: elu, relu"),
        ([DENSE(16, "relu"), DENSE(3, "softmax")], 2e-3, "its learning_rate 0.002 is not offered"),
        ([DENSE(3, "softmax")], 1e-3, "at least one hidden"),
    ],
)
def test_a_network_outside_the_space(layers: list[keras.layers.Layer], rate: float, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        architecture_of(_chain(*layers, rate=rate), _space("fc"))


def test_a_fused_activation_is_the_same_architecture() -> None:
    model = _chain(DENSE(16, "relu"), DENSE(8, "relu"), DENSE(3, "softmax"))
    assert str(architecture_of(model, _space("fc"))) == "2-16-8-relu-none-0-0.001"


def test_a_learning_rate_where_the_space_chooses_it() -> None:
    space = _space("fc")
    with pytest.raises(BadInput, match=r"learning_rate 0\.5 contradicts space 'fc'"):
        build(space, space.example(), learning_rate=0.5)


def test_an_unknown_optimizer() -> None:
    space = _space("seed-fc")
    with pytest.raises(BadInput, match="unknown optimizer 'adem': did you mean 'adam'"):
        build(space, space.example(), optimizer="adem")
