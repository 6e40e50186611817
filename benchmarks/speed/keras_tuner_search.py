"""KerasTuner's random search on the rows and the space `fc` of ours: a program of its own.

Usage: python -m benchmarks.speed.keras_tuner_search DATA OUT TRIALS EPOCHS BATCH MAX_PARAMS

DATA is a prepared directory. Proposals over the limit are drawn again, as KerasTuner would fail with them.
It prints one line of JSON: seconds until the first trial began, those until the best weights were saved,
the best validation accuracy.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Search once."""
    begun = time.monotonic()
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    trials, epochs, batch, limit = map(int, sys.argv[3:])
    import keras_tuner
    from benchmarks.speed.keras_fit import data_of, sequential

    from archmend.datasets import read_info
    from archmend.spaces import Choice, create_space

    info = read_info(data)
    space = create_space("fc", input_shape=info.encoded_shape, classes=len(info.classes))
    (x, y), validation = data_of(data)

    def architecture(hp: Any) -> Any:
        return space.make(lambda choice, _: _value(hp, choice))

    def _value(hp: Any, choice: Choice) -> Any:
        return hp.Choice(choice.name, list(choice.values))

    class WithinTheLimit(keras_tuner.oracles.RandomSearchOracle):
        def populate_space(self, trial_id: str) -> dict[str, Any]:
            while True:
                drawn: dict[str, Any] = super().populate_space(trial_id)
                if "values" not in drawn:
                    return drawn
                hp = self.hyperparameters.copy()
                hp.values = drawn["values"]
                if space.cost(architecture(hp))["params"] <= limit:
                    return drawn

    # All choices are named first, so that each draw gives all of them a value.
    known = keras_tuner.HyperParameters()
    for choice in space.laid_out:
        known.Choice(choice.name, list(choice.values))
    oracle = WithinTheLimit(
        objective=keras_tuner.Objective("val_accuracy", "max"),
        max_trials=trials,
        seed=0,
        hyperparameters=known,
    )
    tuner = keras_tuner.Tuner(
        oracle,
        lambda hp: sequential(space, str(architecture(hp))),
        directory=str(out),
        project_name="search",
    )
    first = time.monotonic()
    tuner.search(x, y, batch_size=batch, epochs=epochs, validation_data=validation, verbose=0)
    best = tuner.oracle.get_best_trials(1)[0].score
    print(json.dumps({"start": first - begun, "seconds": time.monotonic() - begun, "accuracy": best}))


if __name__ == "__main__":
    main()
