"""Worker processes: what becomes of a trial whose process dies, that is cut, or that loses its search."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from archmend.datasets import open_data, write_prepared
from archmend.errors import BadInput
from archmend.search import Suggestion
from archmend.spaces import create_space
from archmend.training import PooledEvaluator, TrainingSettings, parent_chooser

SPACE = create_space("seed-fc", input_shape=(4,), classes=3)
FOREVER = 10_000_000


def _asked(number: int, epochs: int | None = None) -> Suggestion:
    return Suggestion(number, SPACE.parse("2-6"), epochs)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    folder = tmp_path_factory.mktemp("data")
    np.savez(folder / "small.npz", x=(rng.normal(size=(120, 4)) + y[:, None]).astype(np.float32), y=y)
    return write_prepared(open_data(str(folder / "small.npz")), folder / "prepared")


@pytest.fixture
def pool(data: Path) -> Iterator[PooledEvaluator]:
    with PooledEvaluator(TrainingSettings(data, "seed-fc", epochs=2)) as made:
        yield made


def _when_training(pool: PooledEvaluator, act: object) -> threading.Thread:
    """Do something as soon as the trial under way has trained an epoch."""

    def wait() -> None:
        while not (pool._workers and pool._workers[0].report):
            time.sleep(0.01)
        assert callable(act)
        act()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def test_a_killed_process_is_a_failed_trial_and_is_replaced(pool: PooledEvaluator) -> None:
    (first,) = pool([_asked(0)])
    assert first.status == "succeeded"
    # Between two trials: no trial's fault.
    os.kill(pool._workers[0].process.pid, signal.SIGKILL)
    pool._workers[0].process.wait()
    (again,) = pool([_asked(0)])
    assert (again.metrics, again.value, again.seed) == (first.metrics, first.value, first.seed)
    # In a trial.
    pool.submit(_asked(1, FOREVER))
    thread = _when_training(pool, lambda: os.kill(pool._workers[0].process.pid, signal.SIGKILL))
    lost = pool.next_result()
    thread.join()
    assert (lost.status, lost.value) == ("failed", None)
    assert lost.reason == "the trial's process was killed, most likely for memory"
    (after,) = pool([_asked(0)])
    assert after.metrics == first.metrics


def test_a_trial_at_the_limit_is_stopped_and_measured(pool: PooledEvaluator) -> None:
    next(pool([_asked(0)]))  # the worker is up
    pool.deadline = time.monotonic() + 2.5
    (result,) = pool([_asked(1, FOREVER)])
    assert time.monotonic() < pool.deadline + 10  # it would go on for ever
    assert (result.status, result.reason) == ("stopped", "the time was over")
    assert result.value == result.metrics["accuracy"]
    assert result.epochs is not None
    assert result.epochs > 2


def test_a_search_that_is_over_does_not_wait_for_trials(pool: PooledEvaluator) -> None:
    pool.submit(_asked(0, FOREVER))

    def end() -> None:
        pool.deadline = time.monotonic()

    thread = _when_training(pool, end)
    result = pool.next_result()
    thread.join()
    assert (result.status, result.reason) == ("stopped", "the search was over")
    assert result.value is None
    assert result.epochs is not None
    assert result.epochs >= 1


def test_workers_end_with_a_search_that_is_killed(data: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from archmend.search import Suggestion; from archmend.spaces import create_space\n"
        "from archmend.training import PooledEvaluator, TrainingSettings\n"
        "space = create_space('seed-fc', input_shape=(4,), classes=3)\n"
        f"pool = PooledEvaluator(TrainingSettings(Path(sys.argv[1]), 'seed-fc', {FOREVER}), workers=2)\n"
        "pool.submit(Suggestion(0, space.parse('2-6'))); pool.submit(Suggestion(1, space.parse('3-6')))\n"
        "print(*[w.process.pid for w in pool._workers], flush=True); pool.next_result()"
    )
    search = subprocess.Popen([sys.executable, "-c", program, str(data)], stdout=subprocess.PIPE, text=True)
    assert search.stdout is not None
    workers = [int(word) for word in search.stdout.readline().split()]
    assert len(workers) == 2
    time.sleep(8)  # so that TensorFlow is up and training
    assert all(_alive(worker) for worker in workers)
    search.kill()
    search.wait()
    search.stdout.close()
    deadline = time.monotonic() + 60
    while any(_alive(worker) for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # A process that nobody has asked about yet is dead, too.
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")


def test_data_that_is_none(tmp_path: Path) -> None:
    with (
        PooledEvaluator(TrainingSettings(tmp_path, "seed-fc", epochs=1)) as pool,
        pytest.raises(BadInput, match=r"holds no data\.json"),
    ):
        next(pool([_asked(0)]))


def test_wrong_uses(data: Path) -> None:
    settings = TrainingSettings(data, "seed-fc", epochs=1)
    with pytest.raises(BadInput, match="workers must be at least 1, got 0"):
        PooledEvaluator(settings, workers=0)
    with pytest.raises(BadInput, match="inheritance needs a folder of weights"):
        PooledEvaluator(settings, choose_parent=parent_chooser("best", SPACE))
    with PooledEvaluator(settings) as pool:
        pool.submit(_asked(0))
        with pytest.raises(BadInput, match="all 1 workers are busy; wait for a result first"):
            pool.submit(_asked(1))
