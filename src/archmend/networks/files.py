"""Model files: Keras's own format, with a member of ours that says where the model comes from."""

from __future__ import annotations

import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from archmend.errors import BadInput
from archmend.networks.backend import require_tensorflow
from archmend.networks.metadata import ModelMetadata
from archmend.storage import write_atomic

if TYPE_CHECKING:
    import keras

_MEMBER = "archmend.json"


def save_model(model: keras.Model, path: str | Path, metadata: ModelMetadata | None = None) -> Path:
    """Write a `.keras` file, whole or not at all, and return its path.

    Raises:
        BadInput, Unavailable: the place cannot be written, the disk is full.
    """
    with tempfile.TemporaryDirectory() as scratch:
        temporary = Path(scratch) / "model.keras"
        model.save(temporary)
        if metadata is not None:
            with zipfile.ZipFile(temporary, "a") as archive:
                archive.writestr(_MEMBER, metadata.model_dump_json(indent=2))
        write_atomic(path, temporary.read_bytes())
    return Path(path)


def load_model(path: str | Path) -> tuple[keras.Model, ModelMetadata | None]:
    """Return a model and what its file says of it, None for a file that archmend did not write.

    Code that a file carries (lambda layers) is not run.

    Raises:
        BadInput: no such file, or no Keras model. MissingExtra: TensorFlow is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise BadInput(f"{str(path)!r} does not exist; give the path of a .keras file")
    if not zipfile.is_zipfile(path):
        raise BadInput(f"{str(path)!r} is no Keras model; give a file that model.save('name.keras') wrote")
    require_tensorflow()
    import keras

    metadata = _metadata(path)
    # Keras goes by the suffix, and a download or a blob of a registry may have none.
    with tempfile.TemporaryDirectory() as scratch:
        named = Path(scratch) / "model.keras"
        named.symlink_to(path.absolute())
        try:
            with warnings.catch_warnings():
                # A model that was saved before its optimiser had a state loads all the same.
                warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
                return keras.saving.load_model(named), metadata
        except Exception as error:  # whatever Keras raises on a foreign or damaged file
            reason = str(error).strip().partition("\n")[0][:200]
            raise BadInput(
                f"{str(path)!r} cannot be loaded as a Keras model ({type(error).__name__}: {reason}); "
                "give a file that model.save('name.keras') wrote, of Keras's own layers"
            ) from error


def _metadata(path: Path) -> ModelMetadata | None:
    with zipfile.ZipFile(path) as archive:
        if _MEMBER not in archive.namelist():
            return None
        try:
            return ModelMetadata.model_validate_json(archive.read(_MEMBER))
        except (ValidationError, zipfile.BadZipFile) as error:
            raise BadInput(f"{str(path)!r} is damaged in {_MEMBER}; save or train the model again") from error
