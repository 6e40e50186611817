"""The checkpoint of a repair: one file or object, from which a successor of a killed process goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress

from archmend.datasets import DataInfo
from archmend.errors import ArchmendError, BadInput, Interrupted
from archmend.repair.keeper import Keeper, Resumed
from archmend.steps.remarks import remark
from archmend.steps.repair_start import RepairRequest
from archmend.storage import delete, exists, is_remote, local_path, read_bytes, write_bytes

FILE = "repair.checkpoint"
_NOT_OF_THE_RESULT = {
    *("data", "model", "out", "max_seconds", "require_gpu"),
    *("checkpoint", "checkpoint_pause", "keep_checkpoint"),
}
"""Where things lie and are done, and how long it may take; data and model count by their content."""


class RepairCheckpoint(Keeper):
    """Keeps a repair's state in any storage, and says on stderr what becomes of it.

    Attributes:
        seconds: that earlier processes spent on the fit; 0 where it starts anew.
    """

    def __init__(self, request: RepairRequest, info: DataInfo, told: Callable[[Resumed], None]) -> None:
        """Name the place; nothing is read yet. `told` is told where the repair goes on.

        Raises:
            BadInput: a scheme that archmend does not read.
        """
        assert request.checkpoint is not None
        self._uri = file_of(str(request.checkpoint))
        self._told = told
        self._silent = False
        self.of, self.pause = digest_of(request, info), request.checkpoint_pause
        self.seconds = 0.0

    def load(self) -> bytes | None:
        """Return the checkpoint, None where there is none.

        Raises:
            BadInput, Unavailable: it cannot be read. Nothing is spent yet, and a later try may find it.
        """
        if not exists(self._uri):
            return None
        try:
            return read_bytes(self._uri)
        except BadInput:
            if exists(self._uri):
                raise
            return None

    def save(self, state: bytes) -> None:
        """Write the checkpoint; a store that fails costs the checkpoint and not the training."""
        try:
            write_bytes(self._uri, state)
        except Interrupted:
            raise
        except (ArchmendError, OSError) as error:
            if not self._silent:
                remark(f"no checkpoint was written, and the training goes on: {error}")
            self._silent = True
        else:
            self._silent = False

    def resumed(self, found: Resumed) -> None:
        """Say where it goes on."""
        self.seconds = found.seconds
        self._told(found)
        remark(f"goes on after epoch {len(found.history)} from {self._uri}")

    def refused(self, reason: str) -> None:
        """Say why it starts anew."""
        remark(f"checkpoint {self._uri} cannot be gone on with, as {reason}; the repair starts anew")

    def failed(self, reason: str) -> None:
        """Say why there are no checkpoints."""
        remark(f"no checkpoints are written, as something in this repair cannot be ({reason})")

    def drop(self) -> None:
        """Remove it after the end; one that cannot be removed does no harm."""
        with suppress(ArchmendError, OSError):
            delete(self._uri)


def file_of(uri: str) -> str:
    """Return the file or object that a checkpoint is: itself, or one of our name in a folder."""
    if uri.endswith("/") or (not is_remote(uri) and local_path(uri).is_dir()):
        return f"{uri.rstrip('/')}/{FILE}"
    return uri


def digest_of(request: RepairRequest, info: DataInfo) -> str:
    """Return a digest of what decides a repair's result but for the model, which the fit itself compares."""
    asked = request.model_dump(mode="json", exclude=_NOT_OF_THE_RESULT)
    source = request.space_source
    own = [] if source is None or source.digest is None else [source.digest]
    text = json.dumps([asked, info.digest, info.split_digest, *own], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
