"""Strategies of other packages: ones that learn, choose the epochs, have settings, or are broken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import grpc
import pytest
from pydantic import Field
from tests.unit.kubeflow.suggestion.katib import Call, Controller, experiment, validator

from archmend.search import Settings, Strategy, Suggestion
from archmend.spaces import Architecture


class HillClimb(Strategy):
    """Asks for a neighbour of the best so far that it does not know; so its questions hang on the results."""

    name: ClassVar[str] = "hill_climb"

    class Settings(Settings):
        start: int = Field(0, ge=0, le=99)

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        measured = [r for r in self.history if r.value is not None]
        if not measured:
            listed = list(self.space)[self.settings.start :]  # type: ignore[attr-defined]
            return next(a for a in listed if a not in before.values())
        best = max(measured, key=lambda r: (r.value, -r.id))
        known = {*before.values(), *(r.architecture for r in measured)}
        return next((a for a in self.space.neighbours(best.architecture) if a not in known), None)


class Rungs(Strategy):
    """Asks for each architecture with 1 epoch, then with 3."""

    name: ClassVar[str] = "rungs"

    def ask(self, n: int = 1) -> list[Suggestion]:
        made = super().ask(n)
        return [Suggestion(s.id, s.architecture, 3 if s.id % 2 else 1) for s in made]

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        return list(self.space)[number // 2]


class Broken(Strategy):
    """Raises where it is asked, or where it is made."""

    name: ClassVar[str] = "broken"

    class Settings(Settings):
        early: bool = False

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if self.settings.early:  # type: ignore[attr-defined]
            raise RuntimeError("early")

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        return {}["nothing"]


@dataclass
class Entry:
    loaded: type[Strategy]
    name: str = "entry"

    def load(self) -> type[Strategy]:
        return self.loaded


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "archmend.search.strategies.entry_points",
        lambda group: [Entry(HillClimb), Entry(Rungs), Entry(Broken)],
    )


def test_what_katib_leaves_out_is_not_asked_again(call: Call) -> None:
    katib = Controller(call, experiment("hill-climb"))
    for i in range(30):
        for name in katib.ask(1):
            # Each one measured is better than all before, so that the search moves on and comes by again.
            katib.end(name, "SUCCEEDED" if i % 5 in (0, 3) else "METRICSUNAVAILABLE", accuracy=i / 40)
    assert len(set(katib.architectures)) == 30


def test_names_with_underscores_and_settings(call: Call, channel: grpc.Channel) -> None:
    katib = Controller(call, experiment("hill-climb", start="42"))
    katib.ask(1)
    assert katib.architectures == ["5-3"]
    with pytest.raises(grpc.RpcError) as refused:
        validator(channel)(experiment("hill-climb", start="420"))
    assert "setting start=420 of strategy 'hill_climb' is wrong" in refused.value.details()
    with pytest.raises(grpc.RpcError) as refused:
        validator(channel)(experiment("hill-climb", star="4"))
    assert "did you mean 'start'?" in refused.value.details()


def test_the_epochs_of_a_suggestion_reach_the_trial_and_come_back(call: Call) -> None:
    katib = Controller(call, experiment("rungs", epochs_allowed=(1, 3)))
    # The same architecture comes again, with more epochs: that is what such a strategy is for.
    for expected in ("1", "3", "1", "3"):
        (name,) = katib.ask(1, repeats=True)
        assert katib.trials[name].assignments["epochs"] == expected
    assert katib.status["asked"] == "0:1-1@1 1:1-1@3 2:1-2@1 3:1-2@3"
    katib.end("digits-1", "METRICSUNAVAILABLE")
    katib.end("digits-2", "SUCCEEDED", accuracy=0.4)
    katib.ask(1, repeats=True)
    assert katib.status["asked"] == "0:1-1@1 1:1-1@3 3:1-2@3 4:1-3@1"


def test_epochs_that_the_experiment_does_not_take(call: Call) -> None:
    narrow = experiment("rungs", epochs_allowed=(1, 2))
    without = experiment("rungs")
    del without.spec.parameter_specs.parameters[1]
    for made, words in (
        (narrow, "asks for 3 epochs and the experiment's parameter takes 1 to 2"),
        (without, "lacks the parameter 'epochs'"),
    ):
        with pytest.raises(grpc.RpcError) as refused:
            call(Controller(call, made).request(2), timeout=30)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert words in refused.value.details()


def test_a_broken_strategy_does_not_take_the_service_with_it(call: Call, channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        Controller(call, experiment("broken")).ask(1)
    assert refused.value.code() == grpc.StatusCode.INTERNAL
    assert "a defect (KeyError: 'nothing')" in refused.value.details()
    with pytest.raises(grpc.RpcError) as refused:
        validator(channel)(experiment("broken", early="true"))
    # Katib would take INTERNAL for a yes.
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "a defect (RuntimeError: early)" in refused.value.details()
    Controller(call, experiment()).ask(1)
