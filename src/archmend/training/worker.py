"""A process that trains trials: `python -m archmend.training.worker FD`, started by the pool alone.

It is a program of its own rather than a fork or a spawned copy of the caller's, so that a notebook, a
script without a main guard and a pipeline's executor can all start it, and so that it never inherits a
TensorFlow that was already running.
"""

from __future__ import annotations

import os
import sys
import threading
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from archmend.errors import BadInput, MissingExtra, Unavailable
from archmend.networks import pin_threads, take_gpus
from archmend.training.compiling import turn_within
from archmend.training.failures import reason_of
from archmend.training.task import Problem, Report, Task, TrainingSettings

if TYPE_CHECKING:
    from archmend.training.rows import RowsLayout
    from archmend.training.trial import Trainer


def main(descriptor: int) -> None:
    """Take settings and then tasks from the connection until it closes."""
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    connection = Connection(descriptor)
    try:
        trainer = _started(connection)
    except EOFError:
        return
    except Exception as error:
        connection.send(_problem(error))
        return
    connection.send(None)
    while True:
        try:
            tasks: tuple[Task, ...] = connection.recv()
        except EOFError:
            return
        try:
            trainer.run_all(tasks)
        except Unavailable as error:
            connection.send(_problem(error))
            return


def _problem(error: Exception) -> Problem:
    if isinstance(error, MissingExtra):
        return Problem("missing", "")
    if isinstance(error, BadInput):
        return Problem("input", str(error))
    if isinstance(error, Unavailable):
        return Problem("unavailable", str(error))
    return Problem(
        "unavailable",
        f"a worker cannot train: {reason_of(error)}; mend that and start again with --resume",
    )


def _started(connection: Connection) -> Trainer:
    # One thread: so a trial's result does not depend on how many workers there are.
    pin_threads(1)
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    take_gpus()
    from archmend.training.trial import Trainer

    def tell(report: Report) -> None:
        connection.send(report)

    # The rows are made while TensorFlow is loaded.
    settings: TrainingSettings
    layout: RowsLayout
    settings, layout = connection.recv()
    return Trainer(settings, tell, layout.rows(), turn_within(settings.memory, layout.descriptor))


def _end_with_the_parent() -> None:
    """Exit when stdin ends: the system closes its other end however the parent dies."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
