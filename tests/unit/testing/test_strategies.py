"""The contract catches the strategies that break it, each by the promise that is broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pytest

from archmend.search import Strategy, Suggestion, TrialResult, create_strategy
from archmend.search.random import RandomSearch
from archmend.spaces import Architecture, Choice, Space
from archmend.testing import ScriptedEvaluator, check_strategy


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
        return super().suggest(number, before) if number < 100 else None


class _FromOne(RandomSearch):
    def ask(self, n: int = 1) -> list[Suggestion]:
        return [Suggestion(s.id + 1, s.architecture) for s in super().ask(n)]


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (_Kept, "trial 2 was .* and is asked again|goes on differently"),
        (_Unseeded, "one seed asks differently"),
        (_LatestTold, "the order of telling changes|trial 2 was|goes on differently"),
        (_Repeating, "is asked twice|with repeats"),
        (_Endless, "with repeats"),
        (_Foreign, "0 is not of the space small"),
        (_SoonTired, "nothing more is asked on open"),
        (_FromOne, "ids must count from 0"),
    ],
)
def test_a_broken_promise_is_named(broken: type[Strategy], promise: str) -> None:
    with pytest.raises(AssertionError, match=promise):
        check_strategy(lambda space, seed: broken(space, seed))


def test_the_contract_runs_on_the_spaces_that_are_named() -> None:
    seen: list[str] = []

    def make(space: Space, seed: int) -> Strategy:
        seen.append(space.name)
        return create_strategy("random", space, seed)

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
