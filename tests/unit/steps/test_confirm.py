"""Fresh trainings of the best: who is trained again, what is said, and who wins."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import pytest

from archmend.errors import BadInput
from archmend.reports.confirming import confirm_note, confirm_rows
from archmend.reports.record import RunRecord
from archmend.search import SearchResult, Suggestion, TrialResult, pareto_front
from archmend.spaces import Architecture, create_space
from archmend.steps.confirm import best_candidates, confirm, fresh_number
from archmend.steps.confirm_record import ConfirmRecord, read_confirm
from archmend.steps.journal import Journal, read_journal
from archmend.steps.records import TrialRecord
from archmend.steps.search_request import SearchRequest
from archmend.training import trial_seed

SPACE = create_space("seed-fc", input_shape=(64,), classes=10)
ALL = list(SPACE)


class _Pool:
    """Answers with values by architecture and repeat; the latest comes first."""

    concurrency = 2

    def __init__(self, value: Callable[[Architecture, int], float | None]) -> None:
        self.value, self.running, self.asked = value, list[Suggestion](), list[Suggestion]()
        self.deadline: float | None = None
        self.seed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert not self.running

    def submit(self, suggestion: Suggestion) -> None:
        assert len(self.running) < self.concurrency
        self.running.append(suggestion)
        self.asked.append(suggestion)

    def next_result(self) -> TrialResult:
        s = self.running.pop()
        value = self.value(s.architecture, s.id % 100)
        status = "failed" if value is None else "succeeded"
        return TrialResult(s.id, s.architecture, value, status, s.fidelity, epochs=10.0, seed=s.id)


def _result(
    values: Sequence[float | tuple[float, ...]], fidelities: Sequence[int | None] = ()
) -> SearchResult:
    given = [*fidelities, *[None] * len(values)]
    trials = tuple(TrialResult(i, ALL[i], v, fidelity=given[i]) for i, v in enumerate(values))
    front = pareto_front(trials)
    return SearchResult(front[0], trials, front, (), "trials")


def _request(out: Path, **given: Any) -> SearchRequest:
    return SearchRequest("digits", out, space="seed-fc", **{"confirm": 2, **given})


def _confirmed(
    out: Path, result: SearchResult, pool: _Pool, seconds: float | None = None, **given: Any
) -> tuple[TrialResult, ConfirmRecord]:
    found = confirm(_request(out, **given), SPACE, result, lambda: pool, seconds)  # type: ignore[arg-type,return-value]
    assert len(found.fresh) == sum(len(candidate.repeats) for candidate in found.record.candidates)
    return found.winner, found.record


def test_the_luckiest_loses_to_the_better_one(tmp_path: Path) -> None:
    worth = {ALL[3]: 0.80, ALL[1]: 0.90}
    pool = _Pool(lambda a, repeat: worth[a] + 0.01 * (repeat - 1))
    winner, record = _confirmed(tmp_path, _result([0.7, 0.91, 0.75, 0.95, 0.8]), pool)
    assert winner.id == record.winner == 1
    assert record.first_look == 3
    assert [c.trial for c in record.candidates] == [1, 3]
    better, lucky = record.candidates
    assert lucky.mean == pytest.approx(0.80)
    assert lucky.overestimated == pytest.approx(0.15)
    assert sorted(lucky.repeats) == pytest.approx([0.79, 0.80, 0.81])
    assert better.estimate > lucky.estimate
    assert read_confirm(tmp_path) == record
    said = list(record.sentences())
    assert said[0] == (
        f"{ALL[1]} (trial 1): accuracy 0.9100 at first, 0.9000 on average of 3 fresh trainings: "
        "the first look was too good by 0.0100"
    )
    assert said[-1] == "the winner is trial 1; the search alone would have chosen trial 3"


def test_the_seeds_are_fresh_and_the_repeats_take_turns(tmp_path: Path) -> None:
    pool = _Pool(lambda a, repeat: 0.9)
    _confirmed(tmp_path, _result([0.7, 0.8, 0.9]), pool, seed=7)
    assert pool.seed == 7
    assert [s.architecture for s in pool.asked] == [ALL[2], ALL[1]] * 3
    seeds = {trial_seed(7, s.id) for s in pool.asked} | {trial_seed(7, i) for i in range(3)}
    assert len(seeds) == 9


def test_a_run_that_goes_on_trains_the_rest_alone(tmp_path: Path) -> None:
    result = _result([0.7, 0.8, 0.9])
    with Journal(tmp_path / "confirm.jsonl") as journal:
        done = TrialResult(fresh_number(2, 0), ALL[2], 0.6)
        journal.append(TrialRecord.of(done, "accuracy"))
    pool = _Pool(lambda a, repeat: 0.75)
    _, record = _confirmed(tmp_path, result, pool)
    assert fresh_number(2, 0) not in {s.id for s in pool.asked}
    assert len(pool.asked) == 5
    assert len(read_journal(tmp_path / "confirm.jsonl")) == 6
    again = _Pool(lambda a, repeat: 1 / 0)
    assert _confirmed(tmp_path, result, again)[1] == record
    assert not again.asked


def test_no_time_is_left(tmp_path: Path) -> None:
    pool = _Pool(lambda a, repeat: 0.5)
    winner, record = _confirmed(tmp_path, _result([0.7, 0.8, 0.9]), pool, seconds=0.0)
    assert not pool.asked
    assert winner.id == record.winner == record.first_look == 2
    assert [c.mean for c in record.candidates] == [None, None]
    assert "not measured again" in next(record.sentences())


def test_one_that_fails_again_does_not_win(tmp_path: Path) -> None:
    pool = _Pool(lambda a, repeat: None if a == ALL[2] and repeat == 1 else 0.9 if a == ALL[2] else 0.7)
    winner, record = _confirmed(tmp_path, _result([0.7, 0.8, 0.9]), pool)
    assert winner.id == 1
    assert [c.failed for c in record.candidates] == [0, 1]
    assert "1 of its fresh trainings failed" in list(record.sentences())[1]


def test_of_several_fidelities_the_highest_is_trained_again(tmp_path: Path) -> None:
    pool = _Pool(lambda a, repeat: 0.6 if a == ALL[1] else 0.5)
    result = _result([0.99, 0.7, 0.8, 0.65], [1, 9, 9, 9])
    winner, record = _confirmed(tmp_path, result, pool)
    assert {s.architecture for s in pool.asked} == {ALL[1], ALL[2]}
    assert {s.fidelity for s in pool.asked} == {9}
    assert winner.id == record.winner == 1


def test_several_objectives_begin_with_the_front() -> None:
    values = [(0.9, -50.0), (0.8, -10.0), (0.85, -60.0), (0.7, -5.0)]
    result = _result(values)
    assert [r.id for r in best_candidates(result.trials, 4)] == [0, 1, 3, 2]


def test_a_loss_is_said_as_it_is_named(tmp_path: Path) -> None:
    pool = _Pool(lambda a, repeat: -0.5)
    _, record = _confirmed(tmp_path, _result([-0.9, -0.3]), pool, objective="loss", confirm=1)
    assert next(record.sentences()).endswith(
        "loss 0.3000 at first, 0.5000 on average of 3 fresh trainings: the first look was too good by 0.2000"
    )


def test_the_report_says_it(tmp_path: Path) -> None:
    result = _result([0.7, 0.91, 0.95])
    with Journal(tmp_path / "trials.jsonl") as journal:
        for trial in result.trials:
            journal.append(TrialRecord.of(trial, "accuracy"))
    _confirmed(tmp_path, result, _Pool(lambda a, repeat: 0.9 if a == ALL[1] else 0.8))
    record = RunRecord.from_directory(tmp_path)
    note = confirm_note(record)
    assert note is not None
    assert "the first look was too good for 2 of 2, and on average 0.0800 too good" in note
    assert "Trial 1 wins; the search alone would have chosen trial 2." in note
    assert [row.again for row in confirm_rows(record)] == ["0.9000, 0.9000, 0.9000", "0.8000, 0.8000, 0.8000"]


def test_the_search_leaves_a_part_of_the_time(tmp_path: Path) -> None:
    assert _request(tmp_path, max_seconds=100).budget(15).seconds == 60
    assert _request(tmp_path, max_seconds=100, confirm=None).budget(15).seconds == 85
    earlier = _request(tmp_path, confirm=None).as_json()
    assert _request(tmp_path, confirm=3).difference(earlier) is None


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"confirm": 0}, "--confirm must be a whole number of at least 1, got 0"),
        ({"engine": "katib"}, "--confirm 2 trains in processes of this machine and --engine katib in pods"),
    ],
)
def test_what_cannot_be_confirmed(tmp_path: Path, given: dict[str, Any], why: str) -> None:
    with pytest.raises(BadInput, match=re.escape(why)):
        _request(tmp_path, **given)


def test_a_damaged_record(tmp_path: Path) -> None:
    assert read_confirm(tmp_path) is None
    (tmp_path / "confirm.json").write_text("{}")
    with pytest.raises(BadInput, match="is damaged"):
        read_confirm(tmp_path)
