"""Traces of the loop with evaluators that train nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from archmend.errors import BadInput, NothingSucceeded
from archmend.search import (
    Budget,
    SearchProgress,
    Suggestion,
    TrialResult,
    create_strategy,
    objective_value,
    pareto_front,
    parse_objectives,
    parse_strategy,
    run,
)
from archmend.spaces import Choice, Space, create_space
from archmend.testing import SPACES, ScriptedEvaluator

SPACE = Space(
    [Choice("x", range(10)), Choice("y", range(10))], name="square", cost=lambda a: {"params": a["x"] + 1}
)


def _value(architecture: object) -> float:
    return float(architecture["x"] * 10 + architecture["y"])  # type: ignore[index]


def test_the_best_of_all_tried() -> None:
    result = run(SPACE, ScriptedEvaluator(_value), create_strategy("grid", SPACE), Budget())
    assert result.stopped_by == "exhausted"
    assert len(result.trials) == 100
    assert result.best is not None
    assert (result.best.id, result.best.value) == (99, 99.0)


def test_trials_are_counted_and_rejected_ones_are_not() -> None:
    budget = Budget(trials=15, params=4)
    evaluator = ScriptedEvaluator(_value)
    recorded: list[TrialResult] = []
    strategy = create_strategy("random", SPACE, 0)  # not told of the budget, so it proposes what is over it
    result = run(SPACE, evaluator, strategy, budget, on_trial=recorded.append)
    assert result.stopped_by == "trials"
    assert len(result.trials) == len(evaluator.asked) == 15
    assert len(result.rejected) > 5
    assert all(s.architecture["x"] <= 3 for s in evaluator.asked)
    assert [r.id for r in recorded] == list(range(15 + len(result.rejected)))
    assert result.rejected[0].reason is not None
    assert "is over the limit of 4" in result.rejected[0].reason


def test_grid_goes_through_what_does_not_fit() -> None:
    result = run(SPACE, ScriptedEvaluator(_value), create_strategy("grid", SPACE), Budget(params=2))
    assert (len(result.trials), len(result.rejected), result.stopped_by) == (20, 80, "exhausted")


def test_a_target_ends_the_search() -> None:
    result = run(SPACE, ScriptedEvaluator(_value), create_strategy("grid", SPACE), Budget(target=30))
    assert result.stopped_by == "target"
    assert len(result.trials) == 31


def test_a_target_in_its_own_direction() -> None:
    strategy = create_strategy("grid", SPACE, objectives=("loss",))
    result = run(SPACE, ScriptedEvaluator(lambda a: -_value(a)), strategy, Budget(target=0.0))
    assert len(result.trials) == 1


def test_time_ends_the_search() -> None:
    now = [0.0]

    def evaluator(suggestions: list[Suggestion]) -> Iterator[TrialResult]:
        for suggestion in suggestions:
            now[0] += 3.0
            yield TrialResult(suggestion.id, suggestion.architecture, 0.5)

    seen: list[SearchProgress] = []
    budget = Budget(seconds=10)
    result = run(
        SPACE, evaluator, create_strategy("random", SPACE), budget, clock=lambda: now[0], progress=seen.append
    )
    assert result.stopped_by == "seconds"
    assert len(result.trials) == 4
    assert [p.seconds_left for p in seen] == [10.0, 7.0, 4.0, 1.0, 0.0]
    assert [p.finished for p in seen] == [0, 1, 2, 3, 4]


def test_failed_trials_are_recorded_and_the_search_goes_on() -> None:
    def value(architecture: object) -> float:
        if architecture["x"] % 2:  # type: ignore[index]
            raise MemoryError("too large")
        return _value(architecture)

    result = run(SPACE, ScriptedEvaluator(value), create_strategy("random", SPACE), Budget(trials=20))
    failed = [r for r in result.trials if r.status == "failed"]
    assert failed
    assert {r.reason for r in failed} == {"MemoryError: too large"}
    assert result.best is not None
    assert len(result.trials) == 20


def test_the_same_failure_three_times_at_the_start_ends_it() -> None:
    def value(_: object) -> float:
        raise ValueError("no such layer")

    evaluator = ScriptedEvaluator(value)
    with pytest.raises(NothingSucceeded, match="the first 3 trials failed alike: ValueError: no such layer"):
        run(SPACE, evaluator, create_strategy("random", SPACE), Budget(trials=20))
    assert len(evaluator.asked) == 3


def test_different_failures_at_the_start_do_not_end_it() -> None:
    def value(architecture: object) -> float:
        raise ValueError(str(architecture))

    result = run(SPACE, ScriptedEvaluator(value), create_strategy("random", SPACE), Budget(trials=5))
    assert len(result.trials) == 5
    assert result.best is None


class _Workers:
    """Works on three at once and finishes the latest first."""

    concurrency = 3

    def __init__(self) -> None:
        self.running: list[Suggestion] = []
        self.most = 0

    def submit(self, suggestion: Suggestion) -> None:
        self.running.append(suggestion)
        self.most = max(self.most, len(self.running))

    def next_result(self) -> TrialResult:
        done = self.running.pop()
        return TrialResult(done.id, done.architecture, _value(done.architecture))


def test_a_search_that_failed_alike_does_not_go_on_when_resumed() -> None:
    listed = list(SPACE)[:3]
    history = [TrialResult(i, a, None, "failed", reason="out of memory") for i, a in enumerate(listed)]
    evaluator = ScriptedEvaluator(_value)
    with pytest.raises(NothingSucceeded, match="the first 3 trials failed alike: out of memory"):
        run(SPACE, evaluator, create_strategy("grid", SPACE), Budget(trials=20), history=history)
    assert not evaluator.asked


class _FailingAfterTheFirst(_Workers):
    """Finishes the latest first; all but trial 0 fail alike."""

    def next_result(self) -> TrialResult:
        done = super().next_result()
        if done.id in range(1, 6):
            return TrialResult(done.id, done.architecture, None, "failed", reason="out of memory")
        return done


def test_workers_do_not_give_up_before_the_first_trial_is_known() -> None:
    result = run(SPACE, _FailingAfterTheFirst(), create_strategy("grid", SPACE), Budget(trials=12))
    assert len(result.trials) == 12
    assert [r.status for r in result.trials[:2]] == ["succeeded", "failed"]


class _Stray(_Workers):
    def next_result(self) -> TrialResult:
        done = super().next_result()
        return TrialResult(done.id + 50, done.architecture, 0.5)


def test_a_result_of_a_trial_that_is_not_running() -> None:
    with pytest.raises(BadInput, match="a result of trial 52, which is not running"):
        run(SPACE, _Stray(), create_strategy("grid", SPACE), Budget(trials=12))


def test_a_limit_of_what_the_cost_function_leaves_out() -> None:
    with pytest.raises(BadInput, match=r"limits flops and the cost function of space 'square' gives params"):
        run(SPACE, ScriptedEvaluator(_value), create_strategy("grid", SPACE), Budget(flops=5))


@pytest.mark.parametrize("name", ["random", "grid"])
@pytest.mark.parametrize("cut", [0, 1, 7, 19])
def test_a_history_goes_on_as_if_nothing_had_happened(name: str, cut: int) -> None:
    budget = Budget(trials=20)
    whole = run(SPACE, ScriptedEvaluator(_value), create_strategy(name, SPACE, 4), budget)
    evaluator = ScriptedEvaluator(_value)
    history = [r for r in whole.trials if r.id < cut]
    again = run(SPACE, evaluator, create_strategy(name, SPACE, 4), budget, history=history)
    assert again.trials == whole.trials
    assert len(evaluator.asked) == 20 - cut


@pytest.mark.parametrize("name", ["random", "grid"])
def test_several_workers_try_the_same(name: str) -> None:
    budget = Budget(trials=20)
    alone = run(SPACE, ScriptedEvaluator(_value), create_strategy(name, SPACE, 4), budget)
    workers = _Workers()
    together = run(SPACE, workers, create_strategy(name, SPACE, 4), budget)
    assert [(r.id, r.architecture) for r in together.trials] == [(r.id, r.architecture) for r in alone.trials]
    assert workers.most == 3
    assert not workers.running


def test_an_evaluator_that_gives_nothing() -> None:
    with pytest.raises(BadInput, match=r"the evaluator gave nothing and trials \[0\] are open"):
        run(SPACE, lambda suggestions: [], create_strategy("random", SPACE), Budget(trials=1))


def test_an_evaluator_that_gives_no_results_or_one_too_many() -> None:
    def numbers(suggestions: list[Suggestion]) -> list[TrialResult]:
        return [0.5 for _ in suggestions]  # type: ignore[misc]

    with pytest.raises(BadInput, match=r"gave 0.5, no TrialResult, and trials \[0\] are open"):
        run(SPACE, numbers, create_strategy("random", SPACE), Budget(trials=3))
    ended = []

    def twice(suggestions: list[Suggestion]) -> Iterator[TrialResult]:
        for s in suggestions:
            yield TrialResult(s.id, s.architecture, 0.5)
            ended.append(s.id)
            yield TrialResult(s.id, s.architecture, 0.9)

    with pytest.raises(BadInput, match="gave a result of trial 0 after each trial had one"):
        run(SPACE, twice, create_strategy("random", SPACE), Budget(trials=3))
    assert ended == [0]


@pytest.mark.parametrize("seed", ["3", 1.5, -1, True])
def test_what_is_no_seed(seed: object) -> None:
    with pytest.raises(BadInput, match="seed must be a whole number of at least 0, got"):
        create_strategy("random", SPACE, seed)  # type: ignore[arg-type]


def test_the_default_for_several_objectives_depends_on_how_many_trials_there_will_be() -> None:
    def chosen(**limits: float) -> str:
        budget = Budget(**limits)  # type: ignore[arg-type]
        return create_strategy("auto", SPACE, budget=budget, objectives=("accuracy", "params")).chosen.name  # type: ignore[attr-defined]

    assert chosen() == chosen(trials=100) == chosen(trials=100, seconds=5) == "nsga2"
    assert chosen(trials=99) == chosen(seconds=5) == "surrogate"


def test_cost_limits_without_costs() -> None:
    with pytest.raises(BadInput, match="space 'small' knows no costs"):
        run(
            SPACES["small"],
            ScriptedEvaluator(lambda a: 0.0),
            create_strategy("grid", SPACES["small"]),
            Budget(params=5),
        )


def test_several_objectives() -> None:
    space = create_space("seed-fc", input_shape=(4,), classes=2)
    objectives = parse_objectives("accuracy,params")

    def evaluator(suggestions: list[Suggestion]) -> Iterator[TrialResult]:
        for s in suggestions:
            depth, params = int(s.architecture["depth"]), space.cost(s.architecture)["params"]
            value = objective_value(objectives, {"accuracy": 1 - 1 / depth, "params": params})
            yield TrialResult(s.id, s.architecture, value)

    result = run(space, evaluator, create_strategy("grid", space, objectives=objectives), Budget())
    # For each depth the narrowest network is the cheapest, and deeper ones are better: ten points.
    assert [(r.architecture["depth"], r.architecture["width"]) for r in result.pareto] == [
        (depth, 1) for depth in range(10, 0, -1)
    ]
    assert result.best == result.pareto[0]


def test_a_value_for_another_number_of_objectives() -> None:
    strategy = create_strategy("grid", SPACE, objectives=("accuracy", "params"))
    with pytest.raises(
        BadInput, match=r"trial 0 has 1 values \(0\.0\) and the search has the objectives accuracy"
    ):
        run(SPACE, ScriptedEvaluator(_value), strategy, Budget(trials=1))


def test_equal_points_are_on_the_front_once() -> None:
    a, b = list(SPACES["small"])[:2]
    assert [r.id for r in pareto_front([TrialResult(1, b, (1.0, 2.0)), TrialResult(0, a, (1.0, 2.0))])] == [0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("acuracy", "unknown objective 'acuracy': did you mean 'accuracy'"),
        ("loss,loss", "'loss' is given twice"),
        ("loss,", "'loss,' lacks a name"),
    ],
)
def test_texts_that_are_no_objective(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        parse_objectives(text)


@pytest.mark.parametrize(
    "limit",
    [
        {"trials": 0},
        {"trials": 1.5},
        {"trials": float("nan")},
        {"trials": float("inf")},
        {"seconds": -1.0},
        {"seconds": float("nan")},
        {"params": 0},
        {"latency_ms": 0.0},
        {"trials": "5"},
        {"seconds": "a minute"},
        {"target": True},
    ],
)
def test_limits_that_are_none(limit: dict[str, object]) -> None:
    (name,) = limit
    with pytest.raises(BadInput, match=f"{name} must be"):
        Budget(**limit)  # type: ignore[arg-type]


def test_a_limit_of_latency_that_nothing_keeps_ends_the_search() -> None:
    def slow(suggestions: list[Suggestion]) -> Iterator[TrialResult]:
        for s in suggestions:
            taken = 2.0 + s.id % 7
            yield TrialResult(s.id, s.architecture, None, "rejected", reason="too slow", latency_ms=taken)

    strategy = create_strategy("random", SPACES["open"], 0)
    with pytest.raises(BadInput, match=r"none of 30 networks keeps latency_ms 1 .* the fastest took 2:"):
        run(SPACES["open"], slow, strategy, Budget(trials=5, latency_ms=1.0))


def test_a_trial_has_one_result() -> None:
    first = SPACE.parse("1-2")
    one, other = TrialResult(0, first, 0.1), TrialResult(0, first, 0.9)
    said = r"trial 0 was told as succeeded with 0\.1 and now as succeeded with 0\.9"
    with pytest.raises(BadInput, match=said):
        run(
            SPACE,
            ScriptedEvaluator(_value),
            create_strategy("random", SPACE),
            Budget(trials=3),
            history=[one, other],
        )
    strategy = create_strategy("random", SPACE)
    later = TrialResult(1, SPACE.parse("3-4"), 0.2)
    with pytest.raises(BadInput, match=said):
        strategy.tell([later, one, other])
    assert strategy.history == (), "nothing of what is refused is taken in"
    strategy.tell([one])
    with pytest.raises(BadInput, match=said):
        strategy.tell([other])
    strategy.tell([one])
    assert strategy.history == (one,)
    alike = [TrialResult(0, SPACE.parse("0-0"), 0.0)] * 2
    grid = create_strategy("grid", SPACE)
    result = run(SPACE, ScriptedEvaluator(_value), grid, Budget(trials=2), history=alike)
    assert [r.id for r in result.trials] == [0, 1], "told twice alike it is one trial"


def test_what_is_no_result() -> None:
    first = SPACE.parse("1-2")
    with pytest.raises(BadInput, match="a trial's id must be a whole number of at least 0, got -3"):
        TrialResult(-3, first, 0.1)
    with pytest.raises(BadInput, match="trial 0 has the status 'done'; give one of succeeded, failed"):
        TrialResult(0, first, 0.1, "done")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=r"trial 0 has the value '0\.1'; give a number, or a tuple of them"):
        TrialResult(0, first, "0.1")  # type: ignore[arg-type]
    for name in ("surrogate", "reinforce", "local_search", "random"):
        with pytest.raises(BadInput, match=r"trial 0 has 2 values \(\(0\.1, 0\.2\)\) and the search has the"):
            create_strategy(name, SPACE).tell([TrialResult(0, first, (0.1, 0.2))])

    def unfinished(suggestions: list[Suggestion]) -> Iterator[TrialResult]:
        for s in suggestions:
            yield TrialResult(s.id, s.architecture, None, "running")

    with pytest.raises(BadInput, match="gave trial 0 as running; give its result"):
        run(SPACE, unfinished, create_strategy("random", SPACE), Budget(trials=2))


@pytest.mark.parametrize("name", ["space", "seed", "name", "budget", "prior", "objectives"])
def test_what_the_search_says_is_no_setting(name: str) -> None:
    with pytest.raises(BadInput, match=f"'{name}' is no setting of strategy 'evolution' but of the search"):
        parse_strategy(f"evolution:{name}=3")
    with pytest.raises(BadInput, match=f"'{name}' is no setting of strategy 'asha' but of the search"):
        create_strategy("asha", SPACE, **{f"proposer.{name}": "3"})


def test_an_architecture_of_another_space_is_no_trial() -> None:
    strategy = create_strategy("evolution", SPACE)
    ours, other = TrialResult(1, SPACE.parse("1-2"), 0.1), SPACES["open"].parse("3-16-1-1")
    with pytest.raises(BadInput, match=r"trial 0 has the architecture 3-16-1-1, which the space"):
        strategy.tell([ours, TrialResult(0, other, 0.5)])
    assert strategy.history == ()


def test_a_strategy_that_was_made_for_something_else() -> None:
    evaluator = ScriptedEvaluator(_value)
    other = Space([Choice("z", range(10))], name="other")
    with pytest.raises(BadInput, match=r"suggested .* which is not of space 'square'"):
        run(SPACE, evaluator, create_strategy("random", other), Budget(trials=3))
    evaluator.objectives = ("accuracy",)  # type: ignore[attr-defined]
    by_loss = create_strategy("random", SPACE, objectives=("loss",))
    with pytest.raises(BadInput, match="the evaluator measures accuracy and the strategy was made for loss"):
        run(SPACE, evaluator, by_loss, Budget(trials=3))


def test_a_strategy_that_does_not_know_the_limits_is_not_rejected_for_ever() -> None:
    space = create_space("conv-open", input_shape=(8, 8, 1), classes=10)
    with pytest.raises(BadInput, match="over the budget's limits, which it was made without"):
        run(space, ScriptedEvaluator(lambda _: 0.5), create_strategy("random", space), Budget(params=75))


def test_a_history_with_a_running_trial() -> None:
    running = TrialResult(0, SPACE.example(), None, "running")
    with pytest.raises(BadInput, match="the history has trial 0 as running; leave it out"):
        run(SPACE, ScriptedEvaluator(_value), create_strategy("random", SPACE), Budget(), history=[running])


@pytest.mark.parametrize("cost", [float("nan"), None, "many", -1, True])
def test_costs_that_are_no_numbers(cost: object) -> None:
    space = Space(
        [Choice("x", [1, 2])],
        name="odd",
        cost=lambda _: {"params": cost},  # type: ignore[dict-item]
    )
    with pytest.raises(BadInput, match="the cost function of space 'odd' gives params"):
        create_strategy("random", space, budget=Budget(params=10))
    assert Budget(params=10).excess({"params": float("nan")}) is not None


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: create_strategy("random", "fc"), "space must be a Space, got 'fc'"),  # type: ignore[arg-type]
        (lambda: create_strategy("random:x=1", SPACE), "has settings in its name"),
        (lambda: create_strategy("random", SPACE, budget={"trials": 2}), "budget must be a Budget"),  # type: ignore[arg-type]
        (lambda: create_strategy("random", SPACE, objectives="loss"), "objectives must be a list of names"),
        (lambda: create_strategy("random", SPACE).ask(1.5), "n must be a whole number"),  # type: ignore[arg-type]
        (lambda: create_strategy("random", SPACE).tell([3]), "tell takes results, got 3"),  # type: ignore[list-item]
        (
            lambda: create_strategy("random", SPACE).tell(TrialResult(0, SPACE.example(), 1.0)),  # type: ignore[arg-type]
            "put it into one",
        ),
        (lambda: TrialResult(0, SPACE.example(), 1.0, fidelity=0), "has the fidelity 0"),
        (lambda: TrialResult(0, SPACE.example(), 1.0, params=-3), "has params -3"),
        (lambda: run(SPACE, None, create_strategy("random", SPACE), Budget()), "evaluator must be callable"),  # type: ignore[arg-type]
        (lambda: run(SPACE, print, "random", Budget()), "strategy must be a Strategy"),  # type: ignore[arg-type]
        (lambda: create_space("fc", input_shape=64, classes=10), "input_shape must be a tuple"),  # type: ignore[arg-type]
        (lambda: create_space("fc", input_shape=(64,), classes=2.5), "classes must be a whole number"),  # type: ignore[arg-type]
    ],
)
def test_what_is_of_another_type(wrong: Callable[[], object], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        wrong()
