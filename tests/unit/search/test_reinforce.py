"""The controller: what rewards do to its distributions, and what keeps them within bounds."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from archmend.search import TrialResult
from archmend.search.distributions import head_of
from archmend.search.policy import Policy
from archmend.search.random import RandomSearch
from archmend.search.reinforce import Reinforce
from archmend.search.strategy import Strategy
from archmend.spaces import Architecture, Choice, OpenIntegers, Repeat, Space

SPACE = Space([Choice(f"c{i}", range(6)) for i in range(8)], name="eight")
CELLS = Space(
    [Choice("depth", OpenIntegers(1, 3.0)), Repeat("depth", (Choice("width", OpenIntegers(1, 16.0)),))],
    name="cells",
)


def _sum(a: Architecture) -> float:
    return float(sum(int(v) for v in a.values()))


def _best(strategy: Strategy, count: int) -> float:
    best = 0.0
    for _ in range(count):
        (asked,) = strategy.ask(1)
        best = max(best, _sum(asked.architecture))
        strategy.tell([TrialResult(asked.id, asked.architecture, _sum(asked.architecture))])
    return best


def _policy(space: Space, entropy: float = 0.0) -> Policy:
    return Policy(space, learning_rate=0.5, entropy=entropy)


@pytest.mark.parametrize("value", [0, 1, 2])
def test_the_gradient_of_a_softmax_is_the_one_measured(value: int) -> None:
    choice = Choice("a", [0, 1, 2])
    head = head_of(choice)
    head.move(np.array([0.3, -0.2, 0.1]))
    logs = np.log(np.exp([0.3, -0.2, 0.1]) / np.exp([0.3, -0.2, 0.1]).sum())

    def objective(logits: np.ndarray) -> float:
        logs = logits - np.log(np.exp(logits).sum())
        return float(0.7 * logs[value] - 0.4 * np.exp(logs) @ logs)

    measured = [(objective(logs + 1e-5 * axis) - objective(logs - 1e-5 * axis)) / 2e-5 for axis in np.eye(3)]
    assert head.slope(value, 0.7, 0.4) == pytest.approx(measured, abs=1e-6)


def test_what_is_rewarded_is_drawn_more_often() -> None:
    space, rng = Space([Choice("a", ["x", "y", "z"]), Choice("b", [1, 2])]), np.random.default_rng(0)
    policy = _policy(space)
    for _ in range(150):
        drawn = policy.draw(rng)
        policy.learn(drawn, 1.0 if drawn["a"] == "y" else -1.0)
    counts = Counter(policy.draw(rng)["a"] for _ in range(200))
    assert counts["y"] > 150


def test_a_choice_that_makes_no_difference_gets_little_credit() -> None:
    # `b` has no part in the reward; what the critic expects of `a` is taken off before `b` is credited.
    space = Space([Choice("a", [0, 1, 2, 3]), Choice("b", [0, 1, 2, 3])])
    shares = []
    for seed in range(10):
        rng, policy = np.random.default_rng(seed), _policy(space, entropy=0.02)
        for _ in range(80):
            drawn = policy.draw(rng)
            policy.learn(drawn, float(drawn["a"] == 2) - float(drawn["a"] != 2))
        counts = [Counter(int(policy.draw(rng)[name]) for _ in range(100)) for name in ("a", "b")]
        shares.append([count.most_common(1)[0][1] / 100 for count in counts])
    of_a, of_b = np.mean(shares, axis=0)
    assert of_a > 0.8
    assert of_b < of_a - 0.15


def test_entropy_keeps_it_exploring() -> None:
    space = Space([Choice("a", [0, 1, 2, 3])])
    seen = []
    for entropy in (0.0, 2.0):
        rng, policy = np.random.default_rng(1), _policy(space, entropy)
        for _ in range(300):
            drawn = policy.draw(rng)
            policy.learn(drawn, 1.0 if drawn["a"] == 2 else -1.0)
        seen.append(Counter(int(policy.draw(rng)["a"]) for _ in range(300))[2])
    assert seen[0] > 290
    assert 100 < seen[1] < 250


def test_open_integers_are_learned_also_for_repetitions_never_drawn() -> None:
    rng, policy = np.random.default_rng(0), _policy(CELLS)
    for _ in range(400):
        drawn = policy.draw(rng)
        widths = [int(v) for name, v in drawn.items() if name != "depth"]
        policy.learn(drawn, 1.0 if np.mean(widths) > 40 else -1.0)
    deep = CELLS.architecture({"depth": 12, **{f"width_{i}": 50 for i in range(1, 13)}})
    policy.learn(deep, 0.0)
    drawn = [policy.draw(rng) for _ in range(200)]
    widths = [int(v) for a in drawn for name, v in a.items() if name != "depth"]
    assert np.median(widths) > 30  # at first 16


def test_a_policy_does_not_run_away() -> None:
    rng, policy = np.random.default_rng(0), Policy(CELLS, learning_rate=10, entropy=10)
    tried = [1]
    for _ in range(40):
        drawn = policy.draw(rng, temperature=5)
        assert int(drawn["depth"]) <= max(16, 2 * max(tried) + 2)
        tried.append(int(drawn["depth"]))
        policy.learn(CELLS.architecture({"depth": 2, "width_1": 3, "width_2": 4}), float(rng.choice([-1, 1])))
    assert int(policy.draw(rng)["depth"]) < 100


def test_a_copy_learns_by_itself() -> None:
    rng, policy = np.random.default_rng(0), _policy(CELLS)
    first = policy.draw(rng)
    policy.learn(first, 1.0)
    before = [policy.draw(np.random.default_rng(i)) for i in range(20)]
    other = policy.copy()
    for _ in range(30):
        other.learn(CELLS.architecture({"depth": 1, "width_1": 1}), 1.0)
    assert [policy.draw(np.random.default_rng(i)) for i in range(20)] == before
    assert [other.draw(np.random.default_rng(i)) for i in range(20)] != before


def test_it_is_better_than_random() -> None:
    pairs = [(_best(Reinforce(SPACE, s), 60), _best(RandomSearch(SPACE, s), 60)) for s in range(8)]
    assert sum(learned > drawn for learned, drawn in pairs) >= 7


def test_it_learns_from_earlier_runs_by_their_order() -> None:
    drawn = [SPACE.sample(np.random.default_rng(i)) for i in range(60)]
    prior = [TrialResult(i, a, 1000 * _sum(a)) for i, a in enumerate(drawn)]
    taught = np.mean(
        [_sum(a.architecture) for s in range(5) for a in Reinforce(SPACE, s, prior=prior).ask(10)]
    )
    untaught = np.mean([_sum(a.architecture) for s in range(5) for a in Reinforce(SPACE, s).ask(10)])
    assert taught > untaught + 4


def test_results_that_come_late_are_learned_in_their_place() -> None:
    whole = Reinforce(SPACE, 0)
    asked = whole.ask(12)
    results = [TrialResult(s.id, s.architecture, _sum(s.architecture)) for s in asked]
    late = Reinforce(SPACE, 0)
    late.tell(TrialResult(s.id, s.architecture, None, "running") for s in asked)
    before = {s.id: s.architecture for s in asked}
    for result in [*results[6:], *results[3:6]]:
        late.tell([result])
        late.suggest(12, before)  # what it learns on the way makes no difference
    late.tell(results[:3])
    whole.tell(results)
    assert late.ask(1) == whole.ask(1)


def test_a_choice_that_is_called_like_a_repeated_one_is_another() -> None:
    widths = Repeat("depth", (Choice("width", [4, 8]),))
    space = Space([Choice("depth", [1, 2]), widths, Choice("width_init", ["a", "b", "c"])], name="alike")
    strategy = Reinforce(space)
    for _ in range(40):
        for asked in strategy.ask(1):
            value = float(asked.architecture["width_init"] == "b")
            strategy.tell([TrialResult(asked.id, asked.architecture, value)])
    asked_before = [s.architecture for s in strategy.asked_before(41)]
    assert {a["width_init"] for a in asked_before} == {"a", "b", "c"}
