"""A generator of faulty networks with the truth about them: `generate(seed)`.

Each injection is a function from a healthy case and a random generator to the changed case and the places of
the layers at fault. A fault is only drawn for networks that it applies to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from benchmarks.repair.case import Case, Fault
from benchmarks.repair.edits import (
    constant,
    hidden,
    hidden_dense,
    names,
    normal,
    output,
    with_arguments,
    with_optimizer,
    with_rate,
)
from benchmarks.repair.healthy import dense, healthy

Injected = tuple[Case, Sequence[int]]
HEALTHY_SHARE = 0.2
SECOND_SHARE = 0.25
"""How often `generate` injects nothing, and how often two faults where it injects."""


@dataclass(frozen=True)
class Injection:
    """One kind of fault: how it is made, and what names it rightly.

    Attributes:
        inject: the change. symptoms: any of these is a right name. structural: seen in the first epoch.
        part: what of the network it changes (`hidden`, `output`, `rate`, `data`, `regular`); two faults of
            one network are of different parts. applies: whether a healthy network can have it.
    """

    inject: Callable[[Case, np.random.Generator], Injected]
    symptoms: tuple[str, ...]
    structural: bool
    part: str
    applies: Callable[[Case], bool] = lambda case: True


def generate(seed: int, *, fault: str | None = None) -> Case:
    """Return a network on a small scikit-learn data set, faulty or healthy, by its arguments alone.

    `network.build(case, seed)` makes the compiled model and `data.parts(case)` the rows. `case.faults` holds
    what was injected (empty: healthy), `case.healthy` the network before that.

    Args:
        seed: of everything that is drawn.
        fault: name in `INJECTIONS` of the only fault to inject, or `healthy` for none. None draws: nothing
            for a fifth of the seeds, one fault for most others, two for the rest.

    Raises:
        ValueError: there is no such fault.
    """
    rng = np.random.default_rng((seed, 2))
    if fault == "healthy" or (fault is None and rng.random() < HEALTHY_SHARE):
        return healthy(seed)
    if fault is not None and fault not in INJECTIONS:
        raise ValueError(f"there is no fault {fault!r}; known are healthy, {', '.join(INJECTIONS)}")
    base = _base(seed, fault)
    chosen = _drawn(base, rng) if fault is None else [fault]
    return injected(base, chosen, seed)


def injected(base: Case, chosen: Sequence[str], seed: int) -> Case:
    """Return a healthy case with the faults of these names; layers that one renames are renamed in all."""
    case, marked = base, []
    for name in chosen:
        marked.append(name)
        rng = np.random.default_rng((seed, 3, *name.encode()))
        case, places = INJECTIONS[name].inject(case, rng)
        kind = INJECTIONS[name]
        found = Fault(name, kind.symptoms, names(case, places), kind.structural)
        case = replace(case, faults=(*case.faults, found))
    title = "+".join(marked)
    return replace(case, id=f"{title}-{seed}", label="buggy", symptom=title, healthy=base)


def _base(seed: int, fault: str | None) -> Case:
    # The seeds of rejected networks lie far from those that a person gives.
    candidates = (healthy(seed if n == 0 else (seed + 1) * 1_000_003 + n) for n in range(100))
    return next(case for case in candidates if fault is None or INJECTIONS[fault].applies(case))


def _drawn(base: Case, rng: np.random.Generator) -> list[str]:
    open_ones = [name for name, kind in INJECTIONS.items() if kind.applies(base)]
    first = str(rng.choice(open_ones))
    if rng.random() >= SECOND_SHARE:
        return [first]
    others = [name for name in open_ones if INJECTIONS[name].part != INJECTIONS[first].part]
    second = str(rng.choice(others))
    # What changes the layers' number comes first, so that the names of the other's layers stay right.
    return sorted([first, second], key=lambda name: INJECTIONS[name].part != "hidden")


def _is_dense(case: Case) -> bool:
    return all(layer["type"] != "Conv2D" for layer in case.layers)


def _activation(case: Case) -> str:
    return str(case.layers[hidden(case)[0]]["activation"])


def _rectified(case: Case) -> bool:
    return _activation(case) == "relu" and not _normalized(case)


def _normalized(case: Case) -> bool:
    return any(layer["type"] == "BatchNormalization" for layer in case.layers)


def _plain(case: Case) -> bool:
    return not _normalized(case)


def _plain_dense(case: Case) -> bool:
    return _is_dense(case) and _plain(case)


def _deep(case: Case, depth: int, width: int, activation: str, **arguments: object) -> Injected:
    body = [{**dense(width, activation), **arguments} for _ in range(depth)]
    deeper = replace(case, layers=(*body, case.layers[-1]))
    return deeper, hidden(deeper)


def _one(rng: np.random.Generator, places: Sequence[int]) -> list[int]:
    return [int(rng.choice(places))]


def vanishing_depth(case: Case, rng: np.random.Generator) -> Injected:
    """Many narrow sigmoid layers."""
    return _deep(case, int(rng.integers(6, 16)), int(rng.choice((4, 8, 16))), "sigmoid")


def vanishing_tanh(case: Case, rng: np.random.Generator) -> Injected:
    """Many tanh layers whose weights are too small."""
    deviation = rng.uniform(0.02, 0.08)
    return _deep(case, int(rng.integers(6, 14)), 16, "tanh", kernel_initializer=normal(deviation))


def tiny_init(case: Case, rng: np.random.Generator) -> Injected:
    """Weights of all hidden layers near 0."""
    places = hidden(case)
    return with_arguments(case, places, kernel_initializer=normal(10 ** rng.uniform(-5, -3.3))), places


def tiny_layer(case: Case, rng: np.random.Generator) -> Injected:
    """Weights of one layer near 0."""
    places = _one(rng, hidden(case))
    return with_arguments(case, places, kernel_initializer=normal(10 ** rng.uniform(-7, -5))), places


def exploding_init(case: Case, rng: np.random.Generator) -> Injected:
    """Weights of all layers far too large."""
    places = [*hidden(case), output(case)]
    return with_arguments(case, places, kernel_initializer=normal(rng.uniform(2, 10))), places


def exploding_exponential(case: Case, rng: np.random.Generator) -> Injected:
    """Exponential activations, one behind the other."""
    return _deep(case, int(rng.integers(3, 9)), int(rng.choice((5, 8, 16))), "exponential")


def dying_bias(case: Case, rng: np.random.Generator) -> Injected:
    """One rectified layer whose biases keep it at zero."""
    places = _one(rng, hidden(case))
    return with_arguments(case, places, bias_initializer=constant(-rng.uniform(8, 30))), places


def dying_depth(case: Case, rng: np.random.Generator) -> Injected:
    """Many narrow rectified layers."""
    return _deep(case, int(rng.integers(10, 20)), int(rng.integers(2, 5)), "relu")


def dying_rate(case: Case, rng: np.random.Generator) -> Injected:
    """A rate at which rectified units are thrown to where they never fire."""
    return with_optimizer(case, "Adam", learning_rate=float(rng.uniform(0.2, 1.0))), ()


def zero_init(case: Case, rng: np.random.Generator) -> Injected:
    """Weights of all hidden layers zero."""
    places = hidden(case)
    return with_arguments(case, places, kernel_initializer=constant(0)), places


def zero_layer(case: Case, rng: np.random.Generator) -> Injected:
    """Weights of one hidden layer zero."""
    places = _one(rng, hidden(case))
    return with_arguments(case, places, kernel_initializer=constant(0)), places


def symmetric_init(case: Case, rng: np.random.Generator) -> Injected:
    """All weights of every hidden layer alike, so that its units stay alike."""
    places = hidden(case)
    return with_arguments(case, places, kernel_initializer=constant(rng.uniform(0.02, 0.2))), places


def saturated_init(case: Case, rng: np.random.Generator) -> Injected:
    """Weights of tanh or sigmoid layers so large that all units sit at their bounds."""
    places = hidden(case)
    activation = str(rng.choice(("tanh", "sigmoid")))
    arguments = {"activation": activation, "kernel_initializer": normal(rng.uniform(8, 30))}
    return with_arguments(case, places, **arguments), places


def softmax_hidden(case: Case, rng: np.random.Generator) -> Injected:
    """A softmax inside the network."""
    places = _one(rng, hidden(case)) if rng.random() < 0.5 else hidden(case)
    return with_arguments(case, places, activation="softmax"), places


def bottleneck(case: Case, rng: np.random.Generator) -> Injected:
    """One hidden layer of a single unit."""
    places = _one(rng, hidden_dense(case))
    return with_arguments(case, places, units=1), places


def softmax_of_one(case: Case, rng: np.random.Generator) -> Injected:
    """A softmax over one unit, which is always 1."""
    return with_arguments(case, [output(case)], activation="softmax"), [output(case)]


def linear_output(case: Case, rng: np.random.Generator) -> Injected:
    """Logits into a loss that takes probabilities."""
    return with_arguments(case, [output(case)], activation="linear"), [output(case)]


def relu_output(case: Case, rng: np.random.Generator) -> Injected:
    """A rectified output where probabilities belong."""
    return with_arguments(case, [output(case)], activation="relu"), [output(case)]


def tanh_output(case: Case, rng: np.random.Generator) -> Injected:
    """An output from -1 to 1 where probabilities belong."""
    return with_arguments(case, [output(case)], activation="tanh"), [output(case)]


def regression_loss(case: Case, rng: np.random.Generator) -> Injected:
    """A loss of regression on classes."""
    loss = str(rng.choice(("mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_error")))
    return replace(case, loss=loss), [output(case)]


def double_softmax(case: Case, rng: np.random.Generator) -> Injected:
    """Probabilities into a loss that takes logits."""
    sparse = "sparse" in case.loss
    made = "SparseCategoricalCrossentropy" if sparse else "CategoricalCrossentropy"
    made = "BinaryCrossentropy" if case.loss == "binary_crossentropy" else made
    return replace(case, loss={"class_name": made, "config": {"from_logits": True}}), [output(case)]


def rate_high(case: Case, rng: np.random.Generator) -> Injected:
    """A learning rate far too high."""
    return with_rate(case, 10 ** rng.uniform(2, 3.3)), ()


def rate_low(case: Case, rng: np.random.Generator) -> Injected:
    """A learning rate far too low."""
    return with_rate(case, 10 ** -rng.uniform(2.3, 4.5)), ()


def noisy_batches(case: Case, rng: np.random.Generator) -> Injected:
    """Steps of two rows at a high rate: the loss never settles."""
    changed = with_optimizer(case, "SGD", learning_rate=float(rng.uniform(0.1, 0.4)), momentum=0.9)
    return replace(changed, batch_size=2, epochs=max(3, case.epochs // 15)), ()


def unscaled_input(case: Case, rng: np.random.Generator) -> Injected:
    """Features in the thousands, or far from 0."""
    return replace(case, scale=str(rng.choice(("large", "shifted")))), [hidden(case)[0]]


def heavy_dropout(case: Case, rng: np.random.Generator) -> Injected:
    """Dropout that hardly lets anything through behind each hidden layer."""
    rate = float(rng.uniform(0.85, 0.97))
    layers = []
    for place, layer in enumerate(case.layers):
        if layer["type"] != "Dropout":
            layers.append(layer)
        if place in hidden(case):
            layers.append({"type": "Dropout", "rate": rate})
    changed = replace(case, layers=tuple(layers))
    return changed, [n for n, layer in enumerate(changed.layers) if layer["type"] == "Dropout"]


def heavy_decay(case: Case, rng: np.random.Generator) -> Injected:
    """A penalty on weights that leaves none."""
    places = [*hidden(case), output(case)]
    penalty = {"class_name": "L2", "config": {"l2": float(10 ** rng.uniform(-0.5, 1))}}
    return with_arguments(case, places, kernel_regularizer=penalty), places


def few_rows(case: Case, rng: np.random.Generator) -> Injected:
    """A few dozen rows, learned by heart by a wide network."""
    body = [dense(256, "relu"), dense(256, "relu"), case.layers[-1]]
    return replace(case, layers=tuple(body), rows=int(rng.integers(24, 60)), batch_size=16, epochs=150), ()


TINY = ("vanishing", "entropy_collapse", "dying")
"""Of a signal that tiny weights end; rectified units are then as good as zero."""
INJECTIONS: dict[str, Injection] = {
    "vanishing_depth": Injection(
        vanishing_depth, ("vanishing", "entropy_collapse"), True, "hidden", _is_dense
    ),
    "vanishing_tanh": Injection(vanishing_tanh, ("vanishing", "entropy_collapse"), True, "hidden", _is_dense),
    "tiny_init": Injection(tiny_init, (*TINY, "zero_initialization"), True, "hidden", _plain),
    "tiny_layer": Injection(tiny_layer, (*TINY, "zero_initialization"), True, "hidden", _plain),
    "exploding_init": Injection(exploding_init, ("exploding", "saturated"), True, "hidden", _plain),
    "exploding_exponential": Injection(exploding_exponential, ("exploding",), True, "hidden", _is_dense),
    "dying_bias": Injection(dying_bias, ("dying",), True, "hidden", _rectified),
    "dying_depth": Injection(
        dying_depth, ("dying", "vanishing", "entropy_collapse", "bottleneck"), True, "hidden", _is_dense
    ),
    "dying_rate": Injection(
        dying_rate, ("dying", "learning_rate_high", "exploding", "class_collapse"), False, "rate", _rectified
    ),
    "zero_init": Injection(zero_init, ("zero_initialization", "symmetric_initialization"), True, "hidden"),
    "zero_layer": Injection(zero_layer, ("zero_initialization", "symmetric_initialization"), True, "hidden"),
    "symmetric_init": Injection(symmetric_init, ("symmetric_initialization",), True, "hidden"),
    "saturated_init": Injection(saturated_init, ("saturated", "exploding"), True, "hidden", _plain),
    "softmax_hidden": Injection(softmax_hidden, ("softmax_hidden",), True, "hidden"),
    "bottleneck": Injection(
        bottleneck, ("bottleneck",), False, "hidden", lambda case: len(hidden_dense(case)) > 1
    ),
    "softmax_of_one": Injection(
        softmax_of_one, ("wrong_output",), True, "output", lambda case: case.layers[-1]["units"] == 1
    ),
    "linear_output": Injection(
        linear_output, ("wrong_output", "wrong_loss", "labels_outside"), True, "output"
    ),
    "relu_output": Injection(relu_output, ("wrong_output", "wrong_loss", "dying"), True, "output"),
    "tanh_output": Injection(tanh_output, ("wrong_output", "wrong_loss"), True, "output"),
    "regression_loss": Injection(
        regression_loss,
        ("wrong_loss", "wrong_output"),
        True,
        "output",
        lambda case: "sparse" not in case.loss,
    ),
    "double_softmax": Injection(double_softmax, ("wrong_loss", "wrong_output"), True, "output"),
    "rate_high": Injection(
        rate_high,
        ("learning_rate_high", "exploding", "dying", "oscillation", "class_collapse"),
        False,
        "rate",
    ),
    "rate_low": Injection(rate_low, ("learning_rate_low", "slow_convergence"), False, "rate"),
    "noisy_batches": Injection(
        noisy_batches, ("oscillation", "learning_rate_high", "exploding", "dying"), False, "rate"
    ),
    "unscaled_input": Injection(unscaled_input, ("unscaled_input", "exploding"), True, "data", _plain),
    "heavy_dropout": Injection(heavy_dropout, ("heavy_dropout",), True, "regular"),
    "heavy_decay": Injection(heavy_decay, ("weight_decay",), False, "regular", _plain),
    "few_rows": Injection(few_rows, ("overfitting",), False, "hidden", _is_dense),
}
"""All kinds of faults by name."""
