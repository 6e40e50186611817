"""The search step on digits: what it writes, what it refuses, how it goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archmend.datasets import open_data, write_prepared
from archmend.errors import BadInput
from archmend.steps.journal import read_journal
from archmend.steps.search import SearchRequest, read_best, search

# What of a trial depends on the machine.
MEASURED = {"seconds", "latency_ms"}


def _trials(folder: Path) -> list[dict[str, Any]]:
    records = read_journal(folder / "trials.jsonl")
    return [record.model_dump(exclude=MEASURED) for record in sorted(records, key=lambda r: r.trial)]


def test_what_a_search_leaves(request_of: Callable[..., SearchRequest], tmp_path: Path) -> None:
    seen: list[int] = []
    outcome = search(request_of(max_params=120), progress=lambda p: seen.append(p.finished))
    folder = tmp_path / "out"
    assert outcome.stopped_by == "trials"
    assert seen == [0, 1, 2, 3, 4]
    lines = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
    assert [line["trial"] for line in lines] == [0, 1, 2, 3]
    assert all(line["params"] <= 120 and line["epochs"] == 1.0 and line["seconds"] > 0 for line in lines)
    best = read_best(folder)
    assert best == outcome.best
    assert best.value == max(line["value"] for line in lines)
    counts = best.confusion
    assert {c.tp + c.tn + c.fp + c.fn for c in counts.values()} == {18}
    assert sum(c.tp for c in counts.values()) / 18 == pytest.approx(best.metrics["accuracy"])
    assert [p.name for p in (folder / "weights").iterdir()] == [f"{best.trial}.npz"]
    state = json.loads((folder / "search.json").read_text())
    assert state["stopped_by"] == "trials"
    assert not (folder / "pareto.json").exists()


def test_one_seed_is_one_search_and_a_cut_one_goes_on_as_it(
    request_of: Callable[..., SearchRequest], tmp_path: Path
) -> None:
    search(request_of(out=tmp_path / "whole", inherit="best"))
    whole = _trials(tmp_path / "whole")
    assert [line["parent"] is not None for line in whole] == [False, True, True, True]
    search(request_of(out=tmp_path / "cut", inherit="best", max_trials=2))
    # A kill while trial 2 is written.
    with (tmp_path / "cut" / "trials.jsonl").open("ab") as file:
        file.write(b'{"schema_version":1,"trial":2,"archi')
    search(request_of(out=tmp_path / "cut", inherit="best", resume=True))
    assert _trials(tmp_path / "cut") == whole


@pytest.mark.parametrize("fused", [True, False])
def test_a_search_that_stops_trials_early_goes_on_as_it_was(
    request_of: Callable[..., SearchRequest], tmp_path: Path, fused: bool
) -> None:
    together = {"population": 4} if fused else {"no_fuse": True}
    asked = {"early_stopping": "asha:reduction_factor=2", "epochs": 3, "max_trials": 8, **together}
    outcome = search(request_of(out=tmp_path / "whole", **asked))
    whole = _trials(tmp_path / "whole")
    early = [line for line in whole if line["status"] == "stopped"]
    assert 1 <= len(early) <= 7
    assert all(line["reason"].startswith("stopped early: its accuracy") for line in early)
    for line in whole:
        assert len(line["curve"]) == line["epochs"]
        assert line["curve"][0]["value"] is not None
        assert (line["status"] == "stopped") == (line["epochs"] < 3)
    assert outcome.best.status == "succeeded"
    search(request_of(out=tmp_path / "cut", **{**asked, "max_trials": 4}))
    search(request_of(out=tmp_path / "cut", resume=True, **asked))
    assert _trials(tmp_path / "cut") == whole


def test_two_workers_make_the_same_trials(request_of: Callable[..., SearchRequest], tmp_path: Path) -> None:
    search(request_of(out=tmp_path / "one"))
    search(request_of(out=tmp_path / "two", workers=2))
    assert _trials(tmp_path / "one") == _trials(tmp_path / "two")


def test_several_objectives_and_a_limit_of_latency(
    request_of: Callable[..., SearchRequest], tmp_path: Path
) -> None:
    # With less than five minutes the machine is not measured first, which takes minutes.
    outcome = search(
        request_of(objective="accuracy,params,latency_ms", max_latency_ms=1000.0, max_seconds=250.0)
    )
    front = json.loads((tmp_path / "out" / "pareto.json").read_text())
    assert front["objectives"] == ["accuracy", "params", "latency_ms"]
    assert {line["trial"] for line in front["trials"]} == {record.trial for record in outcome.pareto}
    assert all(line["value"][1] == -line["params"] for line in front["trials"])
    assert all(line["latency_ms"] > 0 for line in front["trials"])


def test_a_latency_that_nothing_keeps_is_never_trained(
    request_of: Callable[..., SearchRequest], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A machine that was measured before would refuse it by prediction.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(BadInput, match=r"none of \d+ networks keeps latency_ms 1e-06 .*: raise the limit"):
        search(
            request_of(
                strategy="grid", max_latency_ms=1e-6, max_params=30, max_trials=None, max_seconds=250.0
            )
        )


def test_a_folder_that_holds_a_run(request_of: Callable[..., SearchRequest], tmp_path: Path) -> None:
    search(request_of(max_trials=1))
    with pytest.raises(BadInput, match="holds a run; add --resume"):
        search(request_of())
    with pytest.raises(BadInput, match="--epochs is 2 and was 1; give the same flags as then"):
        search(request_of(resume=True, epochs=2))
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="is a file; name a folder"):
        search(request_of(out=tmp_path / "file"))


def test_what_does_not_fit_together_leaves_nothing(
    request_of: Callable[..., SearchRequest], tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="no architecture of space 'seed-fc' fits params 5"):
        search(request_of(max_params=5))
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_data_is_not_taken_for_this(
    request_of: Callable[..., SearchRequest], tmp_path: Path
) -> None:
    """A search that was cut before it began leaves its data, and the next one may have another source."""
    write_prepared(open_data("digits"), tmp_path / "out" / "data")
    with pytest.raises(BadInput, match="holds other prepared data; choose another output folder"):
        search(request_of())


def test_a_kill_before_the_first_trial_can_be_resumed(
    request_of: Callable[..., SearchRequest], tmp_path: Path
) -> None:
    (tmp_path / "out" / "weights").mkdir(parents=True)
    (tmp_path / "out" / "trials.jsonl").touch()
    for name in ("0.npz", ".1.npz.0123456789ab.tmp"):  # written, and cut, before their lines
        (tmp_path / "out" / "weights" / name).write_bytes(b"cut")
    outcome = search(request_of(max_trials=1, resume=True))
    assert [record.trial for record in outcome.trials] == [0]
    assert [path.name for path in (tmp_path / "out" / "weights").iterdir()] == ["0.npz"]


def test_inheriting_from_the_best_keeps_its_weights_alone(
    request_of: Callable[..., SearchRequest], tmp_path: Path
) -> None:
    outcome = search(request_of(inherit="best", workers=2, max_trials=8))
    assert [path.stem for path in (tmp_path / "out" / "weights").iterdir()] == [str(outcome.best.trial)]
    assert {record.status for record in outcome.trials} == {"succeeded"}
    assert sum(record.parent is not None for record in outcome.trials) >= 6


def test_time_that_is_spent_is_spent(request_of: Callable[..., SearchRequest], tmp_path: Path) -> None:
    first = search(request_of(max_trials=1, max_seconds=60.0))
    state = json.loads((tmp_path / "out" / "search.json").read_text())
    assert state["seconds"] == pytest.approx(first.seconds, abs=0.5)
    # As if it had taken all of its time.
    (tmp_path / "out" / "search.json").write_text(json.dumps({**state, "seconds": 59.9}))
    outcome = search(request_of(max_trials=3, max_seconds=60.0, resume=True))
    assert outcome.stopped_by == "seconds"
    assert [record.status for record in outcome.trials if record.trial > 0] in ([], ["stopped"])
    assert outcome.best.trial == 0
    assert outcome.seconds > 59.9


def test_rungs_go_on_as_if_they_had_not_been_cut(
    request_of: Callable[..., SearchRequest], tmp_path: Path
) -> None:
    rungs = {"strategy": "asha", "epochs": 3, "max_trials": 8}
    outcome = search(request_of(out=tmp_path / "whole", **rungs))
    whole = _trials(tmp_path / "whole")
    promoted = [line for line in whole if line["fidelity"] == 3]
    assert promoted
    # What a promotion trains is what is left, and it goes on from the trial before it.
    assert {line["epochs"] for line in promoted} == {2.0}
    assert all(whole[line["parent"]]["architecture"] == line["architecture"] for line in promoted)
    assert outcome.best.fidelity == 3
    search(request_of(out=tmp_path / "cut", **{**rungs, "max_trials": 3}))
    search(request_of(out=tmp_path / "cut", resume=True, **rungs))
    assert _trials(tmp_path / "cut") == whole


def test_a_search_that_has_ended_is_confirmed(
    request_of: Callable[..., SearchRequest], tmp_path: Path
) -> None:
    first = search(request_of())
    assert first.confirmed is None
    outcome = search(request_of(confirm=2, resume=True))
    assert outcome.confirmed is not None
    assert outcome.confirmed.first_look == first.best.trial
    assert [len(c.repeats) for c in outcome.confirmed.candidates] == [3, 3]
    best = read_best(tmp_path / "out")
    assert best.trial == outcome.confirmed.winner
    assert best.confirmed == outcome.confirmed.mean_of(best.trial)
    fresh = read_journal(tmp_path / "out" / "confirm.jsonl")
    assert len({record.seed for record in fresh}) == 6
    assert search(request_of(confirm=2, resume=True)).confirmed == outcome.confirmed
    assert len(read_journal(tmp_path / "out" / "confirm.jsonl")) == 6
