"""The contract of a strategy, as checks that need no test framework.

from archmend.testing import check_strategy

def test_mine():
    check_strategy(Mine)

What concerns a budget, several objectives and earlier runs is in `archmend.testing.strategy_options`.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import numpy as np

from archmend.errors import BadInput
from archmend.search import Strategy, Suggestion, TrialResult
from archmend.spaces import Architecture, Space
from archmend.testing.playing import Make, answered, check_questions, play, running, what, without_value
from archmend.testing.spaces import SPACES
from archmend.testing.strategy_options import check_limits, check_narrow_limits, check_objectives, check_prior

OPTIONS = ("budget", "objectives", "prior")


def check_strategy(
    make: Make, *, spaces: Sequence[str] | None = None, tells: int = 2000, lists: bool = False
) -> None:
    """Check what every strategy promises, on several spaces.

    A strategy whose class says that it `waits` may give fewer suggestions than are asked for, or none, while
    trials run; once all are told, none means for it, too, that the space is exhausted.

    Args:
        make: the strategy's class, or a function from a space, a seed and the keywords `budget`,
            `objectives` and `prior`, any of which may be left out, to a new strategy.
        spaces: names in `SPACES`; all of them unless given.
        tells: how long the longest history is, in the largest space.
        lists: True for a strategy that says of itself that it lists the space in an order of its own: it
            leaves limits of cost to the loop, which rejects what is over them, and does not look at what
            was tried in a history that another strategy wrote.

    Raises:
        AssertionError: naming the promise that is broken.
        BadInput: `make` does not take the keywords.
    """
    _refuse_without_options(make)
    for name in spaces or SPACES:
        space = SPACES[name]
        check_ids_and_codes(make, space)
        check_same_seed_same_questions(make, space)
        check_replay(make, space)
        check_order_of_telling(make, space)
        check_pending(make, space)
        check_batches(make, space)
        check_failures(make, space)
        check_nothing_but_failures(make, space)
        check_objectives(make, space)
        check_prior(make, space)
        if not lists:
            check_limits(make, space)
        if space.is_finite:
            check_exhaustion(make, space)
    if spaces is None and not lists:
        check_narrow_limits(make)
    largest = max((SPACES[name] for name in spaces or SPACES), key=lambda space: space.size)
    check_long_history(make, largest, tells, own=lists)


def check_ids_and_codes(make: Make, space: Space) -> None:
    """Ids count from 0, architectures are of the space, and `n` of them come where there are enough."""
    strategy = make(space, 0)
    asked = [*_asked(strategy, 2), *_asked(strategy, 1)]
    ids = [s.id for s in asked]
    assert ids == list(range(len(ids))), f"ids must count from 0 on, got {ids}"
    check_questions(strategy, asked)


def check_same_seed_same_questions(make: Make, space: Space) -> None:
    """Two objects with one seed and one history ask the same."""
    first, second = play(make(space, 7), 5), play(make(space, 7), 5)
    assert first == second, f"one seed asks differently on {space.name}: {first} and {second}"


def check_replay(make: Make, space: Space) -> None:
    """An object that is told a history, a trial left out as by a kill, goes on as the one that made it."""
    whole = make(space, 3)
    history = [answered(s) for s in play(whole, 5)]
    fresh = make(space, 3)
    fresh.tell(r for r in history if r.id != 2)
    (again,) = fresh.ask(1)
    assert (again.id, what(again)) == (2, (history[2].architecture, history[2].fidelity)), (
        f"trial 2 was {history[2].architecture} and is asked again as {again.id}: {again.architecture}"
    )
    fresh.tell([history[2]])
    assert fresh.ask(1) == whole.ask(1), f"a replayed history goes on differently on {space.name}"


def check_order_of_telling(make: Make, space: Space) -> None:
    """The order in which results come does not change the next question."""
    nexts = []
    for backwards in (False, True):
        strategy = make(space, 5)
        results = [answered(s) for s in _asked(strategy, 4)]
        for result in reversed(results) if backwards else results:
            strategy.tell([result])
        nexts.append(strategy.ask(1))
    assert nexts[0] == nexts[1], f"the order of telling changes the next question on {space.name}"


def check_pending(make: Make, space: Space) -> None:
    """While trials run, others are asked, and an object that is told which run asks the same."""
    strategy = make(space, 8)
    first = _asked(strategy, 3)
    told = [answered(s) for s in first[1:2]]
    strategy.tell(told)
    second = _asked(strategy, 2)
    check_questions(strategy, [*first, *second])
    fresh = make(space, 8)
    fresh.tell([*map(running, first), *told])
    again = fresh.ask(2)
    assert again == second, (
        f"told that {len(first) - 1} trials run, a fresh object asks {again} on {space.name}, not {second}"
    )


def check_batches(make: Make, space: Space) -> None:
    """Several at once are what is asked one by one, nothing being told between."""
    together = _asked(make(space, 9), 4)
    single = make(space, 9)
    one_by_one = [s for _ in range(4) for s in single.ask(1)]
    assert together == one_by_one, f"4 at once are {together} on {space.name}, and one by one {one_by_one}"


def check_failures(make: Make, space: Space) -> None:
    """Failed and stopped trials are taken in, and running ones are not asked again."""
    strategy = make(space, 1)
    asked = _asked(strategy, 3)
    for result in map(without_value, asked[:1]):
        strategy.tell([result])
    for suggestion in asked[1:2]:
        strategy.tell(
            [TrialResult(suggestion.id, suggestion.architecture, 0.5, "stopped", suggestion.fidelity)]
        )
    following = _asked(strategy, 1)
    ids = [s.id for s in following]
    assert ids == [len(asked)][: len(ids)], f"the next id on {space.name} is {len(asked)}, got {ids}"
    check_questions(strategy, [*asked, *following])


def check_nothing_but_failures(make: Make, space: Space) -> None:
    """Where nothing was measured, the search goes on, and asks nothing again that failed."""
    strategy = make(space, 10)
    asked: list[Suggestion] = []
    for kind in range(5):
        made = _asked(strategy, 1)
        strategy.tell(without_value(s, kind) for s in made)
        asked += made
    check_questions(strategy, [*asked, *_asked(strategy, 1)])


def check_exhaustion(make: Make, space: Space) -> None:
    """Everything in a finite space is asked, without repeats, each fidelity by itself, and then no more."""
    strategy = make(space, 2)
    most = int(space.size) * max(1, len(strategy.fidelities))
    asked = play(strategy, most + 5)
    left = {*space} - {s.architecture for s in asked}
    assert not left, f"{len(left)} of {space.size} architectures were never asked on {space.name}"
    assert len(asked) <= most, f"{space.name} has {space.size} architectures and {len(asked)} were asked"


def check_long_history(make: Make, space: Space, tells: int, *, own: bool = False) -> None:
    """A long history is taken in, and asked on from, several at once.

    It is of random draws, which none but a strategy with only its `own` history in mind asks again.
    """
    rng = np.random.default_rng(0)
    drawn: dict[Architecture, None] = {}
    room = int(min(space.size, 10**9))
    while len(drawn) < min(tells, room - 1):
        drawn.setdefault(space.sample(rng))
    strategy = make(space, 0)
    strategy.tell(TrialResult(i, a, float(i % 7)) for i, a in enumerate(drawn))
    asked = strategy.ask(min(3, room - len(drawn)))
    assert asked, f"after {len(drawn)} of {space.size} architectures nothing more is asked on {space.name}"
    ids = [s.id for s in asked]
    assert ids[0] == len(drawn), f"after {len(drawn)} trials comes {ids[0]}"
    check_questions(strategy, asked)
    for suggestion in asked:
        again = suggestion.fidelity is None and suggestion.architecture in drawn
        assert own or not again, f"{suggestion.architecture} is asked twice on {space.name}"


def _asked(strategy: Strategy, count: int) -> list[Suggestion]:
    """Ask, and check that as many come as are asked for, where there are enough and nothing is waited for."""
    made = strategy.ask(count)
    assert strategy.waits or len(made) == count, (
        f"{count} of {strategy.space.size} are asked for and {len(made)} come on {strategy.space.name}"
    )
    return made


def _refuse_without_options(make: Make) -> None:
    parameters = inspect.signature(make).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return
    missing = [name for name in OPTIONS if name not in {p.name for p in parameters}]
    if missing:
        raise BadInput(
            f"what makes the strategy does not take {', '.join(missing)}; give the strategy's class, or a "
            "function (space, seed, **given) that hands `given` on to it"
        )
