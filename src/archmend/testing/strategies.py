"""The contract of a strategy, as checks that need no test framework.

from archmend.testing import check_strategy

def test_mine():
    check_strategy(lambda space, seed: Mine(space, seed))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from archmend.search import Strategy, Suggestion, TrialResult
from archmend.spaces import Architecture, Choice, OpenIntegers, Repeat, Space

Make = Callable[[Space, int], Strategy]

SPACES: Mapping[str, Space] = {
    "small": Space([Choice("a", [1, 2, 3]), Choice("b", ["x", "y"])], name="small"),
    "conditional": Space(
        [
            Choice("kind", ["none", "dense", "conv"]),
            Choice("units", [8, 16, 32], when={"kind": ["dense"]}),
            Choice("kernel", [3, 5], when={"kind": ["conv"]}),
            Choice("stride", [1, 2], when={"kernel": [5]}),
        ],
        name="conditional",
    ),
    "repeated": Space(
        [
            Choice("depth", range(1, 5)),
            Repeat("depth", (Choice("width", (4, 8, 16)),)),
            Choice("rate", [0.1, 1.0]),
        ],
        name="repeated",
    ),
    "open": Space(
        [
            Choice("depth", OpenIntegers(1, 3.0)),
            Repeat("depth", (Choice("width", OpenIntegers(1, 16.0, doubling=True)),)),
        ],
        name="open",
    ),
}
"""Small spaces of every kind: finite, conditional, repeated, without an end."""


def check_strategy(make: Make, *, spaces: Sequence[str] | None = None, tells: int = 2000) -> None:
    """Check what every strategy promises, on several spaces.

    Args:
        make: from a space and a seed to a new strategy.
        spaces: names in `SPACES`; all of them unless given.
        tells: how long the longest history is, in the largest space.

    Raises:
        AssertionError: naming the promise that is broken.
    """
    for name in spaces or SPACES:
        space = SPACES[name]
        check_ids_and_codes(make, space)
        check_same_seed_same_questions(make, space)
        check_replay(make, space)
        check_order_of_telling(make, space)
        check_failures(make, space)
        if space.is_finite:
            check_exhaustion(make, space)
    largest = max((SPACES[name] for name in spaces or SPACES), key=lambda space: space.size)
    check_long_history(make, largest, tells)


def check_ids_and_codes(make: Make, space: Space) -> None:
    """Ids count from 0, architectures are of the space, and `n` of them come where there are enough."""
    strategy = make(space, 0)
    asked = [*strategy.ask(2), *strategy.ask(1)]
    assert [s.id for s in asked] == [0, 1, 2], f"ids must count from 0 on, got {[s.id for s in asked]}"
    for suggestion in asked:
        assert suggestion.architecture in space, f"{suggestion.architecture} is not of the space {space.name}"


def check_same_seed_same_questions(make: Make, space: Space) -> None:
    """Two objects with one seed and one history ask the same."""
    first, second = _play(make(space, 7), 5), _play(make(space, 7), 5)
    assert first == second, f"one seed asks differently on {space.name}: {first} and {second}"


def check_replay(make: Make, space: Space) -> None:
    """An object that is told a history, a trial left out as by a kill, goes on as the one that made it."""
    whole = make(space, 3)
    history = [_result(s) for s in _ask_and_tell(whole, 5)]
    fresh = make(space, 3)
    fresh.tell(r for r in history if r.id != 2)
    (again,) = fresh.ask(1)
    assert (again.id, again.architecture) == (2, history[2].architecture), (
        f"trial 2 was {history[2].architecture} and is asked again as {again.id}: {again.architecture}"
    )
    fresh.tell([history[2]])
    assert fresh.ask(1) == whole.ask(1), f"a replayed history goes on differently on {space.name}"


def check_order_of_telling(make: Make, space: Space) -> None:
    """The order in which results come does not change the next question."""
    nexts = []
    for backwards in (False, True):
        strategy = make(space, 5)
        results = [_result(s) for s in strategy.ask(4)]
        for result in reversed(results) if backwards else results:
            strategy.tell([result])
        nexts.append(strategy.ask(1))
    assert nexts[0] == nexts[1], f"the order of telling changes the next question on {space.name}"


def check_failures(make: Make, space: Space) -> None:
    """Failed, stopped and rejected trials are taken in, and running ones are not asked again."""
    strategy = make(space, 1)
    asked = strategy.ask(3)
    assert len(asked) == 3, f"3 of {space.size} are asked for and {len(asked)} come on {space.name}"
    first, second, third = asked
    strategy.tell(
        [
            TrialResult(first.id, first.architecture, None, "failed", reason="out of memory"),
            TrialResult(second.id, second.architecture, 0.5, "stopped"),
        ]
    )
    seen = {first.architecture, second.architecture, third.architecture}
    (following,) = strategy.ask(1)
    assert following.id == 3, f"the next id after 0, 1 and 2 is 3, got {following.id}"
    assert following.architecture not in seen, f"{following.architecture} is asked twice"


def check_exhaustion(make: Make, space: Space) -> None:
    """A finite space is asked without repeats, and then nothing more."""
    strategy = make(space, 2)
    asked = _play(strategy, int(space.size) + 5)
    assert len(set(asked)) == len(asked), f"{space.name} is asked with repeats"
    assert len(asked) <= space.size, (
        f"{space.name} has {space.size} architectures and {len(asked)} were asked"
    )


def check_long_history(make: Make, space: Space, tells: int) -> None:
    """A long history is taken in, and asked on from."""
    rng = np.random.default_rng(0)
    drawn: dict[Architecture, None] = {}
    while len(drawn) < min(tells, int(min(space.size, 10**9)) - 1):
        drawn.setdefault(space.sample(rng))
    strategy = make(space, 0)
    strategy.tell(TrialResult(i, a, float(i % 7)) for i, a in enumerate(drawn))
    asked = strategy.ask(1)
    assert asked, f"after {len(drawn)} of {space.size} architectures nothing more is asked on {space.name}"
    for suggestion in asked:
        assert suggestion.id == len(drawn), f"after {len(drawn)} trials comes {suggestion.id}"


def _play(strategy: Strategy, count: int) -> list[Architecture]:
    return [s.architecture for s in _ask_and_tell(strategy, count)]


def _ask_and_tell(strategy: Strategy, count: int) -> list[Suggestion]:
    asked: list[Suggestion] = []
    for _ in range(count):
        made = strategy.ask(1)
        if not made:
            break
        strategy.tell([_result(made[0])])
        asked += made
    return asked


def _result(suggestion: Suggestion) -> TrialResult:
    # Any fixed function of the architecture will do.
    return TrialResult(
        suggestion.id, suggestion.architecture, float(sum(str(suggestion.architecture).encode()) % 97)
    )
