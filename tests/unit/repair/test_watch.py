"""When a run is looked at, and which of several symptoms counts."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from archmend.repair import Detector, LayerStatistics, Symptom, TrainingStatistics
from archmend.repair import watch as module
from archmend.repair.watch import Watch

LAYER = LayerStatistics("a", "relu", False, 0.1, 5.0, 0.8, 0.1, 0.1)


class Run:
    """A run that only tells where it stands and counts how often it is probed."""

    batch_size = 32
    engine = None

    def __init__(self) -> None:
        self.place = SimpleNamespace(steps=0, batch=0, losses=())
        self.probed: list[int] = []

    def look(self, *, once: bool = False) -> tuple[LayerStatistics, ...]:
        self.probed.append(self.place.steps)
        return (LAYER,)

    def probe_rows(self) -> None:
        return None

    def statistics(self, layers: Any = (), *, epoch_end: bool = False) -> TrainingStatistics:
        here = self.place
        return TrainingStatistics(
            0, here.batch, here.steps, 9, 10**6, here.losses, layers, epoch_end=epoch_end
        )

    def step(self, loss: float = 1.0) -> None:
        n = self.place.steps + 1
        self.place = SimpleNamespace(steps=n, batch=n, losses=(*self.place.losses, loss))


def detector(name: str, confidence: float, *, fatal: bool = False, when: Any = "always") -> Detector:
    class One(Detector):
        asked: ClassVar[list[int]] = []

        def look(self, statistics: TrainingStatistics) -> Symptom | None:
            self.asked.append(statistics.steps)
            return Symptom(name, None, {}, confidence, fatal) if confidence else None

    One.name, One.when = name, when
    return One()


@pytest.fixture(autouse=True)
def no_range_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "range_test", lambda *_: ())


@pytest.mark.parametrize(
    ("care", "probed"), [("full", [0, 1, 2, 4, 8, 16, 32, 64]), ("light", [0, 1, 4, 16, 64])]
)
def test_probes_come_ever_more_rarely(care: Any, probed: list[int]) -> None:
    run, at_probes = Run(), detector("y", 0.0, when="probe")
    watch = Watch([at_probes], care)
    watch.look(run)  # type: ignore[arg-type]
    for _ in range(99):
        run.step()
        watch.look(run)  # type: ignore[arg-type]
    assert run.probed == probed
    assert at_probes.asked == probed  # type: ignore[attr-defined]


def test_the_surest_counts_then_the_first_and_none_below_the_level() -> None:
    run: Any = Run()
    doubtful, early, late, sure = (
        detector("doubtful", 0.4),
        detector("early", 0.8),
        detector("late", 0.8),
        detector("sure", 0.9),
    )
    assert Watch([doubtful]).look(run) is None
    assert _name(Watch([doubtful, early, late]), run) == "early"
    assert _name(Watch([early, sure, late]), run) == "sure"
    watch = Watch([early, sure, doubtful])
    watch.look(run)
    assert [symptom.name for symptom in watch.seen] == ["sure", "early", "doubtful"]
    assert watch.shown(run) == {"early", "sure"}


def test_before_the_first_batch_a_setting_comes_before_what_it_may_have_made() -> None:
    run: Any = Run()
    made, setting, doubt = detector("vanishing", 1.0), detector("unscaled_input", 0.7), detector("x", 0.4)
    alone = Watch([setting, doubt])
    found = alone.look(run)
    assert found is not None
    assert alone.alone(found)
    both = Watch([made, setting])
    assert _name(both, run) == "unscaled_input"
    assert not both.alone(both.seen[0])
    run.step()
    both.restart()
    assert _name(both, run) == "vanishing"


def test_what_was_given_up_is_not_told_again_unless_it_is_fatal() -> None:
    run: Any = Run()
    for fatal in (False, True):
        watch = Watch([detector("x", 0.8, fatal=fatal)])
        symptom = watch.look(run)
        assert symptom is not None
        watch.give_up(symptom)
        watch.restart()
        assert (watch.look(run) is not None) is fatal


def test_a_watch_goes_on_elsewhere_from_its_state() -> None:
    run: Any = Run()
    watch, other = Watch([detector("x", 0.8)]), Watch([detector("x", 0.8)])
    symptom = watch.look(run)
    assert symptom is not None
    watch.give_up(symptom)
    other.load_state_dict(json.loads(json.dumps(watch.state_dict())))
    assert json.dumps(other.state_dict()) == json.dumps(watch.state_dict())
    run.step()
    assert watch.look(run) is None
    assert other.look(run) is None


def _name(watch: Watch, run: Any) -> str | None:
    symptom = watch.look(run)
    return None if symptom is None else symptom.name
