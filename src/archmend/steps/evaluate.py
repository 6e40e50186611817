"""The evaluate step: a model file and data in, evaluation.json out."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from archmend.datasets import Prepared, TextEncoding, encode
from archmend.evaluation import Baselines, Evaluation, fit_baselines, word_weights
from archmend.steps.model_on_rows import ModelOnRows, open_model
from archmend.storage import write_atomic

EVALUATION_FILE = "evaluation.json"


class EvaluateRequest(ModelOnRows):
    """What to evaluate, and on what.

    Attributes:
        require_gpu: refuse to measure where TensorFlow sees none.
    """

    require_gpu: bool = False


def evaluate(request: EvaluateRequest) -> Evaluation:
    """Measure a model against rows and baselines, and write evaluation.json whole.

    Raises:
        BadInput: no such model or data, a file that is no Keras model, a model of another split (unless
            the part is `all`), of other classes or of another input shape.
        MissingExtra: TensorFlow is not installed. Unavailable: the disk or a remote place fails, or there is
            no GPU where one was asked for.
    """
    from archmend import evaluation as room
    from archmend.networks import take_gpus

    take_gpus(required=request.require_gpu, who="this evaluation")
    opened = open_model(request)
    data, rows = opened.data, opened.rows
    measured = room.evaluate(
        opened.model,
        rows.x,
        rows.y,
        baselines=_baselines(data, rows.x, rows.y),
        class_names=data.info.classes,
        size_bytes=len(opened.content),
    )
    result = measured.model_copy(
        update={
            "data_digest": data.info.digest,
            "split_digest": data.info.split_digest,
            "test_digest": data.info.test_digest,
            "part": request.part,
            "model_digest": hashlib.sha256(opened.content).hexdigest(),
            "notes": opened.notes,
        }
    )
    write_atomic(request.out / EVALUATION_FILE, result.model_dump_json(indent=2) + "\n")
    return result


def _baselines(data: Prepared, x: Any, y: np.ndarray) -> Baselines:
    encoding, train = data.info.encoding, data.train
    if isinstance(encoding, TextEncoding):
        # Numbers of words are no quantities, so a linear classifier sees which words a text has.
        assert isinstance(train.x, dict)
        weights = word_weights(train.x[encoding.column], x[encoding.column])
        return fit_baselines(weights[0], train.y, weights[1], y)
    return fit_baselines(encode(encoding, train.x), train.y, encode(encoding, x), y)
