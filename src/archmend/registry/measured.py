"""Reading an evaluation.json, and whether it is of the model that is to be registered."""

from __future__ import annotations

import hashlib

from pydantic import ValidationError

from archmend.errors import BadInput
from archmend.registry.types import Measured


def measured_of(evaluation: bytes, model: bytes) -> Measured:
    """Return the figures of an evaluation.json after checking that it measured this model file.

    Raises:
        BadInput: it is no evaluation, or one of another file.
    """
    try:
        measured = Measured.model_validate_json(evaluation)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the text"
        raise BadInput(
            f"the evaluation is no evaluation.json ({where}: {first['msg']}); make one with archmend evaluate"
        ) from error
    if measured.model_digest is None:
        raise BadInput(
            "the evaluation does not say which model file it is of (no model_digest); make one with "
            "archmend evaluate"
        )
    digest = hashlib.sha256(model).hexdigest()
    if measured.model_digest != digest:
        raise BadInput(
            f"the evaluation is of the model file with the digest {measured.model_digest[:12]}, and this "
            f"model file has {digest[:12]}; evaluate this one and register it with its own evaluation"
        )
    return measured
