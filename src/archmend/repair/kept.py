"""A loop whose state a keeper holds: saved between epochs, and loaded before the first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from archmend.repair.archive import SavedError, packed, unpacked
from archmend.repair.decision import Decision
from archmend.repair.engine import Engine
from archmend.repair.keeper import Keeper, Resumed, Saver
from archmend.repair.loop import Loop
from archmend.repair.packing import Packer, Unpacker
from archmend.repair.run import Place, Run

_NAMES = ("name", "seed", "inbound_nodes", "registered_name")
"""Of a configuration, what differs between two processes that build the same network."""


class KeptLoop:
    """Brings a loop and its keeper together."""

    def __init__(self, loop: Loop, keeper: Keeper, run: Run, start: str) -> None:
        """Hold a loop that has trained nothing yet; `start` is the fingerprint of what it starts with."""
        self._loop, self._keeper, self._run, self._start = loop, keeper, run, start
        self._saver = Saver(keeper)

    def resume(self, engine: Callable[[Any], Engine]) -> None:
        """Let the loop go on from what the keeper holds, if it does and it is of this fit."""
        content = self._keeper.load()
        if content is None:
            return
        try:
            state, arrays = unpacked(content, self._keeper.of)
            if state["start"] != self._start:
                raise SavedError("it is of another model, or of other settings")
            parts = Unpacker(state["networks"], arrays, self._run.model, engine)
        except SavedError as error:
            self._keeper.refused(str(error))
            return
        loop = state["loop"]
        self._loop.load_state_dict(loop, parts)
        decisions = tuple(Decision.model_validate(one) for one in loop["treatment"]["decisions"])
        history = Place.from_dict(loop["here"]["place"]).history
        self._keeper.resumed(Resumed(history, decisions, loop["limits"]["seconds"]))

    def between(self) -> None:
        """Save, if a save is due."""
        self._saver.offer(self._state)

    def _state(self) -> bytes:
        pack = Packer()
        loop = self._loop.state_dict(pack)
        state = {"start": self._start, "networks": pack.networks(), "loop": loop}
        return packed(state, pack.arrays, self._keeper.of)


def fingerprint(asked: Mapping[str, Any], run: Run) -> str:
    """Return a digest of a fit's settings, its network, loss and first weights; names do not count."""
    layers = [keras.saving.serialize_keras_object(layer) for layer in run.model.layers]
    optimizer = keras.saving.serialize_keras_object(run.model.optimizer)
    losses = keras.tree.map_structure(_loss, run.model.loss)
    sizes = [run.batches_per_epoch, run.validation_rows]
    told = [dict(asked), sizes, _without_names([layers, optimizer, losses])]
    text = json.dumps(told, sort_keys=True, default=_kind)
    digest = hashlib.sha256(text.encode())
    for value in run.engine.snapshot():
        digest.update(np.asarray(value).tobytes())
    return digest.hexdigest()


def _loss(loss: Any) -> Any:
    """Return what tells a compiled loss from others: its class or function, and its settings."""
    if loss is None or isinstance(loss, str):
        return loss
    settings = loss.get_config() if hasattr(loss, "get_config") else {}
    return [getattr(loss, "__name__", type(loss).__name__), settings]


def _without_names(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_names(found) for key, found in value.items() if key not in _NAMES}
    return [_without_names(found) for found in value] if isinstance(value, list | tuple) else value


def _kind(value: Any) -> str:
    # Not its text, in which the address of an object may stand.
    return type(value).__name__
