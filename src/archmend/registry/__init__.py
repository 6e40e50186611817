"""Where a finished model goes: versions with their figures and lineage, one of them the champion.

The registry itself needs no Keras; exporting a model and predicting again do, and import it then.
"""

from archmend.registry.keys import check_name
from archmend.registry.measured import measured_of
from archmend.registry.registry import Registry
from archmend.registry.store import NotFoundError, Store, Stored
from archmend.registry.types import (
    Alias,
    Blob,
    Collected,
    Event,
    Lineage,
    Measured,
    Record,
    Verification,
    Version,
)

__all__ = [
    "Alias",
    "Blob",
    "Collected",
    "Event",
    "Lineage",
    "Measured",
    "NotFoundError",
    "Record",
    "Registry",
    "Store",
    "Stored",
    "Verification",
    "Version",
    "check_name",
    "measured_of",
]
