"""What of a network the inheritance of weights goes by: its chain of kernels, and its identity."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from archmend.errors import BadInput
from archmend.networks.blocks import Block, blocks_of
from archmend.networks.chain import NotOfTheSpaceError
from archmend.spaces import Architecture, Space
from archmend.spaces.layers import Layer, describe

OUTPUT = "output-1"
"""Place of the last layer with weights."""
_IRRELEVANT = ("seed", "initializer", "dtype")
"""Ends of configuration entries that say nothing of what a network computes."""


@dataclass(frozen=True)
class Stage:
    """A kernel with what follows it up to the next one.

    Attributes:
        kind: of the kernel. units: outputs or filters. activation: its name.
        size: of a convolution's square kernel. stride: 1 or 2. pool: whether halved by its maxima.
        grid: height and width behind stride and pool; None for a dense stage.
        place: of the kernel, as `placed` calls it. normalizer: place of the batch normalisation, None
            without one. epsilon: of the normalisation.
    """

    kind: Literal["dense", "conv"]
    units: int
    activation: str
    size: int = 1
    stride: int = 1
    pool: bool = False
    grid: tuple[int, int] | None = None
    place: str = ""
    normalizer: str | None = None
    epsilon: float = 1e-3

    @property
    def cells(self) -> int:
        """How many values of each unit a flattened output has."""
        return 1 if self.grid is None else self.grid[0] * self.grid[1]


@dataclass(frozen=True)
class Structure:
    """A network as its weights' file describes it.

    Attributes:
        signature: equal for networks that compute the same with the same weights.
        stages: None where the network is no chain of dense and convolution layers.
    """

    signature: str
    stages: tuple[Stage, ...] | None

    def packed(self) -> np.ndarray:
        """Return it as bytes that can lie beside arrays of weights."""
        stages = None if self.stages is None else [asdict(stage) for stage in self.stages]
        text = json.dumps({"signature": self.signature, "stages": stages})
        return np.frombuffer(text.encode(), dtype=np.uint8)

    @classmethod
    def unpacked(cls, packed: np.ndarray) -> Structure:
        """Return what was packed.

        Raises:
            BadInput: the bytes are something else.
        """
        try:
            read = json.loads(np.asarray(packed, dtype=np.uint8).tobytes())
            stages = read["stages"]
            return cls(read["signature"], None if stages is None else tuple(map(_stage, stages)))
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"the weights' description is damaged ({error}); start anew, or from another trial"
            ) from error


def placed(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield each layer with weights and its place: class and number, the last one is `output-1`."""
    weighted = [layer for layer in model.layers if layer.weights]
    seen: Counter[str] = Counter()
    for layer in weighted:
        kind = "output" if layer is weighted[-1] else type(layer).__name__
        seen[kind] += 1
        yield f"{kind}-{seen[kind]}", layer


def structure_of(model: Any) -> Structure:
    """Return what the inheritance of weights needs to know of a model."""
    return Structure(signature_of(model.get_config()), stages_of(model))


def stages_of(model: Any) -> tuple[Stage, ...] | None:
    """Return the chain of a model's kernels, None where it is none that can be grown."""
    places = {id(layer): place for place, layer in placed(model)}
    try:
        blocks = blocks_of(model)
    except NotOfTheSpaceError:
        return None
    stages = tuple(_stage_of(block, places) for block in blocks)
    known = [stage for stage in stages if stage is not None]
    return tuple(known) if len(known) == len(stages) and known[-1].place == OUTPUT else None


def stages_of_architecture(space: Space, architecture: Architecture) -> tuple[Stage, ...] | None:
    """Return the stages of the network that `build` makes of an architecture, without making it.

    None for a space of no known family.
    """
    network = describe(space, architecture) if space.family in ("fc", "conv") else None
    if network is None:
        return None
    hidden = [_stage_as_described(layer) for layer in network.hidden]
    return (*_placed_stages(hidden), Stage("dense", network.layers[-1].units, "softmax", place=OUTPUT))


def _stage_as_described(layer: Layer) -> Stage:
    return Stage(
        "dense" if layer.grid is None else "conv",
        layer.units,
        layer.activation,
        size=layer.size,
        stride=layer.stride,
        pool=layer.pool,
        grid=layer.grid,
        normalizer="batch" if layer.normalized else None,
    )


def _placed_stages(stages: Sequence[Stage]) -> Iterator[Stage]:
    seen: Counter[str] = Counter()
    for stage in stages:
        kind = {"dense": "Dense", "conv": "Conv2D"}[stage.kind]
        seen[kind] += 1
        normalizer = stage.normalizer
        if normalizer is not None:
            seen["norm"] += 1
            normalizer = f"BatchNormalization-{seen['norm']}"
        yield replace(stage, place=f"{kind}-{seen[kind]}", normalizer=normalizer)


def _stage_of(block: Block, places: Mapping[int, str]) -> Stage | None:
    """Return a block as a stage, None where it has something that growing would have to know of."""
    import keras

    layer, normalizer = block.layer, block.normalizer
    if normalizer is not None and not (
        normalizer.center and normalizer.scale and normalizer.axis in (-1, layer.output.ndim - 1)
    ):
        return None
    common: dict[str, Any] = {
        "activation": block.activation,
        "place": places[id(layer)],
        "normalizer": None if normalizer is None else places[id(normalizer)],
        "epsilon": 1e-3 if normalizer is None else float(normalizer.epsilon),
    }
    if isinstance(layer, keras.layers.Dense):
        flat = layer.output.ndim == 2 and block.pool is None
        return Stage("dense", int(layer.units), **common) if flat else None
    sizes, strides, grid = set(layer.kernel_size), set(layer.strides), layer.output.shape[1:3]
    plain = layer.padding == "same" and layer.groups == 1 and set(layer.dilation_rate) == {1}
    if not plain or len(sizes) != 1 or len(strides) != 1 or None in grid or layer.output.ndim != 4:
        return None
    if block.pool is not None:
        grid = [(side + 1) // 2 for side in grid]
    return Stage(
        "conv",
        int(layer.filters),
        size=int(sizes.pop()),
        stride=int(strides.pop()),
        pool=block.pool is not None,
        grid=(int(grid[0]), int(grid[1])),
        **common,
    )


def signature_of(config: Mapping[str, Any]) -> str:
    """Return a digest of layers, their settings and what each reads, whatever the layers are called.

    Args:
        config: of a model, as its `get_config` returns it.
    """
    names: dict[str, str] = {}

    def collect(value: Any) -> None:
        if isinstance(value, Mapping):
            name = value.get("name")
            if isinstance(name, str):
                names.setdefault(name, f"#{len(names)}")
        parts = value.values() if isinstance(value, Mapping) else value
        if isinstance(value, Mapping | list | tuple):
            for part in parts:
                collect(part)

    def read(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {k: read(v) for k, v in sorted(value.items()) if not str(k).endswith(_IRRELEVANT)}
        if isinstance(value, list | tuple):
            return [read(part) for part in value]
        return names.get(value, value) if isinstance(value, str) else value

    collect(config)
    text = json.dumps(read(config), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _stage(read: Mapping[str, Any]) -> Stage:
    grid = read["grid"]
    return Stage(**{**read, "grid": None if grid is None else (int(grid[0]), int(grid[1]))})
