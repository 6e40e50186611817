"""What a search says of itself, where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from archmend.search import Budget, TrialResult
from archmend.search.explaining import explain
from archmend.search.gaussian_process import Posterior, Weights
from archmend.spaces import Architecture, Choice, Repeat, Space

SPACE = Space([*(Choice(f"x{i}", list(range(5))) for i in range(3)), Choice("kind", ["a", "b", "c"])])


def _trials(count: int, noise: float = 0.0, seed: int = 0) -> list[TrialResult]:
    rng = np.random.default_rng(seed)
    drawn = list({SPACE.sample(rng): None for _ in range(3 * count)})[:count]
    return [TrialResult(i, a, _value(a) + noise * float(rng.normal())) for i, a in enumerate(drawn)]


def _value(a: Architecture) -> float:
    return 0.5 + 0.2 * (a["kind"] == "b") - 0.01 * (int(a["x1"]) - 2) ** 2


def test_the_choices_that_matter_are_named() -> None:
    found = explain(SPACE, _trials(60))
    assert found is not None
    first, second, *_ = found.importance.items()
    assert (first[0], second[0]) == ("kind", "x1")
    assert first[1] > 0.7
    assert sum(found.importance.values()) < 1.1
    assert found.fit > 0.9


def test_what_a_choice_hangs_on_takes_no_credit_away_from_it() -> None:
    """Widths exist where the depth says so; a value that the depth alone decides is none of theirs."""
    deep = Space(
        [
            Choice("depth", [1, 2, 3, 4]),
            Repeat("depth", (Choice("width", [8, 16, 32]),)),
            Choice("rate", [0.1, 0.2, 0.3]),
        ]
    )
    rng = np.random.default_rng(0)
    drawn = list({deep.sample(rng): None for _ in range(400)})[:80]
    values = [-0.05 * int(a["depth"]) - 0.5 * float(a["rate"]) for a in drawn]
    trials = [TrialResult(i, a, v) for i, (a, v) in enumerate(zip(drawn, values, strict=True))]
    found = explain(deep, trials)
    assert found is not None
    assert list(found.importance)[:2] == ["depth", "rate"]
    assert found.importance["depth"] > 0.5
    assert max(share for name, share in found.importance.items() if name.startswith("width")) < 0.05
    assert sum(found.importance.values()) < 1.1


def test_one_that_diverged_does_not_decide_what_is_said() -> None:
    trials = _trials(60, noise=0.01)
    sound = explain(SPACE, trials)
    wrecked = explain(SPACE, [*trials[:-1], TrialResult(59, trials[-1].architecture, -50.0)])
    assert sound is not None
    assert wrecked is not None
    assert wrecked.gain < 3 * sound.gain + 0.01
    assert next(iter(wrecked.importance)) == "kind"


def test_fresh_trainings_count_and_name_the_winner() -> None:
    trials = _trials(40, noise=0.1)
    lucky, *others = sorted(trials, key=lambda r: -float(str(r.value)))
    second = others[0]
    again = [(lucky, 0.3), (second, 0.9)]
    fresh = [TrialResult(1000 + i, a.architecture, v) for i, (a, v) in enumerate(again)]
    told = explain(SPACE, [*trials, *fresh], best=second.architecture)
    before = explain(SPACE, trials, best=second.architecture)
    assert told is not None
    assert before is not None
    assert told.winner_is_best > before.winner_is_best


def test_noise_makes_the_winner_unsure() -> None:
    line = Space([Choice("x", list(range(12)))])
    architectures = [line.architecture({"x": i}) for i in range(12)]
    sure = explain(line, [TrialResult(i, a, float(i)) for i, a in enumerate(architectures)])
    unsure = explain(SPACE, _trials(60, noise=0.3))
    assert sure is not None
    assert unsure is not None
    assert sure.winner_is_best > 0.8
    assert unsure.winner_is_best < 0.6
    assert sure.fit > 0.9 > 0.6 > unsure.fit


def test_more_trials_bring_more_where_little_was_tried() -> None:
    early = explain(SPACE, [r for r in _trials(60) if r.architecture["kind"] != "b"])
    late = explain(SPACE, _trials(250))
    assert early is not None
    assert late is not None
    assert early.gain > 3 * late.gain
    assert early.gain_low <= early.gain <= early.gain_high
    assert late.gain < 0.01


def test_limits_hold_for_what_comes_next_and_an_exhausted_space_brings_nothing() -> None:
    space = Space([Choice("x", list(range(12)))], cost=lambda a: {"params": float(a["x"])})
    trials = [TrialResult(i, space.architecture({"x": i}), float(i)) for i in range(10)]
    found = explain(space, trials, Budget(params=9))
    assert found is not None
    assert found.gain == 0.0


def test_few_trials_say_nothing() -> None:
    assert explain(SPACE, _trials(5)) is None
    assert explain(SPACE, []) is None


def test_samples_have_the_posteriors_mean_and_deviation() -> None:
    rng = np.random.default_rng(0)
    points, new, values = rng.random((8, 2)), rng.random((4, 2)), rng.normal(size=8)
    posterior = Posterior(Weights(np.array([2.0, 5.0]), 0.05), points, values)
    drawn = posterior.samples(new, 20_000, rng)
    mean, deviation = posterior.at(new)
    assert drawn.mean(axis=0) == pytest.approx(mean, abs=0.03)
    assert drawn.std(axis=0) == pytest.approx(deviation, rel=0.05)


def test_left_out_is_what_a_model_without_the_value_says() -> None:
    rng = np.random.default_rng(1)
    points, values = rng.random((7, 2)), rng.normal(size=7)
    weights = Weights(np.array([2.0, 5.0]), 0.05)
    rest = [i for i in range(7) if i != 3]
    alone = Posterior(weights, points[rest], values[rest]).mean(points[[3]])
    assert Posterior(weights, points, values).left_out(values)[3] == pytest.approx(alone[0])
