"""The contract catches the strategies that break it, each by the promise that is broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pytest

from archmend.errors import BadInput
from archmend.search import Strategy, Suggestion, TrialResult
from archmend.search.random import RandomSearch
from archmend.spaces import Architecture, Choice, Space
from archmend.testing import SPACES, ScriptedEvaluator, check_strategy
from archmend.testing.strategies import check_long_history


class _Kept(RandomSearch):
    """Counts its own calls, so what is drawn depends on more than the history."""

    calls = 0

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        self.calls += 1
        return super().suggest(self.calls + 100, before)


class _Unseeded(RandomSearch):
    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        return super().suggest(int(np.random.default_rng().integers(2**40)), before)


class _LatestTold(RandomSearch):
    """Looks at the order in which results were told."""

    def tell(self, results: Iterable[TrialResult]) -> None:
        for result in results:
            super().tell([result])
            self.latest = result.id

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        return super().suggest(number + 1000 * getattr(self, "latest", 0), before)


class _Repeating(RandomSearch):
    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        return super().suggest(number, {}) if len(before) < self.space.size else None


class _Endless(RandomSearch):
    """Starts again where the space is exhausted."""

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        return super().suggest(number, before) or super().suggest(number, {})


class _Foreign(RandomSearch):
    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        return Architecture({"nothing": number})


class _SoonTired(RandomSearch):
    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        return super().suggest(number, before) if number < 50 else None


class _Blind(RandomSearch):
    """Does not see what runs."""

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        finished = {result.id for result in self.history}
        return super().suggest(number, {i: a for i, a in before.items() if i in finished})


class _AskedAlready(RandomSearch):
    """Remembers what it asked itself, and not what it is told to run."""

    asks = 0

    def ask(self, n: int = 1) -> list[Suggestion]:
        self.asks += n
        return super().ask(n)

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        pending = self.asks - len(self.history) > 3
        return super().suggest(number + 1000 * pending, before)


class _Batched(RandomSearch):
    """Asks several at once in another way than one by one."""

    def ask(self, n: int = 1) -> list[Suggestion]:
        self.several = n > 1
        return super().ask(n)

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        return super().suggest(number + 1000 * self.several, before)


class _NeedsValues(RandomSearch):
    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        return super().suggest(number, before) if self.measured_before(number) or number < 5 else None


class _LeavesSomeOut(RandomSearch):
    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        return super().suggest(number, before) if number + 1 < self.space.size else None


class _LimitForgotten(RandomSearch):
    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        return RandomSearch(self.space, self.seed).suggest(number, before)


class _PriorsValues(RandomSearch):
    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        first = sum(int(r.value) for r in self.prior if isinstance(r.value, float))
        return super().suggest(number + abs(first), before)


class _FromOne(RandomSearch):
    def ask(self, n: int = 1) -> list[Suggestion]:
        return [Suggestion(s.id + 1, s.architecture) for s in super().ask(n)]


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (_Kept, "trial 2 was .* and is asked again|goes on differently"),
        (_Unseeded, "one seed asks differently|trial 2 was .* and is asked again"),  # by chance not at first
        (_LatestTold, "the order of telling changes|trial 2 was|goes on differently"),
        (_Repeating, "is asked twice"),
        (_Endless, "is asked twice"),
        (_Foreign, "0 is not of the space small"),
        (_SoonTired, "28 of 78 architectures were never asked on repeated"),
        (_Blind, "is asked twice"),
        (_AskedAlready, "told that 2 trials run, a fresh object asks"),
        (_Batched, "trial 2 was|4 at once are"),
        (_NeedsValues, "1 of 6 are asked for and 0 come"),
        (_LeavesSomeOut, "1 of 6 are asked for and 0 come|1 of 6 architectures were never asked"),
        (_LimitForgotten, "is asked on small and its params 4 is over the limit"),
        (_PriorsValues, "whose values lie elsewhere in the same order"),
        (_FromOne, "ids must count from 0"),
    ],
)
def test_a_broken_promise_is_named(broken: type[Strategy], promise: str) -> None:
    with pytest.raises(AssertionError, match=promise):
        check_strategy(broken)


def test_a_long_history_that_is_too_long() -> None:
    with pytest.raises(AssertionError, match="after 60 of inf architectures nothing more is asked on open"):
        check_long_history(_SoonTired, SPACES["open"], 60)


def test_what_does_not_take_a_budget_is_not_checked() -> None:
    with pytest.raises(BadInput, match="does not take objectives, prior; give the strategy's class, or"):
        check_strategy(lambda space, seed, budget=None: RandomSearch(space, seed))  # type: ignore[call-arg]


def test_the_contract_runs_on_the_spaces_that_are_named() -> None:
    seen: list[str] = []

    def make(space: Space, seed: int, **given: Any) -> Strategy:
        seen.append(space.name)
        return RandomSearch(space, seed, **given)

    check_strategy(make, spaces=["small", "conditional"])
    assert set(seen) == {"small", "conditional"}


def test_a_scripted_evaluator_fails_as_its_function_does() -> None:
    space = Space([Choice("x", [0, 1, 2])])

    def value(architecture: Architecture) -> float:
        return 1 / float(architecture["x"])

    evaluator = ScriptedEvaluator(value)
    asked = [Suggestion(i, a) for i, a in enumerate(space)]
    results = list(evaluator(asked))
    assert evaluator.asked == asked
    assert [(r.status, r.value, r.reason) for r in results] == [
        ("failed", None, "ZeroDivisionError: float division by zero"),
        ("succeeded", 1.0, None),
        ("succeeded", 0.5, None),
    ]


def test_a_scripted_value_that_is_no_number_is_a_failed_trial() -> None:
    space = Space([Choice("x", [0])])
    (result,) = ScriptedEvaluator(lambda _: float("nan"))([Suggestion(0, next(iter(space)))])
    assert result.status == "failed"
    assert "nan" in str(result.reason)
