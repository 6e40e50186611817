"""What a search takes over from earlier runs, what it refuses, and what it is worth."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.minio_server import forget_stores, running

from archmend.errors import BadInput
from archmend.search import TrialResult, create_strategy
from archmend.spaces import Architecture, create_space
from archmend.steps.records import TrialRecord
from archmend.steps.search import search
from archmend.steps.search_request import SearchRequest
from archmend.steps.warm_start import COPY, kept_warm_start, read_warm_start
from archmend.storage import write_bytes

SPACE = create_space("fc", input_shape=(8,), classes=3)
CODES = [f"1-{width}-relu-none-0-0.001" for width in (8, 16, 32, 64)]


def _line(number: int, code: str, accuracy: float | None, **other: Any) -> str:
    status = "failed" if accuracy is None else "succeeded"
    metrics = {} if accuracy is None else {"accuracy": accuracy, "loss": 1 - accuracy}
    known = {
        "trial": number,
        "architecture": code,
        "status": status,
        "objective": "accuracy",
        "value": accuracy,
    }
    return TrialRecord(**{**known, "metrics": metrics, "params": 7, **other}).model_dump_json() + "\n"


def _run(folder: Path, lines: Sequence[str], space: str | None = "fc") -> str:
    folder.mkdir()
    (folder / "trials.jsonl").write_text("".join(lines))
    if space is not None:
        (folder / "search.json").write_text(json.dumps({"request": {"space": space}}))
    return str(folder)


def _taken(results: Sequence[TrialResult]) -> list[tuple[int, str, Any]]:
    return [(r.id, str(r.architecture), r.value) for r in results]


def test_runs_are_taken_in_their_order_and_kept(tmp_path: Path) -> None:
    # As they ended, not as they were numbered; trials that failed or were cut say nothing.
    lines = [_line(2, CODES[2], 0.7), _line(0, CODES[0], 0.5), _line(1, CODES[1], None)]
    first = _run(tmp_path / "a", [*lines, _line(3, CODES[3], 0.9, status="stopped")])
    _run(tmp_path / "b", [_line(4, CODES[3], 0.2)], space=None)
    second = (tmp_path / "b" / "trials.jsonl").as_uri()
    found = read_warm_start((first, second), SPACE, "accuracy")
    assert _taken(found.results) == [(0, CODES[0], 0.5), (1, CODES[2], 0.7), (0, CODES[3], 0.2)]
    assert [(run.run, run.trials, run.left_out) for run in found.runs] == [(first, 2, 0), (second, 1, 0)]
    found.write(tmp_path, "accuracy")
    assert kept_warm_start(tmp_path, found.runs, SPACE) == found
    (tmp_path / COPY).unlink()
    with pytest.raises(BadInput, match=r"warm_start\.jsonl is gone, .*; start in another folder"):
        kept_warm_start(tmp_path, found.runs, SPACE)


def test_values_are_this_searchs_objectives(tmp_path: Path) -> None:
    run = _run(tmp_path / "a", [_line(0, CODES[0], 0.75), _line(1, CODES[1], 0.5)])
    found = read_warm_start((run,), SPACE, "loss,params").results
    # Parameters as the networks have here, not as they had there.
    assert [r.value for r in found] == [
        (-0.25, -SPACE.cost(found[0].architecture)["params"]),
        (-0.5, -SPACE.cost(found[1].architecture)["params"]),
    ]


def test_of_several_fidelities_the_highest_is_comparable(tmp_path: Path) -> None:
    lines = [_line(0, CODES[0], 0.9, fidelity=1), _line(1, CODES[1], 0.6, fidelity=9)]
    found = read_warm_start((_run(tmp_path / "a", lines),), SPACE, "accuracy")
    assert _taken(found.results) == [(0, CODES[1], 0.6)]


def test_a_last_line_that_was_cut_is_left_out(tmp_path: Path) -> None:
    run = _run(tmp_path / "a", [_line(0, CODES[0], 0.5), _line(1, CODES[1], 0.6)[:40]])
    assert len(read_warm_start((run,), SPACE, "accuracy").results) == 1


def test_architectures_of_a_larger_space_are_left_out(tmp_path: Path) -> None:
    run = _run(tmp_path / "a", [_line(0, CODES[0], 0.5), _line(1, "1-4096-relu-none-0-0.001", 0.6)])
    (earlier,) = read_warm_start((run,), SPACE, "accuracy").runs
    assert (earlier.trials, earlier.left_out) == (1, 1)


@pytest.mark.parametrize(
    ("lines", "space", "objective", "sentence"),
    [
        ([], "fc", "accuracy", "has no trial that succeeded; name a run that has"),
        ([_line(0, CODES[0], None)], "fc", "accuracy", "has no trial that succeeded; name a run that has"),
        (
            [_line(0, CODES[0], 0.5)],
            "conv",
            "accuracy",
            "searched space 'conv', whose networks are of the family 'conv', and space 'fc' is of 'fc'",
        ),
        (
            [_line(0, "3-3", 0.5), _line(1, "4-4", 0.6)],
            "mine.yaml",
            "accuracy",
            r"has 2 trials and none of space 'fc' \(the first is 3-3\); name a run that searched the same",
        ),
        ([_line(0, CODES[0], 0.5)], "fc", "latency_ms", "none of them says what --objective latency_ms is"),
        (
            ["{}\n", _line(0, CODES[0], 0.5)],
            "fc",
            "accuracy",
            "line 1 of .* is no trial .*; mend the file, or leave",
        ),
        ([_line(0, CODES[0], 0.5)] * 2, "fc", "accuracy", "line 2 of .* is trial 0, which was there before"),
    ],
)
def test_what_says_nothing_here(
    tmp_path: Path, lines: list[str], space: str, objective: str, sentence: str
) -> None:
    run = _run(tmp_path / "a", lines, space)
    with pytest.raises(BadInput, match=sentence):
        read_warm_start((run,), SPACE, objective)


def test_a_run_in_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_stores(monkeypatch, tmp_path)
    (tmp_path / "minio").mkdir()
    with running(tmp_path / "minio") as server:
        for name, value in server.variables().items():
            monkeypatch.setenv(name, value)
        run = f"minio://{server.new_bucket()}/runs/one"
        write_bytes(f"{run}/trials.jsonl", _line(0, CODES[0], 0.5).encode())
        assert _taken(read_warm_start((run,), SPACE, "accuracy").results) == [(0, CODES[0], 0.5)]
        write_bytes(f"{run}/search.json", json.dumps({"request": {"space": "tabular"}}).encode())
        with pytest.raises(BadInput, match=r"searched space 'tabular', whose networks are of the family"):
            read_warm_start((f"{run}/trials.jsonl",), SPACE, "accuracy")
        with pytest.raises(BadInput, match=r"there is no object '.*/runs/two/trials\.jsonl'"):
            read_warm_start((run.replace("one", "two"),), SPACE, "accuracy")


def test_runs_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match="--warm-start 'none' does not exist; name the folder of a run, or its"
    ):
        read_warm_start(("none",), SPACE, "accuracy")
    with pytest.raises(BadInput, match=r"--warm-start '.*' holds no trials\.jsonl; name the folder of a run"):
        read_warm_start((str(tmp_path),), SPACE, "accuracy")
    with pytest.raises(
        BadInput, match="--warm-start old is told to a strategy on this machine, and with --engine"
    ):
        SearchRequest(data="digits", out=tmp_path, engine="katib", warm_start=("old",))


@pytest.mark.parametrize("strategy", ["random", "grid", "max_entropy", "asha"])
def test_strategies_that_look_at_no_results(
    request_of: Callable[..., SearchRequest], tmp_path: Path, strategy: str
) -> None:
    code = str(create_space("seed-fc", input_shape=(4,), classes=3).example())
    run = _run(tmp_path / "a", [_line(0, code, 0.5)], "seed-fc")
    asked = request_of(strategy=strategy, warm_start=(run,))
    with pytest.raises(BadInput, match=f"and --strategy {strategy} looks at none; leave it out, or take"):
        search(asked)
    assert not (tmp_path / "out").exists()


def _best(name: str, seed: int, trials: int, prior: Sequence[TrialResult] = ()) -> float:
    """Return the best value that a search finds in so many trials."""
    strategy = create_strategy(name, SPACE, seed, prior=prior)
    for _ in range(trials):
        (asked,) = strategy.ask(1)
        strategy.tell([TrialResult(asked.id, asked.architecture, _worth(asked.architecture, 64))])
    return max(result.value for result in strategy.history)  # type: ignore[type-var]


def _worth(a: Architecture, width: int) -> float:
    """Return a value with its optimum at two layers of this width."""
    wide = sum(abs(np.log2(int(a[f"width_{i}"]) / width)) for i in range(1, int(a["depth"]) + 1))
    other = (
        (a["activation"] != "elu")
        + (a["normalization"] != "batch")
        + abs(np.log(float(a["learning_rate"]) / 3e-3))
    )
    return -float(wide / int(a["depth"]) + abs(int(a["depth"]) - 2) + other + 4 * float(a["dropout"]))


@pytest.mark.parametrize(("name", "seeds"), [("surrogate", 4), ("local_search", 16), ("evolution", 16)])
def test_an_earlier_run_on_related_data_saves_trials(tmp_path: Path, name: str, seeds: int) -> None:
    cold, warm = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(100 + seed)
        # There the best width was half of what it is here, and all values lay elsewhere.
        drawn = [SPACE.sample(rng) for _ in range(60)]
        lines = [_line(i, str(a), 1 / (5 - _worth(a, 32))) for i, a in enumerate(drawn)]
        run = _run(tmp_path / str(seed), lines)
        prior = read_warm_start((run,), SPACE, "accuracy").results
        cold.append(_best(name, seed, 12))
        warm.append(_best(name, seed, 6, prior))
    # After half the trials it is nearer to the optimum, which has the value 0, by almost a third.
    assert np.mean(warm) > 0.7 * np.mean(cold), (np.mean(warm), np.mean(cold))


def test_a_users_space_of_another_family_and_a_run_given_twice(tmp_path: Path) -> None:
    run = _run(tmp_path / "one", [_line(0, "1-8-relu-none-0-0.001", 0.5)], space="mine.yaml")
    state = json.loads((tmp_path / "one" / "search.json").read_text())
    (tmp_path / "one" / "search.json").write_text(json.dumps({**state, "family": "conv"}))
    with pytest.raises(BadInput, match=r"space 'mine\.yaml', whose networks are of the family 'conv'"):
        read_warm_start([run], SPACE, "accuracy")
    with pytest.raises(BadInput, match="is given twice; leave one out"):
        read_warm_start([run, run], SPACE, "accuracy")
